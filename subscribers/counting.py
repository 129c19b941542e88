"""Counts the readers of lists: how many stand how now, and how that grew; each by one grouped query over all lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, and_, case, func, literal, select
from sqlmodel import Session

from subscribers.audience import PERSON, SUBSCRIPTION, SUPPRESSION
from subscribers.consent import CONSENT
from subscribers.models import SubscriptionState

WEEK: Final = timedelta(days=7)
_SIGNS: Final[Mapping[str, int]] = {"confirmed": 1, "ended": -1}


@dataclass(frozen=True, slots=True)
class ListNumbers:
    """The readers of one list by state. Who is ``paused`` or ``suppressed`` is confirmed, but gets no mail now."""

    confirmed: int = 0
    unconfirmed: int = 0
    ended: int = 0
    paused: int = 0
    suppressed: int = 0


def list_numbers(session: Session, now: datetime) -> dict[str, ListNumbers]:
    """Return the numbers of each list that anybody ever was on. Erased people are on none."""
    found: dict[str, dict[str, int]] = {}
    for kind, query in _queries(now):
        for list_id, state, readers in session.execute(query):
            found.setdefault(list_id, {})[state if kind == "state" else kind] = readers
    return {list_id: ListNumbers(**numbers) for list_id, numbers in found.items()}


def growth(session: Session, now: datetime, weeks: int = 8) -> dict[str, tuple[int, ...]]:
    """Return for each list how many more came than left in each of the last weeks, the oldest first."""
    begins = [now - WEEK * (weeks - number) for number in range(weeks)]
    week = case(*((CONSENT.c.at >= begins[number], number) for number in reversed(range(weeks))), else_=0)
    query = (
        select(CONSENT.c.list_id, week, CONSENT.c.action, func.count())
        .where(CONSENT.c.at >= begins[0], CONSENT.c.at <= now, CONSENT.c.action.in_(tuple(_SIGNS)))
        .group_by(CONSENT.c.list_id, week, CONSENT.c.action)
    )
    grown: dict[str, list[int]] = {}
    for list_id, number, action, people in session.execute(query):
        grown.setdefault(list_id, [0] * weeks)[number] += _SIGNS[action] * people
    return {list_id: tuple(numbers) for list_id, numbers in grown.items()}


def _queries(now: datetime) -> tuple[tuple[str, Select[Any]], ...]:
    confirmed = and_(SUBSCRIPTION.c.subscriber_id == PERSON.c.id, SUBSCRIPTION.c.state == SubscriptionState.confirmed)
    mine = select(SUBSCRIPTION.c.list_id, literal(""), func.count()).group_by(SUBSCRIPTION.c.list_id)
    banned = mine.select_from(SUPPRESSION).join(PERSON, PERSON.c.address_key == SUPPRESSION.c.address_key)
    paused = mine.select_from(PERSON).join(SUBSCRIPTION, confirmed).where(PERSON.c.paused_until > now)
    states = select(SUBSCRIPTION.c.list_id, SUBSCRIPTION.c.state, func.count())
    return (
        ("state", states.group_by(SUBSCRIPTION.c.list_id, SUBSCRIPTION.c.state)),
        ("paused", paused),
        ("suppressed", banned.join(SUBSCRIPTION, confirmed)),
    )
