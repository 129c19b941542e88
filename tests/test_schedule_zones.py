"""Every zone of tzdata, 2020 to 2035: each planned run happens exactly once, whatever befalls the workers."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice, pairwise
from random import Random
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.issues.models import Publication
from digest.issues.wall_times import moments, offset
from digest.schedule import PlannedRun, due, planned
from tests.test_schedule import weekly

FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONES = sorted(available_timezones() - {"Factory", "localtime"})


@cache
def changes(zone: str) -> tuple[tuple[datetime, timedelta, timedelta], ...]:
    """Return the clock changes of a zone: when, from which offset, to which."""
    found = []
    at, here = FIRST, offset(FIRST, zone)
    while at < LAST:
        later = at + 7 * DAY  # Morocco's changes are the nearest to each other: a month
        if (there := offset(later, zone)) != here:
            low, high = at, later
            while high - low > MINUTE:
                middle = low + (high - low) // MINUTE // 2 * MINUTE
                low, high = (middle, high) if offset(middle, zone) == here else (low, middle)
            found.append((high, here, there))
        at, here = later, there
    return tuple(found)


@cache
def clocks() -> dict[tuple[object, object], list[str]]:
    """Return the zones that keep one clock throughout, grouped: one of each stands for the others."""
    groups: dict[tuple[object, object], list[str]] = defaultdict(list)
    for zone in ZONES:
        groups[offset(FIRST, zone), changes(zone)].append(zone)
    return groups


def one_of_each() -> list[str]:
    """Return a zone of each clock."""
    return [zones[0] for zones in clocks().values()]


def test_the_zones_are_many_and_few_clocks():
    """The groups stand for all zones; that is what makes it possible to look at every one."""
    assert sum(len(zones) for zones in clocks().values()) == len(ZONES) > 400
    assert 50 < len(clocks()) < 150


def test_every_week_of_every_clock_has_one_run():
    """Mondays at 08:00, sixteen years: no Monday is left out, none has two, and the clock on the wall shows eight."""
    mondays = [date(2020, 1, 6) + timedelta(days=7 * number) for number in range(835)]
    for zone in one_of_each():
        publication = weekly(zone=zone)
        clock = ZoneInfo(zone)
        found = [run for year in range(2019, 2036, 4) for run in _between(publication, year, year + 4)]
        days = [run.day for run in found if date(2020, 1, 6) <= run.day <= mondays[-1]]
        assert days == mondays, zone
        assert {f"{run.send.astimezone(clock):%a %H:%M}" for run in found} == {"Mon 08:00"}, zone


def _between(publication: Publication, year: int, end: int) -> list[PlannedRun]:
    last = datetime(end, 1, 1, tzinfo=UTC)
    runs = []
    for run in planned(publication, datetime(year, 1, 1, tzinfo=UTC)):
        if run.cutoff > last:
            break
        runs.append(run)
    return runs


def test_every_day_around_every_clock_change_has_one_run():
    """Daily, at the very wall times that are left out, come twice, or stand on the edge of either."""
    for zone in one_of_each():
        for at, before, after in changes(zone):
            walls = {
                (at + shift).replace(tzinfo=None) + edge for shift in (before, after) for edge in (0 * DAY, -MINUTE)
            }
            for wall in walls | {(at + min(before, after)).replace(tzinfo=None) + abs(after - before) / 2}:
                _look(zone, at, f"{wall.minute} {wall.hour} * * *")


def _look(zone: str, at: datetime, cron: str) -> None:
    start = at - 3 * DAY
    found = list(islice(moments(cron, zone, start), 6))
    assert all(b.at > a.at for a, b in pairwise(found)), (zone, at, cron)
    assert all(b.wall - a.wall == DAY for a, b in pairwise(found)), (zone, at, cron)
    for one in found:  # from wherever one begins to count, it is the same
        assert next(moments(cron, zone, one.at - MINUTE / 2)) == one, (zone, at, cron)
        assert next(moments(cron, zone, one.at)).wall == one.wall + DAY, (zone, at, cron)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(ZONES), st.integers(0, 23), st.integers(0, 59), st.integers(0, 15 * 366 * 24 * 60))
def test_every_local_day_has_exactly_one_daily_run(zone: str, hour: int, minute: int, start: int):
    """In any zone, at any wall time: no day is left out, and none has two."""
    found = list(islice(moments(f"{minute} {hour} * * *", zone, FIRST + start * MINUTE), 40))
    assert all(b.at > a.at for a, b in pairwise(found))
    assert all(b.wall - a.wall == DAY for a, b in pairwise(found))


@dataclass
class Newsroom:
    """The loop of the tick without its database: rows unique by cut-off, and workers that come and go."""

    publication: Publication
    rows: dict[datetime, str] = field(default_factory=dict)  # cut-off -> begun, done, late or missed
    done: list[datetime] = field(default_factory=list)

    def look(self, now: datetime, *, dies: bool = False) -> None:
        """Do what one pass does, seeing the rows of now; one that dies leaves its run begun."""
        self.act(now, frozenset(self.rows), dies=dies)

    def look_at_once(self, now: datetime) -> None:
        """Let two workers look at the same moment: both see the same rows before either writes."""
        seen = frozenset(self.rows)
        self.act(now, seen)
        self.act(now, seen)

    def act(self, now: datetime, seen: frozenset[datetime], *, dies: bool = False) -> None:
        """Finish what was begun, then begin what is due; what is in the rows already is refused as a whole."""
        for cutoff in [one for one, state in self.rows.items() if state == "begun"]:
            self.finish(cutoff, now)
        found = due(self.publication, now, seen)
        wanted = [found.run.cutoff, *(one.cutoff for one in found.missed)] if found else []
        if not found or self.rows.keys() & set(wanted):
            return
        self.rows.update(dict.fromkeys(wanted, "missed") | {found.run.cutoff: "begun"})
        if not dies:
            self.finish(found.run.cutoff, now)

    def finish(self, cutoff: datetime, now: datetime) -> None:
        """Draft the issue of a run, or tell that it is too late."""
        late = now - cutoff > timedelta(hours=self.publication.grace_hours)
        self.rows[cutoff] = "late" if late else "done"
        self.done += [] if late else [cutoff]


SCHEDULES = (
    {"cadence": "daily", "cutoff": "30 2 * * *", "send": "45 2 * * *"},
    {"cadence": "daily", "cutoff": "0 0 * * *", "send": "30 0 * * *"},
    {"cadence": "daily", "cutoff": "30 23 * * *", "send": "15 0 * * *"},
    {"cadence": "daily", "cutoff": "0 6,18 * * *", "send": "0 7,19 * * *"},
    {"cutoff": "0 6 * * 1", "send": "0 8 * * 1"},
    {"cutoff": "0 17 * * 5", "send": "0 8 * * 1", "every": 2, "starts_on": "2020-01-06"},
)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule["cutoff"])
def test_every_planned_run_happens_once_over_every_clock_change(schedule: dict[str, object]):
    """All clocks, all their changes (or a few weeks where there is none): a worker that is always there."""
    for zone in one_of_each():
        publication = weekly(zone=zone, **schedule)
        for at, _, _ in changes(zone)[:: 1 if schedule["cutoff"] == "30 2 * * *" else 4] or [(FIRST, 0, 0)]:
            start, end = at - 2 * DAY, at + 2 * DAY
            room = Newsroom(publication, {start - 2 * DAY: "done"})
            runs = [run for run in _runs(publication, start, end) if not run.why_not]
            for run in runs:
                room.look(run.cutoff - MINUTE)
                room.look_at_once(run.cutoff)
                room.look(run.send)
            assert room.done[-len(runs) :] == [run.cutoff for run in runs], (zone, at)
            assert len(room.done) == len(set(room.done)), (zone, at)


def _runs(publication: Publication, start: datetime, end: datetime) -> Iterator[PlannedRun]:
    for run in planned(publication, start):
        if run.cutoff > end:
            return
        yield run


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(ZONES), st.sampled_from(SCHEDULES), st.integers(0, 2**40))
def test_no_run_is_lost_or_doubled_whatever_befalls_the_workers(zone: str, schedule: dict[str, object], seed: int):
    """Down for a day, two at once, dead in the middle, the clock set back: one row for each run, begun once.

    A run is done where the first that looked after its cut-off came within the grace and lived. Where that one came
    later, or after the next cut-off, its row says late, or that a newer run stands for it.
    """
    dice = Random(seed)  # noqa: S311 - dice for a test
    at = dice.choice([one[0] for one in changes(zone)] or [FIRST + timedelta(days=dice.randint(0, 5000))])
    start = at - timedelta(days=dice.randint(8, 12))
    publication = weekly(zone=zone, grace_hours=dice.choice([1, 6, 30]), **schedule)
    room = Newsroom(publication, {start - 20 * DAY: "done"})
    looked, now, end = [], start, start + 21 * DAY
    room.look(start)
    while now < end:
        kind = dice.choice(["look"] * 12 + ["two", "dies", "back", "down"])
        looked.append((now, kind == "dies"))
        if kind == "two":
            room.look_at_once(now)
        else:
            room.look(now, dies=kind == "dies")
        step = {"down": DAY + HOUR, "back": -HOUR}.get(kind, timedelta(seconds=dice.randint(60, 4 * 3600)))
        now += step
    room.look(now)
    looked.append((now, False))
    told = [run for run in _runs(publication, start, now) if not run.why_not]
    assert {run.cutoff for run in told} <= room.rows.keys()
    assert len(room.done) == len(set(room.done))
    assert "begun" not in room.rows.values()
    grace = timedelta(hours=publication.grace_hours)
    for run in told:
        first, died = next(look for look in looked if look[0] >= run.cutoff)
        in_time = first < min(run.cutoff + grace, run.following or LAST)
        if in_time and not died:
            assert room.rows[run.cutoff] == "done", run
        elif not in_time:
            assert room.rows[run.cutoff] in {"late", "missed"}, run
