"""The keys of other systems: made once, shown once, kept as hashes."""

from datetime import timedelta

import pytest
from sqlmodel import select

from digest import api_keys
from digest.api_keys import LONGEST_NAME, ApiKey, Scope
from digest.database import Database
from digest.errors import BadInput, NotFound
from tests.conftest import BOTH, NOW


def made(database: Database, name: str = "cms") -> str:
    """Make a key and return it."""
    with database.writing() as session:
        return api_keys.add(session, name, NOW)


@BOTH
def test_a_key_is_found_by_what_it_shows_and_kept_as_a_hash(database: Database):
    """Nobody who reads the database can use it; each key differs and carries the mark of ours."""
    first, second = made(database), made(database, "  statistics   server ")
    assert first.startswith("dgst_")
    assert len(first) > 40
    assert first != second
    with database.reading() as session:
        stored = session.exec(select(ApiKey)).all()
        found = api_keys.find(session, second)
        assert [key.name for key in api_keys.all_keys(session)] == ["cms", "statistics server"]
    assert found is not None
    assert found.name == "statistics server"
    assert all(first not in str(key.model_dump()) and first[5:] not in str(key.model_dump()) for key in stored)


@pytest.mark.parametrize("shown", ["", "dgst_", "dgst_" + "A" * 43, "\udcff", "x" * 100_000, "\x00"])
def test_what_is_no_key_opens_nothing(database: Database, shown):
    """Whatever is shown, it is an answer and no error."""
    key = made(database)
    with database.reading() as session:
        assert api_keys.find(session, shown) is None
        assert api_keys.find(session, key + " ") is None
        assert api_keys.find(session, key.lower()) is None


@BOTH
def test_a_revoked_key_opens_nothing_and_stays_in_the_list(database: Database):
    """The time of the first revoking holds; its name is not given again."""
    key = made(database)
    for days in (1, 2):
        with database.writing() as session:
            revoked = api_keys.revoke(session, "cms", NOW + timedelta(days=days))
        assert revoked.revoked_at == NOW + timedelta(days=1)
    with database.writing() as session:
        assert api_keys.find(session, key) is None
        with pytest.raises(BadInput, match="already"):
            api_keys.add(session, "cms", NOW)


@pytest.mark.parametrize("name", ["", " \n ", "n" * (LONGEST_NAME + 1)])
def test_a_key_needs_a_name(database: Database, name):
    """Of the system that uses it, so that one knows which to revoke."""
    with pytest.raises(BadInput, match="needs a name"):
        made(database, name)


def test_an_unknown_name_is_answered_with_those_there_are(database: Database):
    """Or with how to make one."""
    for name in ("", "cms"):
        if name:
            made(database, name)
        with database.writing() as session, pytest.raises(NotFound, match=name or "digest keys add"):
            api_keys.revoke(session, "wiki", NOW)


@BOTH
def test_its_use_is_noted_at_most_once_a_minute(database: Database):
    """A system that sends article after article does not write to the keys each time."""
    key = made(database)
    noted = []
    for seconds in (0, 59, 60, 90):
        at = NOW + timedelta(seconds=seconds)
        with database.writing() as session:
            found = api_keys.find(session, key)
            assert found is not None
            noted.append(not api_keys.is_noted(found, at))
            api_keys.note_use(session, found, at)
    assert noted == [True, False, True, False]
    with database.reading() as session:
        assert session.exec(select(ApiKey)).one().used_at == NOW + timedelta(seconds=60)


@BOTH
def test_a_key_holds_the_scopes_it_was_made_with(database: Database):
    """Each once and in their order; without any it may hand in articles, as all keys of before."""
    with database.writing() as session:
        plain = api_keys.add(session, "cms", NOW)
        many = api_keys.add(session, "robot", NOW, ["send", "read", "send"])
    with database.reading() as session:
        found = [api_keys.find(session, one) for one in (plain, many)]
    assert [one.scopes for one in found if one] == [["intake"], ["read", "send"]]


@pytest.mark.parametrize("scopes", [["admin"], ["read", ""], [], ["Read"]])
def test_a_scope_nobody_knows_is_answered_with_those_there_are(database: Database, scopes):
    """And no key is made."""
    with database.writing() as session, pytest.raises(BadInput, match="intake, read, edit, send"):
        api_keys.add(session, "cms", NOW, scopes)
    with database.reading() as session:
        assert api_keys.all_keys(session) == []
    assert [one.value for one in Scope] == ["intake", "read", "edit", "send"]
