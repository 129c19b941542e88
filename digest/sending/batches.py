"""Batches: forming them under a lease, and handing them over.

A batch is one provider call. Every function here works inside the transaction it is given; none is open while
the provider is called. ``fence`` rises with every change of hands: who comes with an old one may open nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

import orjson
from sqlalchemy import ColumnElement, RowMapping, Select, bindparam, case, insert, or_, select, update
from sqlmodel import Session

from digest.issues.models import IssueStatus
from digest.sending import choosing, ledger, pacing, revising, routing
from digest.sending.bulk import among, rowcount
from digest.sending.ledger import BATCH, DELIVERY, ISSUE
from digest.sending.models import BatchState, DeliveryState
from digest.sending.routing import Route
from subscribers import still_wanted

_B = BatchState


class Member(NamedTuple):
    """A reader of a batch who still wants it."""

    subscriber_id: int
    ref: UUID | str  # as the database has it
    address: str
    name: str
    agreed: bool | int = False  # that their own clicks are counted


Capacity = Callable[[Session, int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A batch in the hands of one worker, until its lease runs out."""

    number: int
    id: UUID
    issue_number: int
    edition_number: int
    account: str
    fence: int
    size: int
    repeating: bool  # sealed bytes that go again under the same key
    attempts: int  # calls made with this key
    handed_over_at: datetime | None


def claim(
    session: Session,
    issue_number: int,
    account: str,
    *,
    now: datetime,
    lease: timedelta,
    capacity: Capacity,
    editions: Sequence[int] | None = None,
    route: Route | None = None,
) -> Claim | None:
    """Take a batch of an issue for one worker, or None when there is nothing to do now for this account.

    A batch that waits (half of a refused one, or one to be repeated) goes first; else one is formed from queued
    deliveries of one edition. ``capacity(session, edition)``: how many of them fit one call. ``editions``: those
    that go by the account; None: all. Raises routing.Moved where ``route`` does not hold any more.
    """
    if not routing.is_open(session, issue_number, route):
        return None
    waiting = _take_waiting(session, issue_number, account, now, lease)
    head = None if waiting or editions == () else choosing.head(session, issue_number, now, editions)
    if head is None:
        return waiting
    made = new_batch(
        session,
        issue_number,
        head.edition_number,
        account=account,
        size=0,
        now=now,
        state=_B.claimed,
        lease=now + lease,
    )
    size = choosing.take(session, issue_number, head, capacity(session, head.edition_number), made["number"])
    _set_batch(session, made["number"], size=size)
    return replace(as_claim(made), size=size)


def is_waiting(session: Session, issue_number: int, account: str, now: datetime) -> bool:
    """Return whether a batch of an account can be taken now that was formed before."""
    values = {"issue": issue_number, "account": account, "now": now}
    return session.execute(_WAITING, values).first() is not None


def _waiting() -> Select[Any]:
    free = or_(BATCH.c.lease_until.is_(None), BATCH.c.lease_until < bindparam("now"))
    ready = or_(BATCH.c.next_attempt_at.is_(None), BATCH.c.next_attempt_at <= bindparam("now"))
    query = select(BATCH.c.number).where(
        BATCH.c.issue_number == bindparam("issue"),
        BATCH.c.account == bindparam("account"),
        BATCH.c.state.in_((_B.formed, _B.repeating)),
        free,
        ready,
    )
    return query.order_by(BATCH.c.number).limit(1)


_WAITING: Final = _waiting()
_WAITING_LOCKED: Final = _WAITING.with_for_update(skip_locked=True)


def _take_waiting(session: Session, issue_number: int, account: str, now: datetime, lease: timedelta) -> Claim | None:
    values = {"issue": issue_number, "account": account, "now": now}
    number = session.execute(_WAITING_LOCKED, values).scalar()
    if number is None:
        return None
    taken = (
        update(BATCH)
        .where(BATCH.c.number == number)
        .values(
            fence=BATCH.c.fence + 1,
            lease_until=now + lease,
            state=case((BATCH.c.state == _B.formed, _B.claimed.value), else_=BATCH.c.state),
        )
        .returning(*BATCH.c)
    )
    return as_claim(session.execute(taken).mappings().one())


