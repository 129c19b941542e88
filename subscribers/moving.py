"""A change of address: the new mailbox says yes, the old one is told, and what was agreed to stays agreed to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import RowMapping, delete, exists, select, update
from sqlmodel import Session

from subscribers.addresses import normalise
from subscribers.allowance import CONFIRM, allow, hold
from subscribers.audience import PERSON, SUBSCRIPTION, SUPPRESSION
from subscribers.bulk import insert_new
from subscribers.confirming import forget_people
from subscribers.consent import CONSENT, CONSENT_COLUMNS, as_ref, number_of
from subscribers.errors import Suppressed, Taken
from subscribers.joining import may_be_written_to
from subscribers.keys import Keys
from subscribers.models import SubscriptionState
from subscribers.people import MOVE

MOVED: Final = "moved"  # the action of its consent record


@dataclass(frozen=True, slots=True)
class Moving:
    """A change of address that waits, or is done."""

    id: str
    address: str  # the new one, as it is written to
    done: bool


def ask_to_move(session: Session, keys: Keys, *, ref: str, address: str, at: datetime) -> Moving | None:
    """Note that a reader wants their mail elsewhere; return what to ask the new mailbox.

    None where no mail may go there, it is where mail goes already, or enough went there today. Only the newest such
    wish counts. Raises BadAddress.
    """
    written, key, number = normalise(address), keys.address_key(address), number_of(session, ref)
    same = select(PERSON.c.id).where(PERSON.c.address_key == key, PERSON.c.id == number)
    if number is None or session.execute(same).one_or_none() is not None:
        return None
    if not may_be_written_to(session, key) or not allow(session, key, CONFIRM, at):
        return None
    session.execute(delete(MOVE).where(MOVE.c.subscriber_id == number, MOVE.c.done_at.is_(None)))
    new = uuid4()
    columns = ("id", "subscriber_id", "address", "address_key", "at")
    insert_new(session, MOVE, columns, [(new, number, written, key, at)])
    return Moving(str(new), written, done=False)


def moving(session: Session, ref: str, move_id: str) -> Moving | None:
    """Return a change of address by its id; None where it was called off, or another one came after it."""
    row = _row(session, ref, move_id)
    return None if row is None else Moving(str(row["id"]), row["address"], row["done_at"] is not None)


def stay(session: Session, *, ref: str, move_id: str) -> bool:
    """Call a change of address off; returns whether there was one that waited."""
    row = _row(session, ref, move_id)
    if row is None or row["done_at"] is not None:
        return False
    session.execute(delete(MOVE).where(MOVE.c.id == row["id"]))
    return True


def move(
    session: Session, *, ref: str, move_id: str, at: datetime, source: str, wording: str, network: str = ""
) -> bool:
    """Let a reader's mail go to the address whose mailbox said yes; returns whether that is new. Safe to repeat.

    Consent, lists and history stay. Raises Taken where another reader has the address, Suppressed where it must not
    be mailed.
    """
    row = _row(session, ref, move_id)
    if row is None or row["done_at"] is not None:
        return False
    number, key = row["subscriber_id"], row["address_key"]
    hold(session, key)
    _make_room(session, key)
    if not may_be_written_to(session, key):
        raise Suppressed("This address cannot be mailed: mail to it came back, or was reported as unwanted.")
    session.execute(delete(SUPPRESSION).where(SUPPRESSION.c.address_key == key))
    session.execute(update(PERSON).where(PERSON.c.id == number).values(address=row["address"], address_key=key))
    session.execute(update(MOVE).where(MOVE.c.id == row["id"]).values(done_at=at))
    insert_new(session, CONSENT, CONSENT_COLUMNS, [(number, "", MOVED, at, source, wording, network)])
    return True


def _make_room(session: Session, address_key: str) -> None:
    """Forget who was only ever asked for under an address. Raises Taken for a reader who has it."""
    other = session.execute(select(PERSON.c.id).where(PERSON.c.address_key == address_key)).scalar_one_or_none()
    if other is None:
        return
    waits = SUBSCRIPTION.c.state == SubscriptionState.unconfirmed
    session.execute(delete(SUBSCRIPTION).where(SUBSCRIPTION.c.subscriber_id == other, waits, ~_spoke(other)))
    forget_people(session, [other])
    if session.execute(select(PERSON.c.id).where(PERSON.c.id == other)).one_or_none() is not None:
        raise Taken("Another subscription has this address already. Change that one instead.")


def _spoke(number: int) -> Any:
    return exists().where(CONSENT.c.subscriber_id == number, CONSENT.c.action != "asked")


def _row(session: Session, ref: str, move_id: str) -> RowMapping | None:
    mine = (MOVE.c.subscriber_id == number_of(session, ref), MOVE.c.id == as_ref(move_id))
    return session.execute(select(MOVE).where(*mine)).mappings().one_or_none()
