"""After a restore: a backup cannot know what was sent since it was made, so nothing goes on by itself.

Who was queued or claimed when the backup was made may have the mail by now: all of them become uncertain, and wait
for the provider's events or for a person. Issues that were under way are paused, those with an hour are held, and runs
that came due since are ended unsent: the schedule drafts and sends nothing a second time. Numbers of issues that the
backup does not know are not given again. Safe to repeat and to stop.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select, update
from sqlmodel import Session, col

from digest.database import Database
from digest.engine import heartbeat, jobs
from digest.issues import lifecycle, log, numbering, publications, runs
from digest.issues.models import Issue, IssueStatus, Publication
from digest.issues.runs import Times
from digest.proofs.models import Edition
from digest.schedule import LOOK_BACK, PlannedRun, due
from digest.sending import batches, control, settling
from digest.sending.bulk import among
from digest.sending.ledger import BATCH, DELIVERY, ISSUE, LIVE, QUEUED
from digest.sending.models import DeliveryState
from digest.sending.provider import ProviderError
from digest.sending.retry import Fate
from digest.sending.sender import Progress, nothing

_S = IssueStatus
CHUNK: Final = 20_000  # deliveries a transaction
BATCHES: Final = 200  # batches a transaction
WITH_AN_HOUR: Final = (_S.draft, _S.in_review, _S.approved)
WHY: Final = (
    "The database was restored from a backup: nobody knows what of this issue went out since. "
    "Look at what the provider sent before it goes on."
)
UNKNOWN: Final = "queued or on its way when the backup was made that the database was restored from"
RUN_OUTCOME: Final = "restored: due when the database was restored from a backup; its issue may have gone out"


@dataclass(slots=True)
class Restored:
    """What was done."""

    paused: list[int] = field(default_factory=list)  # numbers of issues
    held: list[int] = field(default_factory=list)
    uncertain: int = 0  # deliveries
    runs: list[str] = field(default_factory=list)  # sentences


def open_deliveries(database: Database) -> int:
    """Return how many deliveries ``restored`` would make uncertain now."""
    live = select(func.coalesce(func.sum(BATCH.c.size), 0)).where(BATCH.c.state.in_(LIVE))
    with database.reading() as session:
        queued = session.execute(select(func.count()).select_from(DELIVERY).where(*_queued(session))).scalar_one()
        return int(queued) + int(session.execute(live).scalar_one())


def restored(database: Database, *, who: str, at: datetime, progress: Progress = nothing) -> Restored:
    """Make a restored database safe to work on; returns what was done. Nothing that is cancelled changes."""
    done = Restored()
    with database.writing() as session:
        heartbeat.forget_all(session)
        for column in (col(Issue.number), col(Edition.number)):
            numbering.leave_out(session, column, at)
        _stop_issues(session, done, who, at)
    jobs.clear(database)
    _end_runs(database, done, at)
    while True:
        with database.writing() as session:
            some = _unsettle_batches(session, at) or _unsettle_queued(session, at)
        if not some:
            return done
        done.uncertain += some
        progress(some)


def _stop_issues(session: Session, done: Restored, who: str, at: datetime) -> None:
    """Pause what is being sent, and hold what would be sent when its hour comes or when somebody looks."""
    unsent = (_S.scheduled, _S.freezing, _S.sending, *WITH_AN_HOUR)
    for issue in session.execute(select(Issue).where(ISSUE.c.status.in_(unsent)).order_by(ISSUE.c.number)).scalars():
        if issue.status == _S.sending:
            lifecycle.move(issue, _S.paused, at)
            done.paused.append(issue.number)
        elif issue.held or (issue.status in WITH_AN_HOUR and issue.send_at is None):
            continue  # stands already, or waits for a person's order
        else:
            done.held.append(issue.number)
        control.hold(session, issue, WHY, at)
        log.add(session, issue, at=at, who=who, what="hold", after=WHY)


def _end_runs(database: Database, done: Restored, at: datetime) -> None:
    with database.reading() as session:
        everyone = publications.all_publications(session)
    for publication in everyone:
        _end_begun(database, publication, done)
        for run in _due(database, publication, at):
            if runs.begin(database, publication.id, Times(run.cutoff, run.send), [], at) is not None:
                _end_begun(database, publication, done)


def _end_begun(database: Database, publication: Publication, done: Restored) -> None:
    """End the runs that have no outcome: whoever began them did so before the backup, or it was us just now."""
    with database.writing() as session:
        while (run := runs.begun(session, publication.id)) is not None:
            runs.end(session, run, RUN_OUTCOME)
            session.flush()
            cutoff = f"{run.planned_at:%Y-%m-%dT%H:%MZ}"
            done.runs.append(
                f"{publication.id}: the run of {cutoff} is not drafted. If its issue did not go out: "
                f"digest issues draft {publication.id} --at {cutoff}"
            )


def _due(database: Database, publication: Publication, at: datetime) -> Sequence[PlannedRun]:
    with database.reading() as session:
        started = runs.started(session, publication.id, at - LOOK_BACK)
        found = due(publication, at, started, runs.seen(session, publication.id))
    return (*found.missed, found.run) if found else ()


def _unsettle_batches(session: Session, at: datetime) -> int:
    """Make the members of some batches that were under way uncertain; returns how many batches there were."""
    live = select(BATCH).where(BATCH.c.state.in_(LIVE)).order_by(BATCH.c.number).limit(BATCHES).with_for_update()
    found = session.execute(live).mappings().all()
    for row in found:
        settling.apply(session, batches.as_claim(row), Fate.uncertain, ProviderError(UNKNOWN), now=at, jitter=0.5)
    return sum(row["size"] for row in found)


def _unsettle_queued(session: Session, at: datetime) -> int:
    """Make some queued deliveries uncertain, of one issue at a time; returns how many."""
    where = _queued(session)
    number = session.execute(select(DELIVERY.c.issue_number).where(*where).limit(1)).scalar()
    if number is None:
        return 0
    mine = (DELIVERY.c.issue_number == number, QUEUED)
    ids = session.execute(select(DELIVERY.c.subscriber_id).where(*mine).limit(CHUNK)).scalars().all()
    values = {"state": DeliveryState.uncertain, "reason": UNKNOWN, "settled_at": at, "next_attempt_at": None}
    session.execute(update(DELIVERY).where(*mine, among(session, DELIVERY.c.subscriber_id, ids)).values(**values))
    return len(ids)


def _queued(session: Session) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a queued delivery of an issue that is not cancelled."""
    cancelled = select(col(Issue.number)).where(ISSUE.c.status == _S.cancelled)
    return (QUEUED, DELIVERY.c.issue_number.not_in(list(session.execute(cancelled).scalars())))
