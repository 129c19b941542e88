"""Which run is due: wall times in a zone, across clock changes, each once. All zones: test_schedule_zones.py."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from digest.errors import Refused
from digest.issues.models import Publication
from digest.schedule import due, next_runs, on_day, planned, review_of, rows, sent_on

BRUSSELS = ZoneInfo("Europe/Brussels")


def weekly(**changes: Any) -> Publication:
    """Return a publication that is cut off on Mondays at 07:00 and sent at 08:00 in Brussels."""
    given: dict[str, Any] = {
        "id": "meridian",
        "name": "The Meridian",
        "sender_name": "The Meridian",
        "sender_address": "digest@meridian.example",
        "postal_address": "14 Rue du Marche, Brussels",
        "zone": "Europe/Brussels",
        "cutoff": "0 7 * * 1",
        "send": "0 8 * * 1",
    }
    return Publication.model_validate(given | changes)


def test_monday_eight_stays_monday_eight_across_a_clock_change():
    """The wall time is what holds; UTC moves, and the run that moves says so."""
    runs = next_runs(weekly(), datetime(2026, 10, 14, tzinfo=UTC), 3)
    assert [run.send.astimezone(BRUSSELS).strftime("%a %H:%M") for run in runs] == ["Mon 08:00"] * 3
    assert [run.send.hour for run in runs] == [6, 7, 7]
    assert [bool(run.note) for run in runs] == [False, True, False]
    assert "go back" in runs[1].note
    assert "07:00 UTC" in runs[1].note


def test_send_may_stand_at_the_cut_off_itself():
    """A publication that cuts off and sends at one moment sends that moment, not a week later."""
    run = next_runs(weekly(send="0 7 * * 1"), datetime(2026, 11, 24, tzinfo=UTC), 1)[0]
    assert run.send == run.cutoff


MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
WEEK = timedelta(days=7)


def days(publication: Publication, count: int, after: datetime = MONDAY - timedelta(days=1)) -> list[str]:
    """Return the days of the next runs."""
    return [run.day.isoformat() for run in next_runs(publication, after, count)]


def test_missed_cut_offs_coalesce_to_the_newest():
    """After three weeks away the last Monday is started, and stands for the two before it."""
    found = due(weekly(), MONDAY + timedelta(hours=1), {MONDAY - 3 * WEEK})
    assert found is not None
    assert found.run.cutoff == MONDAY
    assert [one.cutoff for one in found.missed] == [MONDAY - 2 * WEEK, MONDAY - WEEK]
    assert due(weekly(), MONDAY + timedelta(days=1), {MONDAY}) is None


def test_a_new_publication_starts_with_the_cut_off_of_now():
    """Without any run, one that is over by more than the grace is none; that hour itself still is in."""
    assert due(weekly(grace_hours=2), MONDAY + timedelta(hours=2, seconds=1), ()) is None
    assert due(weekly(grace_hours=2), MONDAY - timedelta(seconds=1), ()) is None
    for after in (timedelta(0), timedelta(hours=2)):
        found = due(weekly(grace_hours=2), MONDAY + after, ())
        assert found is not None
        assert (found.run.cutoff, found.missed) == (MONDAY, ())


def test_a_clock_that_was_wrong_starts_nothing_again_and_blocks_nothing():
    """Runs started while the clock stood in the future stay started; until then the others run."""
    future = MONDAY + 5 * WEEK
    started = {MONDAY, future}
    assert due(weekly(), MONDAY - timedelta(hours=1), started) is None  # set back
    found = due(weekly(), MONDAY + WEEK, started)
    assert found is not None
    assert found.run.cutoff == MONDAY + WEEK
    assert due(weekly(), future + timedelta(minutes=1), {*started, MONDAY + 4 * WEEK}) is None


@pytest.mark.parametrize("moved", ["0 8 * * 1", "30 6 * * 1", "0 13 * * 1"])
def test_a_cut_off_that_moved_a_little_is_the_same_monday(moved: str):
    """New zone data, or a new hour in the settings: what was started this Monday is not started again."""
    publication = weekly(cutoff=moved, send="0 15 * * 1")
    assert due(publication, MONDAY + timedelta(hours=10), {MONDAY}) is None
    found = due(publication, MONDAY + timedelta(hours=10) + WEEK, {MONDAY})
    assert found is not None
    assert found.missed == ()


def test_a_day_with_two_runs_keeps_both():
    """Morning and evening editions of one publication are two runs, and of hourly ones each counts."""
    twice = weekly(cadence="daily", cutoff="0 6,18 * * *", send="0 7,19 * * *", zone="UTC")
    found = due(twice, MONDAY + timedelta(hours=12), {MONDAY})
    assert found is not None
    assert found.run.cutoff == MONDAY + timedelta(hours=12)
    hourly = weekly(cadence="daily", cutoff="0 * * * *", send="30 * * * *", zone="UTC")
    assert due(hourly, MONDAY + timedelta(hours=1), {MONDAY}) is not None


def test_every_second_week_is_counted_in_the_calendar():
    """From the start, over both clock changes; a start in mid-week counts weeks of seven days from there."""
    assert days(weekly(every=2, starts_on="2026-11-23"), 3) == ["2026-11-23", "2026-12-07", "2026-12-21"]
    assert days(weekly(every=2, starts_on="2026-11-25"), 2) == ["2026-11-30", "2026-12-14"]
    whole = days(weekly(every=3, starts_on="2026-01-05"), 30, datetime(2026, 1, 1, tzinfo=UTC))
    first = date(2026, 1, 5)
    assert whole == [(first + number * timedelta(days=21)).isoformat() for number in range(30)]


def test_a_daily_counts_days():
    """Every third day from its start, whatever the weekday."""
    daily = weekly(cadence="daily", cutoff="0 6 * * *", send="0 8 * * *", every=3, starts_on="2026-11-24")
    assert days(daily, 3) == ["2026-11-24", "2026-11-27", "2026-11-30"]
    reasons = [run.why_not for run in islice(planned(daily, MONDAY - timedelta(days=1)), 3)]
    assert reasons == ["it starts on 2026-11-24", "", "it runs every 3 days from 2026-11-24; this is day 2"]


def test_a_skip_date_takes_one_run_and_keeps_the_count():
    """The date is that of the sending; with every second week the next run is where it was."""
    publication = weekly(every=2, starts_on="2026-11-23", skip_dates=["2026-12-07"])
    assert days(publication, 3) == ["2026-11-23", "2026-12-21", "2027-01-04"]
    friday = weekly(cutoff="0 17 * * 5", skip_dates=["2026-11-30"])
    assert days(friday, 2) == ["2026-12-07", "2026-12-14"]
    assert due(weekly(skip_dates=["2026-11-23"]), MONDAY, {MONDAY - WEEK}) is None


def test_a_sending_days_later_or_before_the_hour_of_the_cut_off():
    """The first wall time of the sending after the cut-off counts, and a run that takes days says so."""
    friday = next_runs(weekly(cutoff="0 17 * * 5"), MONDAY, 1)[0]
    assert (friday.day, friday.note) == (date(2026, 11, 30), "It sends 3 days after its cut-off.")
    late = next_runs(weekly(cutoff="0 9 * * 1"), MONDAY, 1)[0]
    assert late.send - late.cutoff == WEEK - timedelta(hours=1)


def test_of_several_cut_offs_before_one_sending_the_last_counts():
    """A daily cut-off with sendings on weekdays: nobody drafts on Saturday what Sunday's cut-off would overtake."""
    publication = weekly(cadence="daily", cutoff="0 7 * * *", send="0 8 * * 1-5")
    runs = list(islice(planned(publication, datetime(2026, 11, 27, 12, tzinfo=UTC)), 3))
    assert [run.why_not for run in runs] == ["another cut-off comes before its sending"] * 2 + [""]
    assert [run.day for run in runs] == [date(2026, 11, 30)] * 3


