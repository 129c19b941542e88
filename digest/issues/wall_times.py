"""Wall times in a zone turned into instants, across clock changes. Pure.

A cron line is read as wall time, and each wall time becomes one instant: one that the spring change leaves out stands
for the moment the clocks go forward; one that comes twice in autumn stands for the first of both. So the same line
gives the same instants from wherever one begins to count.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

MISSING = "missing"  # the clocks go forward over it
TWICE = "twice"  # the clocks go back over it
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A wall time and its instant."""

    at: datetime  # UTC
    wall: datetime  # naive, as the rule says it
    odd: str = ""  # "", MISSING or TWICE


def moments(cron: str, zone: str, after: datetime) -> Iterator[Moment]:
    """Yield the moments of a cron line in a zone, each later than ``after``; ends where none comes for 50 years."""
    clock = ZoneInfo(zone)
    last = after
    for wall in CronSim(cron, after.astimezone(clock).replace(tzinfo=None)):
        found = moment(wall, clock)
        if found.at > last:  # two wall times that are left out become one instant
            last = found.at
            yield found


def instants(cron: str, zone: str, after: datetime) -> Iterator[datetime]:
    """Yield the instants (UTC) of a cron line in a zone, each later than ``after``."""
    for found in moments(cron, zone, after):
        yield found.at


def first_from(cron: str, zone: str, at: datetime) -> Moment | None:
    """Return the first moment of a cron line at or after an instant; None if there is none for 50 years."""
    return next(moments(cron, zone, at - _SECOND), None)


def moment(wall: datetime, clock: ZoneInfo) -> Moment:
    """Return the instant of a naive wall time."""
    first, second = wall.replace(tzinfo=clock), wall.replace(tzinfo=clock, fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    assert before is not None  # noqa: S101 - for the type checker: a zone always has an offset
    assert after is not None  # noqa: S101
    if before == after:
        return Moment((wall - before).replace(tzinfo=UTC), wall)
    if before > after:
        return Moment((wall - before).replace(tzinfo=UTC), wall, TWICE)
    return Moment(_change(second.astimezone(UTC), first.astimezone(UTC), clock), wall, MISSING)


def offset(at: datetime, zone: str) -> timedelta:
    """Return how far a zone's clock is ahead of UTC at an instant."""
    return at.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)


def _change(before: datetime, after: datetime, clock: ZoneInfo) -> datetime:
    """Return the instant between two (before < change <= after, to the second) at which a clock goes forward."""
    old = before.astimezone(clock).utcoffset()
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        if middle.astimezone(clock).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