def new_batch(
    session: Session,
    issue_number: int,
    edition_number: int,
    *,
    account: str,
    size: int,
    now: datetime,
    state: BatchState,
    lease: datetime | None = None,
) -> RowMapping:
    """Store a batch; its id, made here, before any call, is the idempotency key."""
    row = {
        "id": uuid4(),
        "issue_number": issue_number,
        "edition_number": edition_number,
        "account": account,
        "state": state,
        "fence": 1,
        "lease_until": lease,
        "attempts": 0,
        "size": size,
        "created_at": now,
    }
    return session.execute(_NEW, row).mappings().one()


_NEW: Final = insert(BATCH).returning(*BATCH.c)


def take_in(session: Session, issue_number: int, members: Sequence[int], batch_number: int) -> None:
    """Make deliveries members of a batch."""
    session.execute(
        update(DELIVERY)
        .where(DELIVERY.c.issue_number == issue_number, among(session, DELIVERY.c.subscriber_id, members))
        .values(state=DeliveryState.claimed, batch_number=batch_number)
    )


def hand_over(
    session: Session,
    claim: Claim,
    lists: Sequence[str],
    *,
    now: datetime,
    needed: timedelta,
    seal: Callable[[Sequence[Member]], list[dict[str, Any]]] | None,
) -> list[Member] | None:
    """Set the mark after which the outcome may be unknown; returns who still wants it, or None: do not call.

    ``lists``: those of the edition; who wants none of them any more is struck out here, at the last moment.
    ``needed``: how much of the lease must be left for a call. ``seal``: makes what a repetition needs, for a
    provider that keeps idempotency keys.
    """
    if not _still_mine(session, claim, now, needed):
        return None
    members = _strike_out(session, claim, lists, now)
    if not members:
        _set_batch(session, claim.number, state=BatchState.settled, settled_at=now, size=0, lease_until=None)
        return None
    sealed = seal(members) if seal else None
    digest = sha256(orjson.dumps([[one.subscriber_id, one.address, one.name] for one in members]))
    _set_batch(
        session,
        claim.number,
        state=BatchState.handed_over,
        handed_over_at=now,
        attempts=1,
        size=len(members),
        sealed=sealed,
        payload_hash=digest.hexdigest(),
    )
    return members


def unseal(session: Session, claim: Claim, *, now: datetime, needed: timedelta) -> list[dict[str, Any]] | None:
    """Return what was sealed of a batch that goes again under its key; None: do not call. No new check is made."""
    if not _still_mine(session, claim, now, needed):
        return None
    _set_batch(session, claim.number, attempts=claim.attempts + 1)
    sealed = session.execute(select(BATCH.c.sealed).where(BATCH.c.number == claim.number)).scalar_one()
    return list(sealed)


def release(session: Session, number: int, now: datetime, error: str | None = None) -> None:
    """Give a batch back with nothing taken: its members are queued again, or cancelled with their issue."""
    columns = (BATCH.c.issue_number, BATCH.c.account, BATCH.c.created_at)
    batch = session.execute(select(*columns).where(BATCH.c.number == number)).one()
    freed = session.execute(
        update(DELIVERY)
        .where(DELIVERY.c.batch_number == number, DELIVERY.c.state == DeliveryState.claimed)
        .values(state=return_state(session, batch.issue_number), batch_number=None)
    )
    pacing.give_back(session, batch.account, rowcount(freed), batch.created_at)
    close(session, number, BatchState.returned, now, error)


def close(session: Session, number: int, state: BatchState, now: datetime, error: str | None = None) -> None:
    """End a batch: the fence rises, so that nobody who held it opens it again; what was sealed is forgotten."""
    session.execute(_CLOSED, {"mine": number, "now_in": state, "at": now, "said": error})


def return_state(session: Session, issue_number: int) -> DeliveryState:
    """Return what a delivery becomes that was not taken: queued, or cancelled where its issue was."""
    status = session.execute(select(ISSUE.c.status).where(ISSUE.c.number == issue_number)).scalar_one()
    return DeliveryState.cancelled if status == IssueStatus.cancelled else DeliveryState.queued


