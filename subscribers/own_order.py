"""The order in which a reader's mail shows their lists: the newsroom's, or one of their own."""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlmodel import Session

from subscribers.audience import SUBSCRIPTION, refresh_audience
from subscribers.consent import number_of
from subscribers.listing import LIST
from subscribers.people import Standing


def raised(standing: Standing, list_id: str) -> tuple[str, ...]:
    """Return the lists that come to a reader, one of them moved up by a place; unknown ones move nothing."""
    order = [data.id for data in standing.coming]
    place = order.index(list_id) if list_id in order else 0
    if place:
        order[place - 1 : place + 1] = order[place], order[place - 1]
    return tuple(order)


def set_order(session: Session, *, ref: str, family: str, order: Sequence[str]) -> None:
    """Let a family's lists come in this order; those not named follow in the newsroom's. An empty one: all do.

    A ref that nobody has is no error.
    """
    number = number_of(session, ref)
    if number is None:
        return
    places = {list_id: place for place, list_id in enumerate(order, 1)}
    for list_id in session.execute(select(LIST.c.id).where(LIST.c.family == family)).scalars().all():
        mine = (SUBSCRIPTION.c.subscriber_id == number, SUBSCRIPTION.c.list_id == list_id)
        session.execute(update(SUBSCRIPTION).where(*mine).values(position=places.get(list_id, 0)))
    refresh_audience(session, [number], {family})
