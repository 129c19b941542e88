"""Draws what follows from events for people: addresses that must not be mailed, and lists that end.

Soft bounces are counted by when they happened, not by when we hear of them, so that the order plays no part. It takes
the front door of ``subscribers`` for everything: this package knows none of its tables.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlmodel import Session

from digest.events.deciding import OUTCOMES, Ref, Told
from digest.events.models import SoftBounce
from digest.providers.event import EventKind
from digest.sending.bulk import among, insert_ignoring
from digest.sending.ledger import DELIVERY, ISSUE
from digest.sending.models import table
from subscribers import Keys, end, identity_of, lift_key, normalise, suppress_key
from subscribers.errors import SubscribersError

IN_A_ROW: Final = 5  # soft bounces without a delivery between them
SOFT: Final = f"{IN_A_ROW} mails in a row could not be delivered"
LOOKED_BACK: Final = timedelta(days=400)  # over which soft bounces and deliveries count
SOFT_BOUNCE = table(SoftBounce)


def draw(session: Session, keys: Keys, events: Sequence[Told], now: datetime) -> None:
    """Draw what follows from events whose deliveries are in the ledger, and stand there with their new outcomes."""
    bans = [one for one in events if one.ban]
    for one in sorted(bans, key=lambda one: (one.ref or (0, 0), one.ban)):
        _ban_reader(session, keys, one, now)
    _end_lists(session, [one for one in events if one.kind is EventKind.unsubscribed], now)
    _count_soft(session, events, now)


def ban_address(session: Session, keys: Keys, event: Told, now: datetime) -> None:
    """Forbid mail to the address an event names, if it bounced for good or complained; no address, no ban."""
    if not event.ban:
        return
    try:
        key = keys.address_key(normalise(event.address))
    except SubscribersError:
        return
    _ban(session, key, event, now)


def _ban_reader(session: Session, keys: Keys, event: Told, now: datetime) -> None:
    """Ban the address the mail was sent to. That in the event may be rewritten: it is for who was erased meanwhile."""
    person = identity_of(session, event.ref[1]) if event.ref else None
    if person is None:
        ban_address(session, keys, event, now)
    else:
        _ban(session, person[1], event, now)


def _ban(session: Session, address_key: str, event: Told, now: datetime) -> None:
    """Ban for good: a ban for soft bounces, which a delivery would lift, gives way to it."""
    lift_key(session, address_key, note=SOFT)
    suppress_key(session, address_key, event.ban, now, note=event.reason)


def _end_lists(session: Session, events: Iterable[Told], now: datetime) -> None:
    """End the lists of the mail's publication for readers who left it at the provider.

    We may hear of it late: what they confirmed anew since stays.
    """
    left: dict[Ref, datetime] = {}
    for one in events:
        if one.ref:
            left[one.ref] = max(one.at, left.get(one.ref, one.at))
    for (issue, reader), at in sorted(left.items()):
        person = identity_of(session, reader)
        if person is not None:
            query = select(ISSUE.c.publication_id).where(ISSUE.c.number == issue)
            family = session.execute(query).scalar_one()
            end(session, ref=person[0], family=family, list_id=None, at=now, source="provider", left_at=at)


def _count_soft(session: Session, events: Iterable[Told], now: datetime) -> None:
    """Count soft bounces since the last delivery: too many ban the address, a delivery between them lifts that."""
    readers: set[int] = set()
    for one in events:
        if one.ref and one.is_soft:
            _note_soft(session, *one.ref, one.at)
        if one.ref and one.kind in OUTCOMES:
            readers.add(one.ref[1])
    if not readers:
        return
    query = select(SOFT_BOUNCE.c.subscriber_id).where(among(session, SOFT_BOUNCE.c.subscriber_id, sorted(readers)))
    for reader in sorted(session.execute(query.distinct()).scalars()):
        _judge(session, reader, now)


def _note_soft(session: Session, issue: int, reader: int, at: datetime) -> None:
    insert_ignoring(session, SOFT_BOUNCE, [{"subscriber_id": reader, "issue_number": issue, "at": at}])
    mine = (SOFT_BOUNCE.c.subscriber_id == reader, SOFT_BOUNCE.c.issue_number == issue)
    session.execute(update(SOFT_BOUNCE).where(*mine, SOFT_BOUNCE.c.at < at).values(at=at))


def _judge(session: Session, reader: int, now: datetime) -> None:
    person = identity_of(session, reader)
    if person is None:
        return
    since = _last_delivered(session, reader, now) or now - LOOKED_BACK
    mine = (SOFT_BOUNCE.c.subscriber_id == reader, SOFT_BOUNCE.c.at > since)
    if session.execute(select(func.count()).select_from(SOFT_BOUNCE).where(*mine)).scalar_one() >= IN_A_ROW:
        suppress_key(session, person[1], "hard_bounce", now, note=SOFT)
    else:
        lift_key(session, person[1], note=SOFT)


def _last_delivered(session: Session, reader: int, now: datetime) -> datetime | None:
    """Return when a mail last reached somebody; issue by issue, since the ledger's key begins with the issue."""
    lately = select(ISSUE.c.number).where(ISSUE.c.first_accepted_at > now - LOOKED_BACK)
    query = select(func.max(DELIVERY.c.outcome_at)).where(
        DELIVERY.c.issue_number.in_(lately),
        DELIVERY.c.subscriber_id == reader,
        DELIVERY.c.outcome.in_(("delivered", "complained")),
    )
    latest: datetime | None = session.execute(query).scalar()
    return latest