class Held(NamedTuple):
    """What a batch's row says to the worker that holds it."""

    lease_until: datetime | None
    size: int


def held(session: Session, claim: Claim) -> Held | None:
    """Return the batch's row, locked, while it is still in the hands that ``claim`` describes; else None."""
    fence, *said = session.execute(_HELD, {"mine": claim.number}).one()
    return Held(*said) if fence == claim.fence else None


_MINE: Final = BATCH.c.number == bindparam("mine")
_CLOSED: Final = (
    update(BATCH)
    .where(_MINE)
    .values(
        state=bindparam("now_in"),
        settled_at=bindparam("at"),
        fence=BATCH.c.fence + 1,
        lease_until=None,
        sealed=None,
        error=bindparam("said"),
    )
)
_HELD: Final = select(BATCH.c.fence, BATCH.c.lease_until, BATCH.c.size).where(_MINE).with_for_update()


def _still_mine(session: Session, claim: Claim, now: datetime, needed: timedelta) -> bool:
    """Return whether the batch may be handed over; it is given back where its time is short or its issue moved on."""
    mine = held(session, claim)
    if mine is None:
        return False
    may_leave = ledger.is_open(session, claim.issue_number)
    if may_leave and not claim.repeating:
        may_leave = not revising.is_outdated(session, claim.issue_number, claim.edition_number)
    if may_leave and mine.lease_until is not None and mine.lease_until >= now + needed:
        return True
    if claim.repeating:
        _set_batch(session, claim.number, lease_until=None, fence=claim.fence + 1)
    else:
        release(session, claim.number, now)
    return False


def _strike_out(session: Session, claim: Claim, lists: Sequence[str], now: datetime) -> list[Member]:
    """Ask who still wants it; the others become suppressed or withdrawn. Returns those who do."""
    rows = session.execute(_asked(tuple(lists)), {"batch": claim.number, "now": now}).all()
    wanted = [Member._make(row[:-1]) for row in rows if row[-1] == "wanted"]
    if len(wanted) < claim.size:
        pacing.give_back(session, claim.account, claim.size - len(wanted), now)
        suppressed = [row.subscriber_id for row in rows if row.standing == "suppressed"]
        _drop(session, claim, among(session, DELIVERY.c.subscriber_id, suppressed), DeliveryState.suppressed, now)
        stay = among(session, DELIVERY.c.subscriber_id, [one.subscriber_id for one in wanted])
        _drop(session, claim, ~stay, DeliveryState.withdrawn, now)
    return sorted(wanted)


@lru_cache(maxsize=64)
def _asked(lists: tuple[str, ...]) -> Select[Any]:
    """Return who of a batch's members still wants an edition of these lists; made once for an edition."""
    mine = select(DELIVERY.c.subscriber_id).where(
        DELIVERY.c.batch_number == bindparam("batch"), DELIVERY.c.state == DeliveryState.claimed.value
    )
    return still_wanted(mine, lists, bindparam("now", type_=DELIVERY.c.settled_at.type))


def _drop(session: Session, claim: Claim, who: ColumnElement[bool], state: DeliveryState, now: datetime) -> None:
    session.execute(
        update(DELIVERY)
        .where(DELIVERY.c.batch_number == claim.number, DELIVERY.c.state == DeliveryState.claimed, who)
        .values(state=state, settled_at=now)
    )


def _set_batch(session: Session, number: int, **values: Any) -> None:
    session.execute(update(BATCH).where(_MINE), {"mine": number, **values})


def as_claim(row: RowMapping) -> Claim:
    """Return a batch's row as a claim on it."""
    return Claim(
        number=row["number"],
        id=row["id"],
        issue_number=row["issue_number"],
        edition_number=row["edition_number"],
        account=row["account"],
        fence=row["fence"],
        size=row["size"],
        repeating=row["state"] == BatchState.repeating,
        attempts=row["attempts"],
        handed_over_at=row["handed_over_at"],
    )
