"""The ledger's questions: how many stand where, whether the sum is whole, and evidence that comes late."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, exists, func, literal_column, or_, select, update
from sqlmodel import Session

from digest.issues.models import Issue, IssueStatus
from digest.sending.bulk import among, rowcount
from digest.sending.models import Batch, BatchState, Delivery, DeliveryState, table

DELIVERY, BATCH, ISSUE = table(Delivery), table(Batch), table(Issue)
_S = DeliveryState

# Spelt out, not a variable: SQLite takes the index of queued rows only for these very words.
QUEUED: Final = DELIVERY.c.state == literal_column("'queued'")
LIVE: Final = (BatchState.formed, BatchState.claimed, BatchState.handed_over, BatchState.repeating)


def counts(session: Session, issue_number: int) -> dict[str, int]:
    """Return how many deliveries of an issue stand in each state; every state is there."""
    query = select(DELIVERY.c.state, func.count()).where(DELIVERY.c.issue_number == issue_number)
    found: dict[str, int] = dict(session.execute(query.group_by(DELIVERY.c.state)).all())
    return {state.value: found.get(state.value, 0) for state in DeliveryState}


def is_whole(session: Session, issue_number: int) -> bool:
    """Return whether the states sum up to the frozen audience. An issue that is not frozen yet is whole."""
    size = session.execute(select(ISSUE.c.audience_size).where(ISSUE.c.number == issue_number)).scalar()
    return size is None or sum(counts(session, issue_number).values()) == size


def is_open(session: Session, issue_number: int) -> bool:
    """Return whether deliveries of an issue may be claimed and handed over now."""
    row = session.execute(_STATUS, {"issue": issue_number}).one()
    return bool(row.status == IssueStatus.sending and row.held == "")


_STATUS: Final = select(ISSUE.c.status, ISSUE.c.held).where(ISSUE.c.number == bindparam("issue"))


def due(issue_number: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a delivery that may be claimed now."""
    column = DELIVERY.c.next_attempt_at
    return (DELIVERY.c.issue_number == issue_number, QUEUED, or_(column.is_(None), column <= now))


def anybody(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the condition that somebody is queued of whom this holds.

    Asked in the order of the index of queued rows: for a plain EXISTS SQLite goes through all that are sent already.
    """
    order = (DELIVERY.c.next_attempt_at, DELIVERY.c.edition_number, DELIVERY.c.subscriber_id)
    queued = select(DELIVERY.c.subscriber_id).where(QUEUED, *where).order_by(*order).limit(1)
    return queued.correlate(ISSUE).scalar_subquery().is_not(None)


def is_done(session: Session, issue_number: int) -> bool:
    """Return whether nothing of an issue is queued or claimed any more. Uncertain ones do not count."""
    return not session.execute(_LEFT, {"issue": issue_number}).scalar_one()


_LEFT: Final = select(
    or_(
        anybody(DELIVERY.c.issue_number == bindparam("issue")),
        exists().where(BATCH.c.issue_number == bindparam("issue"), BATCH.c.state.in_(LIVE)),
    )
)


def evidence(
    session: Session,
    issue_number: int,
    subscriber_ids: Sequence[int],
    *,
    accepted: bool,
    at: datetime,
    message_id: str | None = None,
    reason: str | None = None,
) -> int:
    """Take late proof of what became of deliveries; returns how many it moved.

    ``accepted``: the provider has it: `uncertain` and `queued` become `accepted`, so that it is never sent again.
    Otherwise the provider says that it never took it: `uncertain` becomes `rejected`, with the reason.
    """
    before = (_S.uncertain, _S.queued) if accepted else (_S.uncertain,)
    values: dict[str, Any] = {"state": _S.accepted if accepted else _S.rejected, "settled_at": at, "reason": reason}
    moved = session.execute(
        update(DELIVERY)
        .where(
            DELIVERY.c.issue_number == issue_number,
            among(session, DELIVERY.c.subscriber_id, subscriber_ids),
            DELIVERY.c.state.in_(before),
        )
        .values(provider_message_id=message_id, next_attempt_at=None, **values)
    )
    if accepted:
        note_first_accepted(session, issue_number, at)
    close_batches(session, issue_number, at)
    return rowcount(moved)


def note_first_accepted(session: Session, issue_number: int, at: datetime) -> None:
    """Remember when the first delivery was accepted: from then on the issue's stories count as sent."""
    session.execute(_FIRST, {"issue": issue_number, "at": at})


_FIRST: Final = (
    update(ISSUE)
    .where(ISSUE.c.number == bindparam("issue"), ISSUE.c.first_accepted_at.is_(None))
    .values(first_accepted_at=bindparam("at"))
)


def close_batches(session: Session, issue_number: int, at: datetime) -> None:
    """Call those uncertain batches settled that have no uncertain delivery left."""
    left = exists().where(DELIVERY.c.batch_number == BATCH.c.number, DELIVERY.c.state == _S.uncertain)
    session.execute(
        update(BATCH)
        .where(BATCH.c.issue_number == issue_number, BATCH.c.state == BatchState.uncertain, ~left)
        .values(state=BatchState.settled, settled_at=at, sealed=None)
    )


def uncertain_batches(session: Session, issue_number: int) -> list[dict[str, Any]]:
    """Return the batches of an issue with deliveries of unknown fate: number, when, how many, and why."""
    query = (
        select(BATCH.c.number, BATCH.c.id, BATCH.c.handed_over_at, BATCH.c.error, func.count().label("deliveries"))
        .join(DELIVERY, DELIVERY.c.batch_number == BATCH.c.number)
        .where(BATCH.c.issue_number == issue_number, DELIVERY.c.state == _S.uncertain)
        .group_by(BATCH.c.number, BATCH.c.id, BATCH.c.handed_over_at, BATCH.c.error)
        .order_by(BATCH.c.number)
    )
    return [
        {
            "batch": row.number,
            "id": str(row.id),
            "handed_over_at": row.handed_over_at.isoformat(),
            "deliveries": row.deliveries,
            "error": row.error or "",
        }
        for row in session.execute(query)
    ]
