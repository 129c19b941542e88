"""Which publications are one choice of a reader: a weekly, and the daily whose place it takes on its day (ruling 21).

Who stands beside whom is read as it is now; what a weekly repeats of its daily is frozen with its issue. Whether a
weekly takes the daily's place on a day is a matter of the schedule, not of what happens to be ready: a weekly that is
late still does, one that was skipped or cancelled does not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, and_, col, or_, select

from digest.issues.models import Issue, IssueStatus, Publication, Run
from digest.issues.planned_runs import PlannedRun, on_day
from digest.issues.wall_times import first_from

_NEVER = (IssueStatus.cancelled, IssueStatus.skipped)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class StandIn:
    """A weekly that takes the place of a daily on a day."""

    publication_id: str
    frozen: int | None = None  # the number of its issue, if that is frozen: then its ledger says who gets it


def beside(session: Session, publication_id: str) -> tuple[str, ...]:
    """Return the publications whose mail counts as this one's, too: its daily, or the weeklies it is the daily of."""
    own = session.get_one(Publication, publication_id).companion
    found = session.exec(select(Publication.id).where(Publication.companion == publication_id)).all()
    return tuple(sorted({*found, *([own] if own else [])}))


def standing_in(session: Session, issue: Issue) -> tuple[StandIn, ...]:
    """Return the weeklies that some readers get instead of this issue of their daily; none for a special issue."""
    if issue.once:
        return ()
    statement = select(Publication).where(Publication.companion == issue.publication_id).order_by(col(Publication.id))
    weeklies = session.exec(statement).all()
    if not weeklies:
        return ()
    day = day_of(session, issue)
    found = (_standing_in(session, one, day) for one in weeklies)
    return tuple(one for one in found if one is not None)


def day_of(session: Session, issue: Issue) -> date:
    """Return the day an issue is of, in its publication's zone: that of its run, however late it leaves."""
    publication = session.get_one(Publication, issue.publication_id)
    planned = session.exec(
        select(Run.send_at).where(Run.issue_id == issue.id).order_by(col(Run.send_at).desc()).limit(1)
    ).first()
    if planned is None:  # drafted by hand
        following = first_from(publication.send, publication.zone, issue.as_of)
        planned = following.at if following else issue.as_of
    return planned.astimezone(ZoneInfo(publication.zone)).date()


def _standing_in(session: Session, weekly: Publication, day: date) -> StandIn | None:
    run = on_day(weekly, day)
    if run is None:
        return None
    rows = _rows(session, weekly, day)
    issues = _issues(session, weekly, run, rows)
    alive = [one for one in issues if one.status not in _NEVER]
    begun = any(not row.outcome for row in rows)  # a worker is at it
    if not alive and (issues or rows) and not begun:
        return None
    return StandIn(weekly.id, _frozen(alive))


def _rows(session: Session, weekly: Publication, day: date) -> Sequence[Run]:
    start = datetime.combine(day, datetime.min.time(), ZoneInfo(weekly.zone))
    of_day = (col(Run.send_at) >= start, col(Run.send_at) < start + _DAY)
    return session.exec(select(Run).where(Run.publication_id == weekly.id, *of_day)).all()


def _issues(session: Session, weekly: Publication, run: PlannedRun, rows: Sequence[Run]) -> Sequence[Issue]:
    """Return the issues of a run: drafted for it, or by hand at its cut-off or between that and its sending."""
    by_hand = (col(Issue.as_of) >= run.cutoff, col(Issue.as_of) <= run.send, col(Issue.once).is_(False))
    drafted = col(Issue.id).in_([row.issue_id for row in rows if row.issue_id])
    mine = select(Issue).where(Issue.publication_id == weekly.id, or_(drafted, and_(*by_hand)))
    return session.exec(mine.order_by(col(Issue.number))).all()


def _frozen(alive: Iterable[Issue]) -> int | None:
    return next((one.number for one in alive if one.audience_size is not None), None)
