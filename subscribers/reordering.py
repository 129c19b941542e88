"""Gives the lists of a family another order, and the audiences that follow from it; in short transactions."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import func, select, update
from sqlmodel import Session

from subscribers.audience import AUDIENCE, MEMBER, SUBSCRIPTION, lock, refresh_audience
from subscribers.errors import SubscribersError
from subscribers.listing import LIST, lists
from subscribers.models import SubscriptionState
from subscribers.transactions import Transactions

CHUNK: Final = 5_000  # readers a transaction
AT_ONCE: Final = 5_000  # readers of a family up to which a person may wait for all of them


def reorder(database: Transactions, family: str, ids: Sequence[str]) -> int | None:
    """Put the lists of a family in this order; returns how many readers get theirs in another one from now on.

    None: the family has too many readers for somebody to wait; ``settle_orders`` moves them, which every pass of a
    worker calls. Lists that a reader put in an order of their own keep it. Raises SubscribersError where these are not
    the family's lists, each once.
    """
    with database.writing() as session:
        if sorted(ids) != sorted(data.id for data in lists(session, family)):
            raise SubscribersError("The lists have changed meanwhile: one came or went. Look again.")
        for place, list_id in enumerate(ids, start=1):
            session.execute(update(LIST).where(LIST.c.id == list_id).values(position=place))
        some = select(MEMBER.c.subscriber_id).where(MEMBER.c.family == family).limit(AT_ONCE + 1).subquery()
        readers = session.execute(select(func.count()).select_from(some)).scalar_one()
    return None if readers > AT_ONCE else _settle(database, family)


def settle_orders(database: Transactions) -> int:
    """Let every reader's audience follow the newsroom's order of now; returns how many moved. Safe to repeat.

    What is to do is read from what is stored, so that it goes on after whatever ended it in the middle.
    """
    with database.reading() as session:
        families = session.execute(select(LIST.c.family).distinct().order_by(LIST.c.family)).scalars().all()
    return sum(_settle(database, family) for family in families)


def _settle(database: Transactions, family: str) -> int:
    with database.reading() as session:
        order = {data.id: place for place, data in enumerate(lists(session, family))}
        known = session.execute(
            select(AUDIENCE.c.id, AUDIENCE.c.lists).where(AUDIENCE.c.family == family).order_by(AUDIENCE.c.id)
        ).all()
    moved = 0
    for audience, joined in known:
        held = joined.split()
        kept = _in_order(held, order)
        last = 0 if kept < len(held) else None
        while last is not None:
            with database.writing() as session:
                some = _some(session, family, audience, held, kept, last)
                if some:
                    lock(session, some)
                    refresh_audience(session, some, {family})
            moved, last = moved + len(some), some[-1] if len(some) == CHUNK else None
    return moved


def _in_order(held: Sequence[str], order: Mapping[str, int]) -> int:
    """Return how many lists at the end of an audience follow each other as the newsroom has them. Pure.

    Lists that a reader did not name come last, in the newsroom's order. So who named none of more than these is not
    where they belong; a reader without an own order named none at all.
    """
    places = [order.get(one, len(order)) for one in held]
    broken = [number for number in range(1, len(places)) if places[number - 1] > places[number]]
    return len(places) - (broken[-1] if broken else 0)


def _some(  # noqa: PLR0917 - one place in one audience
    session: Session, family: str, audience: int, held: Sequence[str], kept: int, last: int
) -> list[int]:
    """Return the next readers of an audience that named none of more than ``kept`` of its lists."""
    unnamed = (
        select(func.count())
        .where(
            SUBSCRIPTION.c.subscriber_id == MEMBER.c.subscriber_id,
            SUBSCRIPTION.c.list_id.in_(held),
            SUBSCRIPTION.c.state == SubscriptionState.confirmed,
            SUBSCRIPTION.c.position == 0,
        )
        .scalar_subquery()
    )
    here = (MEMBER.c.audience_id == audience, MEMBER.c.family == family, MEMBER.c.subscriber_id > last)
    query = select(MEMBER.c.subscriber_id).where(*here, unnamed > kept).order_by(MEMBER.c.subscriber_id)
    return list(session.execute(query.limit(CHUNK)).scalars())
