"""What there is to do: the kinds of work an engine runs. Each is safe to run twice, and by many at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select

from digest.database import Database
from digest.issues.models import Issue, IssueStatus
from digest.sending import canary, control, ending, ledger, recovering, sender, starting
from digest.sending.ledger import BATCH, DELIVERY, ISSUE, LIVE
from digest.sending.means import Means
from digest.sending.sender import Ended, Progress, Stop, nothing

_S = IssueStatus
UNDER_WAY = (_S.scheduled, _S.freezing, _S.sending)
LATELY = timedelta(days=1)
NO_ISSUE = UUID(int=0)


class Kind(StrEnum):
    """The kinds of work."""

    drain = "drain"  # freeze an issue if its time has come, and send what is queued of it
    tick = "tick"  # start runs, take back what dead workers held, end what is finished
    refresh = "refresh"  # ask feeds, pages and pictures whose time has come (ruling 13)


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to do."""

    kind: Kind
    issue_id: UUID = NO_ISSUE  # of a drain


def due(database: Database, now: datetime) -> list[Job]:
    """Name what there is to do at ``now``: a drain for each issue of which something can be done then, and more.

    An issue of which all that is left waits (for the next wave, the next try, another worker's answer) is not named:
    looking at it would cost a write each time. A tick and a refresh look for themselves what is due of theirs.
    """
    ready = or_(
        ISSUE.c.status == _S.freezing,
        and_(ISSUE.c.status == _S.sending, _can_go_on(now)),
        and_(ISSUE.c.status == _S.scheduled, ISSUE.c.undo_until <= now),
    )
    with database.reading() as session:
        ids = session.execute(select(ISSUE.c.id).where(ready, ISSUE.c.held == "").order_by(ISSUE.c.number)).scalars()
        drains = [Job(Kind.drain, one) for one in ids]
    return [*drains, Job(Kind.tick), Job(Kind.refresh)]


def _can_go_on(now: datetime) -> ColumnElement[bool]:
    """Return the condition that an issue has a delivery or a batch that can be taken now."""
    mine, waits = DELIVERY.c.issue_number == ISSUE.c.number, DELIVERY.c.next_attempt_at
    free = or_(BATCH.c.lease_until.is_(None), BATCH.c.lease_until < now)
    ripe = or_(BATCH.c.next_attempt_at.is_(None), BATCH.c.next_attempt_at <= now)
    return or_(
        ledger.anybody(mine, waits.is_(None)),
        ledger.anybody(mine, waits <= now),
        exists().where(BATCH.c.issue_number == ISSUE.c.number, BATCH.c.state.in_(LIVE), free, ripe),
    )


def drain(means: Means, issue_id: UUID, stop: Stop, *, share: int | None = None, progress: Progress = nothing) -> Ended:
    """Work on one issue as one of its workers: freeze it if that is not done, then send batch after batch."""
    if not starting.start(means, issue_id):
        return Ended.idle
    with means.database.reading() as session:
        number = session.get_one(Issue, issue_id).number
    canary.look_at_first(means.database, issue_id)
    return sender.run(means, number, stop, share=share, progress=progress)


def is_under_way(database: Database, issue_id: UUID) -> bool:
    """Return whether an issue will be sent, or is being sent, with nothing holding it up."""
    with database.reading() as session:
        issue = session.get_one(Issue, issue_id)
        return issue.status in UNDER_WAY and not issue.held


def tidy(means: Means) -> None:
    """Do what must be done even for issues that nobody drains: dead workers' batches, rows of cancelled issues."""
    database = means.database
    with database.reading() as session:
        live = select(BATCH.c.issue_number).where(BATCH.c.state.in_(LIVE)).distinct()
        numbers = session.execute(live).scalars().all()
    for number in numbers:
        with database.writing() as session:
            recovering.recover(session, number, means.rules_of, database.now(session))
    canary.watch(database)
    _sweep_cancelled(database, means.clock.now())
    _finish(database)


def _sweep_cancelled(database: Database, now: datetime) -> None:
    """Cancel the rows of issues that were cancelled lately, in case whoever did it died half-way."""
    lately = ISSUE.c.changed_at > now - LATELY
    with database.reading() as session:
        query = select(ISSUE.c.number).where(ISSUE.c.status == _S.cancelled, lately)
        numbers = session.execute(query).scalars().all()
    for number in numbers:
        control.cancel_rows(database, number, now)


def _finish(database: Database) -> None:
    with database.reading() as session:
        sending = session.execute(select(ISSUE.c.number).where(ISSUE.c.status == _S.sending)).scalars().all()
    for number in sending:
        with database.writing() as session:
            ending.finish(session, number, database.now(session))