def test_the_review_ends_between_cut_off_and_sending():
    """At its own wall time, else at the sending; the reminder stands before it, never before the cut-off."""
    publication = weekly(review="40 7 * * 1", remind_minutes=15)
    run = next_runs(publication, MONDAY - WEEK / 2, 1)[0]
    assert (run.review, run.remind) == (MONDAY + timedelta(minutes=40), MONDAY + timedelta(minutes=25))
    plain = next_runs(weekly(remind_minutes=600), MONDAY - WEEK / 2, 1)[0]
    assert (plain.review, plain.remind) == (plain.send, plain.cutoff)
    assert review_of(weekly(review="0 7 29 2 *"), MONDAY, MONDAY + timedelta(hours=1)) == MONDAY + timedelta(hours=1)


def test_hours_that_do_not_exist_or_come_twice_say_so():
    """Brussels: 02:30 is left out on 29 March 2026, and comes twice on 25 October."""
    night = weekly(cutoff="30 2 * * 0", send="45 2 * * 0")
    spring = next_runs(night, datetime(2026, 3, 24, tzinfo=UTC), 1)[0]
    assert spring.cutoff == spring.send == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert "02:30 does not exist on 2026-03-29 in Europe/Brussels: the cut-off is at 03:00." in spring.notes
    assert "02:45 does not exist on 2026-03-29 in Europe/Brussels: the sending is at 03:00." in spring.notes
    autumn = next_runs(night, datetime(2026, 10, 20, tzinfo=UTC), 1)[0]
    assert autumn.cutoff == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert "02:30 comes twice on 2026-10-25 in Europe/Brussels: the cut-off is at the first of both." in autumn.notes


