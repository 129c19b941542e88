"""Draws the consequences of provider events: outcomes, evidence for what is uncertain, bans, and lists that end.

Each step may be repeated, and gives the same whatever the order events come in: an outcome is replaced by a stronger
one only, and soft bounces are counted by when they happened.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, case, func, or_, select, update
from sqlmodel import Session

from digest.database import Database
from digest.events.intake import EVENT
from digest.events.models import EventState, SoftBounce
from digest.providers.event import EventKind
from digest.sending import ledger
from digest.sending.bulk import insert_ignoring
from digest.sending.ledger import DELIVERY, ISSUE
from digest.sending.models import DeliveryState, table
from digest.sending.settling import parse_ref
from subscribers import Keys, end, identity_of, lift_key, normalise, suppress_key
from subscribers.errors import SubscribersError

PAGE: Final = 200  # events of one transaction
MOST_PAGES: Final = 100  # of one pass: the schedule has more to do
IN_A_ROW: Final = 5  # soft bounces without a delivery between them
SOFT: Final = f"{IN_A_ROW} mails in a row could not be delivered"
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=1)
GIVEN_UP: Final = timedelta(days=3)  # an event whose receipt has not come by then
LOOKED_BACK: Final = timedelta(days=400)  # over which soft bounces count
SOFT_BOUNCE = table(SoftBounce)
_K, _S = EventKind, DeliveryState
# What the reader's server did with a mail proves that the provider had taken it.
_PROOFS: Final = frozenset(
    (_K.delivered, _K.deferred, _K.bounced, _K.complained, _K.clicked, _K.opened, _K.unsubscribed)
)
_OUTCOMES: Final = {
    _K.deferred: "deferred",
    _K.delivered: "delivered",
    _K.bounced: "bounced",
    _K.rejected: "bounced",
    _K.complained: "complained",
}
_RANKS: Final = {"deferred": 1, "delivered": 2, "bounced": 3, "complained": 4}


@dataclass(frozen=True, slots=True)
class Applied:
    """What a pass came to."""

    applied: int = 0
    waiting: int = 0


def apply_due(database: Database, keys: Keys, now: datetime) -> Applied:
    """Apply the events that are due. Safe to repeat, and by many at once; killed half-way, nothing is lost."""
    applied = waiting = 0
    for _ in range(MOST_PAGES):
        with database.writing() as session:
            rows = _due(session, now)
            states = [_apply(session, keys, row, now) for row in rows]
        waiting += states.count(EventState.waiting)
        applied += len(states) - states.count(EventState.waiting)
        if len(rows) < PAGE:
            break
    return Applied(applied, waiting)


def _due(session: Session, now: datetime) -> list[Row[Any]]:
    query = select(EVENT).where(EVENT.c.next_at <= now).order_by(EVENT.c.next_at, EVENT.c.id).limit(PAGE)
    return list(session.execute(query.with_for_update(skip_locked=True)).all())


def _apply(session: Session, keys: Keys, event: Row[Any], now: datetime) -> EventState:
    delivery = _delivery(session, event.fields.get("delivery", ""))
    if delivery is not None and delivery.state == _S.claimed:
        return _wait(session, event, now)
    if delivery is None:
        _by_address(session, keys, event, now)
        return _done(session, event, EventState.without_effect, "of a mail that is not in the ledger", now)
    _settle(session, delivery, event, now)
    _note_outcome(session, delivery, event)
    _consequences(session, delivery, event, now)
    return _done(session, event, EventState.applied, "", now)


def _delivery(session: Session, ref: str) -> Row[Any] | None:
    try:
        issue, subscriber = parse_ref(ref)
    except ValueError:
        return None
    query = select(DELIVERY).where(DELIVERY.c.issue_number == issue, DELIVERY.c.subscriber_id == subscriber)
    return session.execute(query).first()


def _wait(session: Session, event: Row[Any], now: datetime) -> EventState:
    """Let an event wait that came before its receipt; give it up where none has come for days."""
    if now - event.received_at > GIVEN_UP:
        return _done(session, event, EventState.without_effect, "its receipt never came", now)
    pause = min(FIRST_WAIT * 2.0**event.attempts, LONGEST_WAIT)
    values = {"state": EventState.waiting, "next_at": now + pause, "attempts": event.attempts + 1}
    session.execute(update(EVENT).where(EVENT.c.id == event.id).values(values))
    return EventState.waiting


def _done(session: Session, event: Row[Any], state: EventState, note: str, now: datetime) -> EventState:
    values = {"state": state, "next_at": None, "applied_at": now, "note": note}
    session.execute(update(EVENT).where(EVENT.c.id == event.id).values(values))
    return state


def _settle(session: Session, delivery: Row[Any], event: Row[Any], now: datetime) -> None:
    """Take an event as evidence of what became of a delivery whose call got no answer."""
    taken, refused = event.kind in _PROOFS, event.kind == _K.rejected
    if delivery.state not in (_S.uncertain, _S.queued) or not (taken or refused):
        return
    ledger.evidence(
        session,
        delivery.issue_number,
        [delivery.subscriber_id],
        accepted=taken,
        at=now,
        message_id=event.fields.get("message") or None,
        reason=None if taken else event.fields.get("reason") or "refused by the provider",
    )


def _note_outcome(session: Session, delivery: Row[Any], event: Row[Any]) -> None:
    """Note a stronger outcome, or the same one that happened earlier."""
    outcome = _OUTCOMES.get(EventKind(event.kind))
    if outcome is None:
        return
    held = case(_RANKS, value=DELIVERY.c.outcome, else_=0)
    same = (held == _RANKS[outcome]) & (DELIVERY.c.outcome_at > event.occurred_at)
    mine = (DELIVERY.c.issue_number == delivery.issue_number, DELIVERY.c.subscriber_id == delivery.subscriber_id)
    session.execute(
        update(DELIVERY)
        .where(*mine, or_(held < _RANKS[outcome], same))
        .values(outcome=outcome, outcome_at=event.occurred_at)
    )


def _consequences(session: Session, delivery: Row[Any], event: Row[Any], now: datetime) -> None:
    person = identity_of(session, delivery.subscriber_id)
    if person is None:
        return  # erased meanwhile: nothing is known of them, and they are banned already
    ref, address_key = person
    reason = event.fields.get("reason", "")
    if event.kind == _K.complained:
        suppress_key(session, address_key, "complaint", now, note=reason)
    elif event.kind == _K.unsubscribed:
        family = session.execute(
            select(ISSUE.c.publication_id).where(ISSUE.c.number == delivery.issue_number)
        ).scalar_one()
        end(session, ref=ref, family=family, list_id=None, at=now, source="provider")
    elif event.kind == _K.bounced and event.fields.get("permanent"):
        suppress_key(session, address_key, "hard_bounce", now, note=reason)
    elif event.kind in (_K.bounced, _K.delivered):
        _count_soft(session, delivery, event, address_key, now)


def _count_soft(session: Session, delivery: Row[Any], event: Row[Any], address_key: str, now: datetime) -> None:
    """Count soft bounces since the last delivery: too many ban the address, a delivery between them lifts that."""
    if event.kind == _K.bounced:
        _note_soft(session, delivery, event.occurred_at)
    mine = SOFT_BOUNCE.c.subscriber_id == delivery.subscriber_id
    if event.kind == _K.delivered and session.execute(select(SOFT_BOUNCE).where(mine).limit(1)).first() is None:
        return
    last = _last_delivered(session, delivery.subscriber_id, now)
    since = [mine] if last is None else [mine, SOFT_BOUNCE.c.at > last]
    count = session.execute(select(func.count()).select_from(SOFT_BOUNCE).where(*since)).scalar_one()
    if count >= IN_A_ROW:
        suppress_key(session, address_key, "hard_bounce", now, note=SOFT)
    else:
        lift_key(session, address_key, note=SOFT)


def _note_soft(session: Session, delivery: Row[Any], at: datetime) -> None:
    key = {"subscriber_id": delivery.subscriber_id, "issue_number": delivery.issue_number}
    insert_ignoring(session, SOFT_BOUNCE, [key | {"at": at}])
    mine = (SOFT_BOUNCE.c.subscriber_id == delivery.subscriber_id, SOFT_BOUNCE.c.issue_number == delivery.issue_number)
    session.execute(update(SOFT_BOUNCE).where(*mine, SOFT_BOUNCE.c.at < at).values(at=at))


def _last_delivered(session: Session, subscriber: int, now: datetime) -> datetime | None:
    """Return when a mail last reached somebody; issue by issue, since the ledger's key begins with the issue."""
    lately = select(ISSUE.c.number).where(ISSUE.c.first_accepted_at > now - LOOKED_BACK)
    query = select(func.max(DELIVERY.c.outcome_at)).where(
        DELIVERY.c.issue_number.in_(lately),
        DELIVERY.c.subscriber_id == subscriber,
        DELIVERY.c.outcome.in_(("delivered", "complained")),
    )
    latest: datetime | None = session.execute(query).scalar()
    return latest


def _by_address(session: Session, keys: Keys, event: Row[Any], now: datetime) -> None:
    """Ban an address that bounced for good or complained, though the mail was none of the ledger's."""
    dead = event.kind == _K.bounced and event.fields.get("permanent")
    if not dead and event.kind != _K.complained:
        return
    try:
        key = keys.address_key(normalise(event.fields.get("address", "")))
    except SubscribersError:
        return
    suppress_key(session, key, "hard_bounce" if dead else "complaint", now, note=event.fields.get("reason", ""))
