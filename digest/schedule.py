"""Which run is due, and what the runs to come say to people. Pure: the tick acts on it.

What a run is, and on which days there is one, says ``issues/planned_runs.py``.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from digest.errors import Refused
from digest.issues.models import Publication
from digest.issues.planned_runs import UNITS, PlannedRun, on_day, planned, review_of
from digest.issues.wall_times import instants

__all__ = [
    "Due",
    "PlannedRun",
    "due",
    "instants",
    "last_over",
    "next_runs",
    "on_day",
    "planned",
    "review_of",
    "rows",
    "sent_on",
]

LOOK_BACK = timedelta(days=400)  # missed runs that are older are forgotten
SAME_RUN = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Due:
    """The run to start now, and the earlier ones that were missed: it stands for them."""

    run: PlannedRun
    missed: tuple[PlannedRun, ...] = ()


def next_runs(publication: Publication, now: datetime, count: int) -> list[PlannedRun]:
    """Return the next ``count`` runs that happen and whose cut-off is after ``now``; fewer if there are not so many."""
    runs: list[PlannedRun] = []
    for run in planned(publication, now):
        if len(runs) == count:
            break
        runs += [] if run.why_not else [run]
    return runs


def due(
    publication: Publication, now: datetime, started: Collection[datetime], seen: datetime | None = None
) -> Due | None:
    """Return the run to start at ``now``, or None. ``started``: the cut-offs of all runs that have a row.

    ``seen``: a cut-off that was over when the publication was first looked at; what comes after it counts.

    Cut-offs missed since the last one are not caught up one by one: the newest stands for them. What was started is
    never started again, wherever the clock stands. A cut-off nearer to a started one than half the time to its
    successor (12 hours at most) is that one, moved a little by new zone data or by a change of the schedule.
    A publication that was never looked at starts with the cut-off of now, not with one over by more than its grace.
    """
    since = max((one for one in (*started, *([seen] if seen else ())) if one <= now), default=None)
    grace = timedelta(hours=publication.grace_hours)
    after = now - grace - timedelta.resolution if since is None else max(since, now - LOOK_BACK)
    runs = []
    for run in planned(publication, after):
        if run.cutoff > now:
            break
        if not run.why_not and not _is_started(run, started):
            runs.append(run)
    return Due(runs[-1], tuple(runs[:-1])) if runs else None


def last_over(publication: Publication, now: datetime) -> PlannedRun | None:
    """Return the newest run whose cut-off has come, whether it happens or not; None if there was none for long."""
    newest = None
    for run in planned(publication, now - LOOK_BACK):
        if run.cutoff > now:
            break
        newest = run
    return newest


def sent_on(publication: Publication, day: date) -> PlannedRun:
    """Return the run of a date, be it a skip date or not; raises Refused, naming dates that have one."""
    run = on_day(publication, day, but_skipped=True)
    if run is not None:
        return run
    noon = datetime.combine(day, datetime.min.time(), ZoneInfo(publication.zone))
    near = ", ".join(one.day.isoformat() for one in next_runs(publication, noon, 3)) or "none"
    raise Refused(f"Publication {publication.id!r} sends nothing on {day}. The next that it sends after that: {near}.")


def rows(
    chosen: Sequence[Publication], everyone: Sequence[Publication], now: datetime, count: int
) -> list[dict[str, Any]]:
    """Return what ``digest schedule`` shows: the next ``count`` runs of each, and between them those that are not.

    ``everyone``: all publications, to say where one stands for its companion.
    """
    found = [(run, one) for one in chosen for run in _until(planned(one, now), count)]
    found.sort(key=lambda pair: (pair[0].cutoff, pair[1].id))
    return [run.as_row() | _around(run, one, everyone) for run, one in found]


def _until(runs: Iterator[PlannedRun], count: int) -> Iterator[PlannedRun]:
    happening = 0
    for run in runs:
        yield run
        happening += not run.why_not
        if happening == count:
            return


def _around(run: PlannedRun, publication: Publication, everyone: Sequence[Publication]) -> dict[str, Any]:
    """Return what the row of a run says of its cadence, and of the companions of its publication."""
    unit = UNITS[publication.cadence][1]
    counted = f"Every {publication.every} {unit}s from {publication.starts_on}." if publication.every > 1 else ""
    instead = [
        one.id
        for one in everyone
        if one.companion == publication.id and not run.why_not and on_day(one, run.day) is not None
    ]
    said = (
        [f"Its readers get it instead of {publication.companion} that day, in the regions of both."]
        if publication.companion
        else []
    )
    said += [f"Readers of {one} get that instead, this day, in the regions of both." for one in instead]
    return {
        "every": publication.every,
        "starts_on": publication.starts_on,
        "skip_dates": publication.skip_dates,
        "cadence": counted,
        "companion": publication.companion,
        "replaced_by": instead,
        "companions": " ".join(said),
    }


def _is_started(run: PlannedRun, started: Collection[datetime]) -> bool:
    near = min(SAME_RUN, (run.following - run.cutoff) / 2) if run.following else SAME_RUN
    return any(abs(run.cutoff - one) < near for one in started)