def test_a_schedule_that_never_comes_ends():
    """A 29th of February that is a Sunday, a count that misses every run: an answer, not an endless search."""
    assert next_runs(weekly(cutoff="0 7 29 2 */7"), MONDAY, 1) == []
    assert len(next_runs(weekly(send="0 8 29 2 */7"), MONDAY, 9)) == 0
    never = weekly(cadence="daily", every=7, starts_on="2026-11-24")  # Mondays only, counted from a Tuesday
    assert next_runs(never, MONDAY, 1) == []
    assert due(never, MONDAY, {MONDAY - WEEK}) is None


def test_a_day_is_asked_for():
    """The run of a day, also of one that is skipped now; a day without one is refused, naming the next."""
    publication = weekly(skip_dates=["2026-11-30"])
    assert on_day(publication, date(2026, 11, 30)) is None
    assert sent_on(publication, date(2026, 11, 30)).cutoff == MONDAY + WEEK
    assert on_day(publication, date(2026, 11, 23)) is not None
    with pytest.raises(Refused, match=r"sends nothing on 2026-11-24.*2026-12-07, 2026-12-14, 2026-12-21"):
        sent_on(publication, date(2026, 11, 24))


def test_rows_say_why_and_who_stands_for_whom():
    """Between the runs stand those that are not; a weekly stands for its daily on its day."""
    daily = weekly(id="daily", cadence="daily", cutoff="0 6 * * *", send="0 8 * * *")
    big = weekly(companion="daily", every=2, starts_on="2026-11-23", skip_dates=["2026-12-07"])
    found = rows([big, daily], [big, daily], MONDAY - timedelta(days=1), 2)
    told = [(row["publication"], row["day"], row["runs"], row["replaced_by"]) for row in found]
    assert told == [
        ("daily", "2026-11-23", True, ["meridian"]),
        ("meridian", "2026-11-23", True, []),
        ("daily", "2026-11-24", True, []),
        ("meridian", "2026-11-30", False, []),
        ("meridian", "2026-12-07", False, []),
        ("meridian", "2026-12-14", False, []),
        ("meridian", "2026-12-21", True, []),
    ]
    assert found[4]["why_not"] == "it is a skip date"
    assert found[0]["companions"] == "Readers of meridian get that instead, this day, in the regions of both."
    assert found[1]["cadence"] == "Every 2 weeks from 2026-11-23."
