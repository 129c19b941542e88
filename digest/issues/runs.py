"""The runs of a publication as rows, and what becomes of issues that nobody sent by the next one."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from digest.database import Database
from digest.issues import lifecycle, log
from digest.issues.models import Issue, IssueLog, IssueStatus, Run

REMIND_AFTER = timedelta(hours=2)  # ruling 14
BEFORE = "before: this cut-off was over when the publication was first looked at"
SUCCEEDED = "its successor was drafted"
_HOLDABLE = (*lifecycle.UNAPPROVED, IssueStatus.approved, IssueStatus.scheduled)
_OVER = (IssueStatus.sent, IssueStatus.cancelled, IssueStatus.skipped)
_HOLD, _REMIND = "hold", "held-reminder"


@dataclass(frozen=True, slots=True)
class Times:
    """The instants of a run that are kept: its cut-off and its sending, UTC."""

    cutoff: datetime
    send: datetime


def begun(session: Session, publication_id: str) -> Run | None:
    """Return the oldest run that was begun and has no outcome: whoever began it may have died."""
    statement = select(Run).where(Run.publication_id == publication_id, Run.outcome == "")
    return session.exec(statement.order_by(col(Run.planned_at))).first()


def started(session: Session, publication_id: str, since: datetime) -> frozenset[datetime]:
    """Return the cut-offs of all runs that have a row, from an instant on."""
    mine = (Run.publication_id == publication_id, col(Run.planned_at) >= since, Run.outcome != BEFORE)
    return frozenset(session.exec(select(Run.planned_at).where(*mine)))


def is_known(session: Session, publication_id: str) -> bool:
    """Tell whether a publication has a row of any run, or was looked at before its first."""
    return session.exec(select(Run.id).where(Run.publication_id == publication_id).limit(1)).first() is not None


def seen(session: Session, publication_id: str) -> datetime | None:
    """Return the cut-off that was over when the publication was first looked at; None if that was not noted."""
    mine = (Run.publication_id == publication_id, Run.outcome == BEFORE)
    return session.exec(select(Run.planned_at).where(*mine).order_by(col(Run.planned_at).desc())).first()


def note_seen(database: Database, publication_id: str, last: Times, now: datetime) -> None:
    """Note that a publication is looked at now: from then on a missed cut-off is told, the first one, too."""
    times = {"planned_at": last.cutoff, "send_at": last.send, "created_at": now}
    row = Run.model_validate({"publication_id": publication_id, "outcome": BEFORE} | times)
    with suppress(IntegrityError), database.writing() as session:  # another worker noted it
        session.add(row)


def issue_of(session: Session, publication_id: str, cutoff: datetime) -> Issue | None:
    """Return the issue that was drafted for a run; None if there is none."""
    statement = select(Issue).join(Run, col(Run.issue_id) == Issue.id)
    return session.exec(statement.where(Run.publication_id == publication_id, Run.planned_at == cutoff)).first()


def begin(database: Database, publication_id: str, run: Times, missed: Sequence[Times], now: datetime) -> Run | None:
    """Write down that a run is begun, and which earlier ones it stands for; None if another worker was quicker."""
    made = Run(publication_id=publication_id, planned_at=run.cutoff, send_at=run.send, created_at=now)
    stood_for = f"missed: the run of {run.cutoff:%Y-%m-%d %H:%M} UTC stands for it"
    rows = [
        Run(publication_id=publication_id, planned_at=one.cutoff, send_at=one.send, created_at=now, outcome=stood_for)
        for one in missed
    ]
    try:
        with database.writing() as session:
            session.add_all([*rows, made])
    except IntegrityError:  # unique (publication, planned_at)
        return None
    return made


def unfinished(session: Session, run: Run) -> Run | None:
    """Return a run, locked, if nobody gave it an outcome yet."""
    stored = session.get_one(Run, run.id, with_for_update=True, populate_existing=True)
    return None if stored.outcome else stored


def untold(session: Session) -> list[Run]:
    """Return the runs that ended without an issue and of which not everybody was told, the oldest first."""
    ended = (col(Run.issue_id).is_(None), col(Run.outcome).not_in(("", BEFORE)), col(Run.told_at).is_(None))
    return list(session.exec(select(Run).where(*ended).order_by(col(Run.planned_at), col(Run.id))))


def end(session: Session, run: Run, outcome: str, issue_id: UUID | None = None) -> None:
    """Give a run its outcome: a word, and the reason after a colon."""
    run.outcome, run.issue_id = outcome, issue_id
    session.add(run)


def skipped_in_a_row(session: Session, publication_id: str, before: datetime) -> int:
    """Return how many of the last runs before a cut-off were skipped one after the other."""
    statement = select(Run.outcome).where(Run.publication_id == publication_id, col(Run.planned_at) < before)
    count = 0
    for outcome in session.exec(statement.order_by(col(Run.planned_at).desc())):
        if not outcome.startswith("skipped"):
            break
        count += 1
    return count


def supersede(session: Session, successor: Issue, at: datetime) -> list[Issue]:
    """Cancel what the schedule drafted before, nobody approved in time, and nobody was sent; returns it.

    Its stories are free again: they were never sent. What a person drafted by hand and nobody holds is left alone.
    """
    statement = select(Issue).where(
        Issue.publication_id == successor.publication_id,
        col(Issue.once).is_(False),
        col(Issue.as_of) < successor.as_of,
        col(Issue.status).in_(_HOLDABLE),
        Issue.revision == 1,
        col(Issue.audience_size).is_(None),
        col(Issue.first_accepted_at).is_(None),
    )
    older = session.exec(statement.order_by(col(Issue.number)).with_for_update()).all()
    cancelled = [
        issue for issue in older if issue.held or (issue.status in lifecycle.UNAPPROVED and _has_run(session, issue))
    ]
    for issue in cancelled:
        lifecycle.move(issue, IssueStatus.cancelled, at)
        issue.undo_until = None
        reason = f"{SUCCEEDED}: issue {successor.number}"
        log.add(session, issue, at=at, who="schedule", what="cancel", before=issue.held or None, after=reason)
        session.add(issue)
    return cancelled


def held_for_long(session: Session, at: datetime, *, lock: bool = False) -> list[Issue]:
    """Return the issues that have been held for two hours and that nobody was reminded of since."""
    statement = select(Issue).where(Issue.held != "", col(Issue.status).not_in(_OVER)).order_by(col(Issue.number))
    found = session.exec(statement.with_for_update() if lock else statement).all()
    return [issue for issue in found if _is_unreminded(session, issue, at)]


def remind_of_held(database: Database, at: datetime) -> list[Issue]:
    """Return the issues to remind of, each once for each time it is held, whoever asks; notes that in the log."""
    with database.reading() as session:
        if not held_for_long(session, at):
            return []
    with database.writing() as session:
        waiting = held_for_long(session, at, lock=True)
        for issue in waiting:
            log.add(session, issue, at=at, who="schedule", what=_REMIND, after=issue.held)
    return waiting


def _is_unreminded(session: Session, issue: Issue, at: datetime) -> bool:
    statement = select(IssueLog).where(IssueLog.issue_id == issue.id, col(IssueLog.what).in_((_HOLD, "pause", _REMIND)))
    last = session.exec(statement.order_by(col(IssueLog.id).desc())).first()
    since = issue.changed_at if last is None else last.at
    return (last is None or last.what != _REMIND) and at - since >= REMIND_AFTER


def _has_run(session: Session, issue: Issue) -> bool:
    return session.exec(select(Run.id).where(Run.issue_id == issue.id)).first() is not None
