"""Gives the lists of a family another order, and the audiences that follow from it; in short transactions."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import exists, select, update
from sqlmodel import Session

from subscribers.audience import AUDIENCE, MEMBER, SUBSCRIPTION, audience_numbers, lock, refresh_audience
from subscribers.errors import SubscribersError
from subscribers.listing import LIST, lists
from subscribers.transactions import Transactions

CHUNK: Final = 5_000  # readers a transaction


def reorder(database: Transactions, family: str, ids: Sequence[str]) -> int:
    """Put the lists of a family in this order; returns how many readers get theirs in another one from now on.

    Readers who chose an order of their own keep it. Safe to repeat, and to stop in the middle: the same again goes on.
    Raises SubscribersError where these are not the family's lists, each once.
    """
    with database.writing() as session:
        if sorted(ids) != sorted(data.id for data in lists(session, family)):
            raise SubscribersError("The lists have changed meanwhile: one came or went. Look again.")
        for place, list_id in enumerate(ids, start=1):
            session.execute(update(LIST).where(LIST.c.id == list_id).values(position=place))
        moves = _moves(session, family, ids)
    moved = 0
    for old, new in moves:
        while True:
            with database.writing() as session:
                some = _move_some(session, family, ids, old, new)
            moved += some
            if not some:
                break
    _refresh_own(database, family, ids)
    return moved


def _moves(session: Session, family: str, ids: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of audiences: those in another order, and what they become."""
    place = {list_id: number for number, list_id in enumerate(ids)}
    known = session.execute(select(AUDIENCE.c.id, AUDIENCE.c.lists).where(AUDIENCE.c.family == family)).all()
    wanted: dict[int, tuple[str, ...]] = {}
    for number, joined in known:
        now = tuple(joined.split())
        then = tuple(sorted(now, key=lambda one: place.get(one, len(place))))
        if then != now:
            wanted[number] = then
    numbers = audience_numbers(session, family, set(wanted.values()), make=True)
    return [(old, numbers[then]) for old, then in wanted.items()]


def _move_some(session: Session, family: str, ids: Sequence[str], old: int, new: int) -> int:
    """Move some readers of an audience to another one; returns how many, 0 once there are none left."""
    mine = (SUBSCRIPTION.c.subscriber_id == MEMBER.c.subscriber_id, SUBSCRIPTION.c.list_id.in_(ids))
    own = exists().where(*mine, SUBSCRIPTION.c.position != 0)
    here = (MEMBER.c.audience_id == old, MEMBER.c.family == family)
    query = select(MEMBER.c.subscriber_id).where(*here, ~own).order_by(MEMBER.c.subscriber_id).limit(CHUNK)
    some = list(session.execute(query).scalars())
    lock(session, some)
    if some:
        change = update(MEMBER).where(*here, MEMBER.c.subscriber_id.in_(some))
        session.execute(change.values(audience_id=new))
    return len(some)


def _refresh_own(database: Transactions, family: str, ids: Sequence[str]) -> None:
    """Work out anew the audiences of readers with an order of their own: what they did not name follows the new one."""
    last = 0
    while True:
        with database.writing() as session:
            mine = (SUBSCRIPTION.c.list_id.in_(ids), SUBSCRIPTION.c.position != 0, SUBSCRIPTION.c.subscriber_id > last)
            query = select(SUBSCRIPTION.c.subscriber_id).where(*mine).distinct()
            some = list(session.execute(query.order_by(SUBSCRIPTION.c.subscriber_id).limit(CHUNK)).scalars())
            lock(session, some)
            refresh_audience(session, some, {family})
        if not some:
            return
        last = some[-1]
