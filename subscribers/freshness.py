"""Since when each reader of a family is one: who confirmed last is the surest to be there."""

from typing import Any

from sqlalchemy import Select, func, select

from subscribers.listing import LIST
from subscribers.models import Subscription, SubscriptionState, table

SUBSCRIPTION = table(Subscription)


def confirmed_since(family: str) -> Select[Any]:
    """Return a select of (subscriber_id, at): when each last confirmed one of the family's lists they are on."""
    confirmed = (LIST.c.family == family, SUBSCRIPTION.c.state == SubscriptionState.confirmed)
    at = func.max(SUBSCRIPTION.c.changed_at).label("at")
    query = select(SUBSCRIPTION.c.subscriber_id, at).join(LIST, LIST.c.id == SUBSCRIPTION.c.list_id)
    return query.where(*confirmed).group_by(SUBSCRIPTION.c.subscriber_id)
