"""A publication is stored only when every field is sound."""

from datetime import date

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
        ("every", 2, "needs starts_on"),
        ("every", 0, "greater than or equal to 1"),
        ("starts_on", "Monday", "not a date"),
        ("skip_dates", ["2026-12-32"], "not a date"),
        ("review", "at seven", "cron line"),
        ("review", "0 5 * * 1", "no time between the cut-off of Mon 2026-01-05 06:00 and its sending"),
        ("review", "30 8 * * 1", "no time between"),
        ("remind_minutes", -1, "greater than or equal to 0"),
        ("companion", "weekly", "the publication itself"),
        ("companion", "Not A Slug", "not a slug"),
        ("repeats_daily", True, "needs a companion"),
        ("empty", "beg", "'hold' or 'borrow'"),
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


def test_a_schedule_is_read_as_it_is_written():
    """Dates in order and once; a review in the hour between, also where no sending follows some cut-offs."""
    made = publications.checked(
        **newsroom.publication(skip_dates=["2026-12-28", " 2026-05-25", "2026-12-28"], review="30 7 * * 1")
    )
    assert made.skip_dates == ["2026-05-25", "2026-12-28"]
    weekdays = {"cadence": "daily", "cutoff": "0 6 * * *", "review": "0 7 * * 1-5", "send": "0 8 * * 1-5"}
    assert publications.checked(**newsroom.publication(**weekdays)).review == "0 7 * * 1-5"
    friday = {"cutoff": "0 17 * * 5", "review": "0 12 * * 0", "send": "0 8 * * 1"}
    assert publications.checked(**newsroom.publication(**friday)).review == "0 12 * * 0"


@BOTH
def test_a_companion_exists_and_stands_for_one_only(database: Database):
    """It is another publication, there already, and not one that has a companion itself."""
    with database.writing() as session:
        publications.add(session, publications.checked(**newsroom.publication(id="daily", cadence="daily")))
        publications.add(session, publications.checked(**newsroom.publication(companion="daily")))
    with pytest.raises(BadInput, match="no publication 'hourly'"), database.writing() as session:
        publications.change(session, "weekly", {"companion": "hourly"})
    with pytest.raises(BadInput, match="'weekly' has a companion itself, 'daily'"), database.writing() as session:
        publications.change(session, "daily", {"companion": "weekly"})
    with database.writing() as session:
        changed = publications.change(session, "weekly", {"companion": "", "every": "2", "starts_on": "2026-11-23"})
        assert (changed.companion, changed.every) == ("", 2)


@BOTH
def test_a_date_is_skipped_and_taken_back(database: Database):
    """Each once: what is so already is refused with a sentence."""
    day, other = date(2026, 12, 28), date(2026, 5, 25)
    with database.writing() as session:
        publications.add(session, publications.checked(**newsroom.publication(skip_dates=["2026-12-28"])))
        assert publications.skip_date(session, "weekly", other).skip_dates == ["2026-05-25", "2026-12-28"]
    with pytest.raises(Refused, match="2026-12-28 is a skip date already"), database.writing() as session:
        publications.skip_date(session, "weekly", day)
    with database.writing() as session:
        assert publications.skip_date(session, "weekly", day, undo=True).skip_dates == ["2026-05-25"]
    with pytest.raises(Refused, match="is not one of the skip dates"), database.writing() as session:
        publications.skip_date(session, "weekly", day, undo=True)
