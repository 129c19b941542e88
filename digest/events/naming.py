"""Finds the delivery that an event speaks of where it bears a message's id only, not our name of the delivery.

Postmark's list of bounces is so, and SES without a configuration set. The ledger keeps the id that the provider gave
a mail when it took it, so what was taken is found, by the reader's address and that id. What is uncertain has no id:
of that such an event proves nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sqlalchemy import select
from sqlmodel import Session

from digest.events.deciding import Ref, Told
from digest.sending.ledger import DELIVERY, ISSUE
from digest.sending.models import DeliveryState
from subscribers import Keys, find, look_up
from subscribers.errors import SubscribersError


def named(session: Session, keys: Keys, events: Mapping[int, Told]) -> dict[int, Told]:
    """Return events by their ids, those without our name with the delivery that the ledger knows by its message id."""
    found = dict(events)
    for one in _nameless(events.values()):
        ref = _ref(session, keys, one)
        if ref is not None:
            found[one.id] = replace(one, ref=ref)
    return found


def is_nameless(event: Told) -> bool:
    """Tell whether an event speaks of a mail that only its message id could name."""
    return event.ref is None and bool(event.message)


def _nameless(events: Iterable[Told]) -> list[Told]:
    return [one for one in events if is_nameless(one) and one.address]


def _ref(session: Session, keys: Keys, event: Told) -> Ref | None:
    """Return the reader's delivery with that message id; one that is in a call just now, where that may be it."""
    number = _number(session, keys, event.address)
    if number is None:
        return None
    column = DELIVERY.c
    query = select(column.issue_number, column.state, column.provider_message_id).where(
        column.issue_number.in_(select(ISSUE.c.number)),  # issue by issue: the ledger's key begins with it
        column.subscriber_id == number,
    )
    rows = session.execute(query.order_by(column.issue_number.desc())).all()
    mine = [row.issue_number for row in rows if row.provider_message_id == event.message]
    in_a_call = [row.issue_number for row in rows if row.state == DeliveryState.claimed]
    return next(((issue, number) for issue in (*mine, *in_a_call)), None)


def _number(session: Session, keys: Keys, address: str) -> int | None:
    try:
        person = find(session, keys, address)
    except SubscribersError:
        return None
    known = look_up(session, person.ref) if person else None
    return known[0] if known else None
