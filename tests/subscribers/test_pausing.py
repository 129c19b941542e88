"""A reader's own choices: a pause, an order, a name and language, weekly or daily."""

from datetime import date, timedelta
from typing import Any

import pytest

from subscribers import ListData, recipients
from subscribers.consent import choose
from subscribers.errors import BadDay, BadName
from subscribers.listing import lists
from subscribers.naming import introduce
from subscribers.own_order import raised, set_order
from subscribers.pausing import days, pause, start_of
from subscribers.people import standing
from subscribers.rhythm import Companion, present, split, ticked, twins
from tests.conftest import BOTH, NOW
from tests.subscribers.reading import audiences, person
from tests.subscribers.test_consent import ADDRESS, join

PAIR = Companion("daily", own="weekly", other="daily")


@BOTH
def test_a_pause_ends_by_itself_at_the_day(store, keys):
    """No mail before that instant, mail from it on; ended early, at once."""
    until = start_of("2026-12-01", NOW, "Asia/Tbilisi")
    with store.writing() as session:
        ref = str(join(session, keys, "sc"))
        pause(session, ref=ref, until=until)
        for moment, count in ((NOW, 0), (until - timedelta(seconds=1), 0), (until, 1)):
            assert len(session.execute(recipients("weekly", moment)).all()) == count
        here = standing(session, ref, "weekly")
        assert here is not None
        assert (here.paused(NOW), here.paused(until)) == (until, None)
        pause(session, ref=ref, until=None)
        assert len(session.execute(recipients("weekly", NOW)).all()) == 1
        pause(session, ref="-", until=until)


def test_a_day_begins_where_the_reader_lives():
    """In their zone, or in UTC; tomorrow at the earliest, within a year."""
    assert start_of("2026-12-01", NOW, "").isoformat() == "2026-12-01T00:00:00+00:00"
    assert start_of("2026-12-01", NOW, "Asia/Tbilisi").isoformat() == "2026-11-30T20:00:00+00:00"
    late = NOW.replace(hour=22)
    assert days(late, "Asia/Tbilisi")[0] == date(2026, 11, 26)
    assert days(late, "") == (date(2026, 11, 25), date(2027, 11, 25))


@pytest.mark.parametrize("text", ["2026-11-24", "2026-11-23", "2027-11-26", "", "soon", "2026-13-01", "99999-01-01"])
def test_other_days_are_refused(text):
    """Today, the past, further than a year, and what is no day."""
    with pytest.raises(BadDay, match="from tomorrow on"):
        start_of(text, NOW, "")


@BOTH
def test_an_order_of_ones_own_and_back(store, keys):
    """Moved up by a place; new lists come last; the newsroom's order again."""
    with store.writing() as session:
        ref = str(join(session, keys, "sc", "ee"))
        before = standing(session, ref, "weekly")
        assert before is not None
        set_order(session, ref=ref, family="weekly", order=raised(before, "ee"))
        assert audiences(session)[ADDRESS, "weekly"] == "ee sc"
        said: dict[str, Any] = {"at": NOW, "source": "preferences", "wording": ""}
        choose(session, ref=ref, family="weekly", wanted=["sc", "ee", "ca"], **said)
        assert audiences(session)[ADDRESS, "weekly"] == "ee sc ca"
        here = standing(session, ref, "weekly")
        assert here is not None
        assert [data.id for data in here.coming] == ["ee", "sc", "ca"]
        for nothing in ("ee", "old", "nowhere"):
            assert raised(here, nothing) == ("ee", "sc", "ca")
        set_order(session, ref=ref, family="weekly", order=())
        assert audiences(session)[ADDRESS, "weekly"] == "sc ee ca"
        set_order(session, ref="-", family="weekly", order=("ee",))


def test_a_name_and_a_language_are_remembered(store, keys):
    """Each for itself; a name can be taken away; nobody's link names nobody."""
    with store.writing() as session:
        ref = str(join(session, keys, "sc"))
        introduce(session, ref=ref, name=" Lena ")
        introduce(session, ref=ref, language="ka")
        lena = person(session, keys, ADDRESS)
        assert (lena.name, lena.language) == ("Lena", "ka")
        introduce(session, ref=ref, name="")
        introduce(session, ref=ref)
        introduce(session, ref="-", name="Omar")
        assert person(session, keys, ADDRESS).name == ""
        with pytest.raises(BadName):
            introduce(session, ref=ref, name="www.shop.example")


@pytest.mark.parametrize(
    ("rhythm", "here", "there"),
    [("weekly", {"sc", "ee"}, set()), ("daily", {"ee"}, {"daily-sc"}), ("both", {"sc", "ee"}, {"daily-sc"})],
)
def test_weekly_daily_or_both(rhythm, here, there):
    """What has a twin goes where the choice says; what has none stays."""
    assert split({"sc", "ee"}, {"sc": "daily-sc"}, PAIR, rhythm) == (here, there)


@pytest.mark.parametrize(
    ("mine", "rhythm", "boxes"),
    [
        (["sc"], "weekly", {"sc"}),
        (["daily-sc"], "daily", {"sc"}),
        (["sc", "daily-sc"], "both", {"sc"}),
        (["ee", "daily-sc"], "daily", {"ee", "sc"}),
        (["ee"], "weekly", {"ee"}),
    ],
)
def test_how_often_it_comes_now(store, keys, mine, rhythm, boxes):
    """Read off the lists that have a twin; ticked is what comes in either way."""
    with store.writing() as session:
        ref = str(join(session, keys, *mine))
        own, other = standing(session, ref, "weekly"), standing(session, ref, "daily")
        assert own is not None
        assert other is not None
        assert present(own, other, PAIR) == rhythm
        assert ticked(own, other) == boxes
        assert twins(lists(session, "weekly"), lists(session, "daily")) == {"sc": "daily-sc"}


def test_twins_speak_the_same_language():
    """A list in another language is no twin."""
    mine = ListData(id="a", name="A", family="weekly", topic="t", language="en")
    theirs = ListData(id="b", name="B", family="daily", topic="t", language="ru")
    assert twins([mine], [theirs]) == {}
