"""One person: found, erased; and addresses that must not be mailed."""

import pytest
from sqlalchemy import select

from subscribers import erase, find, suppress, unsuppress
from subscribers.audience import PERSON
from subscribers.consent import CONSENT
from subscribers.errors import BadAddress, Suppressed, UnknownAddress
from subscribers.people import standing
from tests.conftest import BOTH, NOW
from tests.subscribers.reading import audiences, person
from tests.subscribers.test_consent import ADDRESS, join


@BOTH
def test_everything_kept_about_a_person_is_shown(store, keys):
    """Address, name, lists with their states, consent records, and a suppression."""
    with store.writing() as session:
        ref = join(session, keys, "sc", "ee", name="Lena")
        suppress(session, keys, ADDRESS, "by_hand", NOW, note="asked by phone")
        lena = person(session, keys, "LENA@example.org")
        assert (lena.ref, lena.address, lena.name) == (str(ref), ADDRESS, "Lena")
        assert [(one.list_id, one.state) for one in lena.lists] == [("ee", "confirmed"), ("sc", "confirmed")]
        assert [(one.list_id, one.action, one.wording) for one in lena.consents] == [
            ("sc", "confirmed", "Send me the digest"),
            ("ee", "confirmed", "Send me the digest"),
        ]
        assert lena.suppressed == "by_hand"
        assert find(session, keys, "nobody@example.org") is None


@BOTH
def test_an_erased_person_leaves_a_number_and_a_hash(store, keys):
    """Nothing about them stays; their address stays banned; the same address can sign up anew as another person."""
    with store.writing() as session:
        ref = join(session, keys, "sc", name="Lena")
        erase(session, keys, ADDRESS, NOW)
        row = session.execute(select(PERSON).where(PERSON.c.ref == ref)).mappings().one()
        assert (row["address"], row["name"], row["erased_at"]) == ("", "", NOW)
        assert ADDRESS not in str(row)
        assert session.execute(select(CONSENT)).all() == []
        assert audiences(session) == {}
        assert find(session, keys, ADDRESS) is None
        assert standing(session, str(ref), "weekly") is None
        assert join(session, keys, "sc") != ref
        assert person(session, keys, ADDRESS).suppressed == "erased"
        with pytest.raises(UnknownAddress, match=r"nobody@example\.org"):
            erase(session, keys, "nobody@example.org", NOW)


@BOTH
@pytest.mark.parametrize(
    ("first", "then", "kept"),
    [
        ("by_hand", "complaint", "complaint"),
        ("complaint", "by_hand", "complaint"),
        ("hard_bounce", "erased", "hard_bounce"),
        ("erased", "hard_bounce", "hard_bounce"),
        ("complaint", "hard_bounce", "complaint"),
    ],
)
def test_a_stronger_reason_replaces_a_weaker_one(store, keys, first, then, kept):
    """Erasing somebody who complained must not make their address liftable."""
    with store.writing() as session:
        join(session, keys, "sc")
        suppress(session, keys, ADDRESS, first, NOW)
        suppress(session, keys, ADDRESS, then, NOW)
        assert person(session, keys, ADDRESS).suppressed == kept


def test_a_ban_is_lifted_unless_it_was_a_complaint(store, keys):
    """By a person's hand; and it says whether there was one."""
    with store.writing() as session:
        assert unsuppress(session, keys, ADDRESS) is False
        suppress(session, keys, ADDRESS, "hard_bounce", NOW)
        assert unsuppress(session, keys, ADDRESS) is True
        suppress(session, keys, ADDRESS, "complaint", NOW)
        with pytest.raises(Suppressed, match="never lifted"):
            unsuppress(session, keys, ADDRESS)


def test_wrong_reasons_and_addresses_are_refused(store, keys):
    """A reason nobody knows, an address that is none."""
    with store.writing() as session:
        with pytest.raises(ValueError, match="mood"):
            suppress(session, keys, ADDRESS, "mood", NOW)
        with pytest.raises(BadAddress):
            suppress(session, keys, "lena", "by_hand", NOW)


def test_nobody_stands_behind_a_link_of_nobody(store):
    """A ref of nobody gives nobody."""
    with store.reading() as session:
        assert standing(session, "-", "weekly") is None
