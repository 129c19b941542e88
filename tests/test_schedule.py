"""Which run is due: wall times in a zone, across clock changes, each once."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.issues.models import Publication
from digest.schedule import instants, last_cutoff, next_runs

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


def test_missed_cut_offs_coalesce_to_the_newest():
    """After three weeks away only the last Monday counts; just started means nothing is due."""
    monday = datetime(2026, 11, 23, 6, tzinfo=UTC)
    due = last_cutoff(weekly(), monday + timedelta(hours=1), since=monday - timedelta(days=21))
    assert due is not None
    assert due.cutoff == monday
    assert last_cutoff(weekly(), monday + timedelta(days=1), since=monday) is None
    assert last_cutoff(weekly(cutoff="0 7 29 2 *"), monday, since=None) is None


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(sorted(available_timezones() - {"Factory", "localtime"})),
    st.integers(0, 23),
    st.integers(0, 59),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 - made aware below
)
def test_every_local_day_has_exactly_one_daily_run(zone: str, hour: int, minute: int, start: datetime):
    """In any zone, at any wall time: no day is left out, and none has two."""
    after = start.replace(tzinfo=UTC)
    moments = list(islice(instants(f"{minute} {hour} * * *", zone, after), 40))
    days = [moment.astimezone(ZoneInfo(zone)).date() for moment in moments]
    assert moments == sorted(set(moments))
    assert len(set(days)) == len(days)
    skipped = [b - a for a, b in pairwise(days) if b - a != timedelta(days=1)]
    # Samoa and Kiribati once dropped a whole date; none do between 2020 and 2035.
    assert not skipped
