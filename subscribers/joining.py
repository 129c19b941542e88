"""Signing up: what a stranger asks for waits, and a mail asks the mailbox whether it agrees.

Nothing here tells the stranger whether an address is known: what is returned is for the mail alone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import select
from sqlmodel import Session

from subscribers.allowance import CONFIRM, LINK, allow
from subscribers.audience import PERSON, SUBSCRIPTION, SUPPRESSION
from subscribers.bulk import insert_new
from subscribers.consent import LIFTED, number_of, subscribe
from subscribers.keys import Keys
from subscribers.listing import LIST, ListData, open_lists
from subscribers.models import SubscriptionState
from subscribers.people import ASK

WAITS: Final = timedelta(days=30)  # for the yes of the mailbox


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for in the name of an address."""

    address: str
    lists: tuple[str, ...]
    source: str  # the page it came from
    wording: str  # what they were shown
    name: str = ""
    language: str = "en"
    network: str = ""  # cut short


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for the yes of a mailbox, and the person it would come to."""

    id: str
    ref: str
    address: str
    language: str
    lists: tuple[ListData, ...]
    expires: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A reader who is sent their own link, and the families that they get."""

    ref: str
    address: str
    language: str
    families: tuple[str, ...]


def ask(session: Session, keys: Keys, wish: Wish, at: datetime) -> Waiting | Member | None:
    """Note a wish, and return whom to write to; None where no mail may go there, or enough went today.

    The same lists asked for again wait under the same id. Who has them all already is a Member: their own link is
    more use to them. Raises BadAddress, UnknownList.
    """
    lists = open_lists(session, wish.lists)
    key = keys.address_key(wish.address)
    if not may_be_written_to(session, key) or not allow(session, key, CONFIRM, at):
        return None
    member = _member(session, key)
    if member is not None and _has_all(session, member.ref, wish.lists):
        return member
    ref = subscribe(
        session,
        keys,
        address=wish.address,
        lists=wish.lists,
        at=at,
        source=wish.source,
        wording=wish.wording,
        language=wish.language,
        network=wish.network,
        confirmed=False,
    )
    return _waiting(session, ref, wish, lists, at)


def link(session: Session, keys: Keys, address: str, at: datetime) -> Member | None:
    """Return the reader who asks for their own link; None for nobody, or where no mail may go. Raises BadAddress."""
    key = keys.address_key(address)
    if suppression(session, key) is not None:
        return None
    member = _member(session, key)
    return member if member is not None and allow(session, key, LINK, at) else None


def fresh(session: Session, keys: Keys, ref: str, at: datetime) -> Member | None:
    """Return the reader of a ref, to be sent a fresh link; else as ``link``."""
    query = select(PERSON.c.address).where(PERSON.c.id == number_of(session, ref))
    address = session.execute(query).scalar_one_or_none()
    return None if address is None else link(session, keys, address, at)


def suppression(session: Session, address_key: str) -> str | None:
    """Return why an address must not be mailed; None if it may."""
    reason: str | None = session.execute(
        select(SUPPRESSION.c.reason).where(SUPPRESSION.c.address_key == address_key)
    ).scalar_one_or_none()
    return reason


def may_be_written_to(session: Session, address_key: str) -> bool:
    """Tell whether an address may be asked for its yes: not after a complaint or a hard bounce."""
    return suppression(session, address_key) in {None, *LIFTED}


def _member(session: Session, address_key: str) -> Member | None:
    """Return the person of an address whose mailbox once said yes, with their families; None else."""
    mine = (
        select(PERSON.c.ref, PERSON.c.address, PERSON.c.language, LIST.c.family)
        .join(SUBSCRIPTION, SUBSCRIPTION.c.subscriber_id == PERSON.c.id)
        .join(LIST, LIST.c.id == SUBSCRIPTION.c.list_id)
        .where(PERSON.c.address_key == address_key, SUBSCRIPTION.c.state != SubscriptionState.unconfirmed)
    )
    rows = session.execute(mine.order_by(LIST.c.family)).all()
    if not rows:
        return None
    families = tuple(dict.fromkeys(row.family for row in rows))
    return Member(str(rows[0].ref), rows[0].address, rows[0].language, families)


def _has_all(session: Session, ref: str, lists: tuple[str, ...]) -> bool:
    confirmed = (SUBSCRIPTION.c.state == SubscriptionState.confirmed, SUBSCRIPTION.c.list_id.in_(lists))
    mine = select(SUBSCRIPTION.c.list_id).where(SUBSCRIPTION.c.subscriber_id == number_of(session, ref), *confirmed)
    return set(session.execute(mine).scalars()) == set(lists)


def _waiting(session: Session, ref: str, wish: Wish, lists: list[ListData], at: datetime) -> Waiting:
    number = number_of(session, ref)
    names = " ".join(sorted(set(wish.lists)))
    same = (ASK.c.subscriber_id == number, ASK.c.lists == names, ASK.c.confirmed_at.is_(None), ASK.c.at > at - WAITS)
    found = session.execute(select(ASK.c.id, ASK.c.at).where(*same).order_by(ASK.c.at.desc()).limit(1)).one_or_none()
    if found is None:
        found_id, since = uuid4(), at
        columns = ("id", "subscriber_id", "lists", "name", "at")
        insert_new(session, ASK, columns, [(found_id, number, names, wish.name, at)])
    else:
        found_id, since = found
    person = session.execute(select(PERSON.c.address, PERSON.c.language).where(PERSON.c.id == number)).one()
    return Waiting(str(found_id), ref, person.address, person.language, tuple(lists), since + WAITS)
