"""A publication is stored only when every field is sound."""

import pytest

from digest.database import Database
from digest.errors import BadInput, NotFound, Refused
from digest.issues import publications
from tests.conftest import BOTH
from tests.issues import newsroom


@BOTH
def test_a_sound_publication_is_stored_and_found(database: Database):
    """With its defaults; the same id again is refused, an unknown one names those there are."""
    with database.writing() as session:
        publications.add(session, publications.checked(**newsroom.publication()))
        with pytest.raises(Refused, match="already"):
            publications.add(session, publications.checked(**newsroom.publication()))
    with database.reading() as session:
        assert publications.get(session, "weekly").sender_name == "The Meridian"
        assert [one.id for one in publications.all(session)] == ["weekly"]
        with pytest.raises(NotFound, match="Publications: weekly"):
            publications.get(session, "daily")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("id", "Not A Slug", "not a slug"),
        ("zone", "Mars/Olympus", "IANA"),
        ("zone", "", "IANA"),
        ("cutoff", "at six", "cron line"),
        ("sender_address", "nobody", "not an email address"),
        ("reply_to", "nobody", "not an email address"),
        ("editors", ["nobody"], "not an email address"),
        ("postal_address", "", "at least 1 character"),
        ("name", "Two\r\nLines", "one line"),
        ("cadence", "hourly", "'weekly' or 'daily'"),
        ("website", "javascript:alert(1)", "not a web address"),
        ("colour", "red", "Extra inputs"),
    ],
)
def test_what_is_unsound_is_refused_with_a_sentence(field, value, says):
    """It names the publication, the field, and what is wrong."""
    with pytest.raises(BadInput, match=says) as refused:
        publications.checked(**newsroom.publication(**{field: value}))
    assert f"{field}" in str(refused.value)


@BOTH
def test_a_publication_is_changed_field_by_field(database: Database):
    """Each value is checked as when it was added; what is wrong changes nothing."""
    given = {"name": "The River", "sender_address": "news@river.example", "postal_address": "1 Quay"}
    with database.writing() as session:
        publications.add(session, publications.checked(id="river", **given))
    with database.writing() as session:
        changed = publications.change(
            session,
            "river",
            {"zone": "Asia/Tbilisi", "section_stories": "6", "editors": "a@river.example, b@river.example"},
        )
        assert (changed.zone, changed.section_stories) == ("Asia/Tbilisi", 6)
    for values, says in (
        ({"zone": "Mars/Base"}, "not an IANA time zone"),
        ({"id": "lake"}, "nothing a publication has"),
        ({"colour": "red"}, "nothing a publication has. It has: name, "),
    ):
        with pytest.raises(BadInput, match=says), database.writing() as session:
            publications.change(session, "river", values)
    with database.reading() as session:
        stored = publications.get(session, "river")
    assert (stored.zone, stored.name, stored.editors) == (
        "Asia/Tbilisi",
        "The River",
        ["a@river.example", "b@river.example"],
    )
