"""The yes of a mailbox to what was asked for in its name; and forgetting what never got one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, and_, delete, exists, select, tuple_, update
from sqlmodel import Session

from subscribers import allowance
from subscribers.audience import PERSON, SUBSCRIPTION, lock
from subscribers.consent import CONSENT, as_ref, confirm, number_of
from subscribers.joining import WAITS
from subscribers.listing import ListData, known_lists
from subscribers.models import SubscriptionState
from subscribers.people import ASK, MOVE
from subscribers.transactions import Transactions

PAGE: Final = 1_000  # subscriptions a transaction


def asked(session: Session, ref: str, ask_id: str) -> tuple[ListData, ...]:
    """Return the lists that a link to confirm is about, in the newsroom's order; none where nothing is known of it."""
    row = _row(session, ref, ask_id)
    return () if row is None else tuple(known_lists(session, row["lists"].split()))


def say_yes(
    session: Session, *, ref: str, ask_id: str, at: datetime, source: str, wording: str, network: str = ""
) -> tuple[str, ...]:
    """Confirm what was asked for, and return what is new by it. Safe to repeat: an old link revives nothing.

    The name given then becomes theirs, if they had none. Raises Suppressed where the address must not be mailed.
    """
    row = _row(session, ref, ask_id)
    if row is None:
        return ()
    said: dict[str, Any] = {"at": at, "source": source, "wording": wording, "network": network}
    done = confirm(session, ref=ref, lists=row["lists"].split(), **said)
    session.execute(update(ASK).where(ASK.c.id == row["id"]).values(confirmed_at=at))
    nameless = (PERSON.c.id == row["subscriber_id"], PERSON.c.name == "")
    session.execute(update(PERSON).where(*nameless).values(name=row["name"]))
    return done


def forget_unconfirmed(database: Transactions, now: datetime) -> int:
    """Forget what waited for 30 days without a yes, people who never said one included; return how many waits ended.

    What the reader had ended before somebody asked anew stays ended, so that no import revives it. In short
    transactions, safe to repeat and to stop.
    """
    before, count = now - WAITS, 0
    while True:
        with database.writing() as session:
            some = _overdue(session, before)
            if some:
                _forget(session, some, before)
        count += len(some)
        if len(some) < PAGE:
            break
    with database.writing() as session:
        for table in (ASK, MOVE):
            session.execute(delete(table).where(table.c.at <= before))
        allowance.forget(session, now)
    return count


def forget_people(session: Session, numbers: Sequence[int]) -> None:
    """Forget those of these people who are on no list and whose mailbox never said anything."""
    spoke = exists().where(CONSENT.c.subscriber_id == PERSON.c.id, CONSENT.c.action != "asked")
    listed = exists().where(SUBSCRIPTION.c.subscriber_id == PERSON.c.id)
    never = (PERSON.c.id.in_(numbers), PERSON.c.erased_at.is_(None), ~spoke, ~listed)
    going = list(session.execute(select(PERSON.c.id).where(*never)).scalars())
    for table in (CONSENT, ASK, MOVE):
        session.execute(delete(table).where(table.c.subscriber_id.in_(going)))
    session.execute(delete(PERSON).where(PERSON.c.id.in_(going)))


def _row(session: Session, ref: str, ask_id: str) -> RowMapping | None:
    mine = (ASK.c.subscriber_id == number_of(session, ref), ASK.c.id == as_ref(ask_id))
    return session.execute(select(ASK).where(*mine)).mappings().one_or_none()


def _waits(before: datetime) -> ColumnElement[bool]:
    return and_(SUBSCRIPTION.c.state == SubscriptionState.unconfirmed, SUBSCRIPTION.c.changed_at <= before)


def _overdue(session: Session, before: datetime) -> list[tuple[int, str]]:
    """Return (subscriber, list) of what waited too long, and hold those people."""
    query = select(SUBSCRIPTION.c.subscriber_id, SUBSCRIPTION.c.list_id).where(_waits(before))
    rows = session.execute(query.order_by(SUBSCRIPTION.c.changed_at).limit(PAGE))
    found = [(number, list_id) for number, list_id in rows]
    lock(session, {number for number, _ in found})
    return found


def _forget(session: Session, some: Sequence[tuple[int, str]], before: datetime) -> None:
    these = and_(tuple_(SUBSCRIPTION.c.subscriber_id, SUBSCRIPTION.c.list_id).in_(some), _waits(before))
    left = exists().where(
        CONSENT.c.subscriber_id == SUBSCRIPTION.c.subscriber_id,
        CONSENT.c.list_id == SUBSCRIPTION.c.list_id,
        CONSENT.c.action == "ended",
    )
    session.execute(update(SUBSCRIPTION).where(these, left).values(state=SubscriptionState.ended))
    session.execute(delete(SUBSCRIPTION).where(these))
    forget_people(session, sorted({number for number, _ in some}))
