"""Finds readers by a part of their address, by list and by state; a page looks at so many at most."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, select
from sqlmodel import Session

from subscribers.audience import PERSON, SUBSCRIPTION, SUPPRESSION
from subscribers.bulk import among
from subscribers.errors import SubscribersError
from subscribers.models import SubscriptionState

STATES: Final = (*(state.value for state in SubscriptionState), "paused", "suppressed")
PAGE: Final = 50
LOOKED_AT: Final = 200_000  # people that one page looks through


@dataclass(frozen=True, slots=True)
class Reader:
    """What a list of readers shows of one."""

    ref: str
    address: str
    name: str
    language: str
    created_at: datetime
    paused: bool
    suppressed: str  # the reason, or ""
    lists: tuple[tuple[str, str], ...]  # (list, state)


@dataclass(frozen=True, slots=True)
class Found:
    """Some readers, the newest first. ``before``: where the next page begins; None at the end."""

    readers: tuple[Reader, ...]
    before: int | None
    broke_off: bool  # enough was looked at; there may be more further back


def search(
    session: Session,
    now: datetime,
    *,
    text: str = "",
    state: str = "",
    list_id: str = "",
    before: int | None = None,
    limit: int = PAGE,
) -> Found:
    """Return readers that fit all that is asked, by the cursor ``before``; ``state``: one of ``STATES``, on any list.

    Raises SubscribersError for a state that is none.
    """
    if state and state not in STATES:
        raise SubscribersError(f"{state[:40]!r} is no state. States: {', '.join(STATES)}.")
    top = before if before is not None else _highest(session) + 1
    floor = max(0, top - LOOKED_AT)
    query = select(PERSON.c.id).where(PERSON.c.id < top, PERSON.c.id >= floor, PERSON.c.erased_at.is_(None))
    query = query.where(*_conditions(now, text.strip(), state, list_id)).order_by(PERSON.c.id.desc())
    ids = list(session.execute(query.limit(limit + 1)).scalars())
    readers = tuple(_readers(session, ids[:limit], now))
    if len(ids) > limit:
        return Found(readers, ids[limit - 1], broke_off=False)
    return Found(readers, floor if floor > 1 else None, broke_off=floor > 1)


def _highest(session: Session) -> int:
    return int(session.execute(select(func.coalesce(func.max(PERSON.c.id), 0))).scalar_one())


def _conditions(now: datetime, text: str, state: str, list_id: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if text:
        found.append(PERSON.c.address.icontains(text, autoescape=True))
    mine = [SUBSCRIPTION.c.subscriber_id == PERSON.c.id]
    if state in {one.value for one in SubscriptionState}:
        mine.append(SUBSCRIPTION.c.state == state)
    if list_id:
        mine.append(SUBSCRIPTION.c.list_id == list_id)
    if len(mine) > 1:
        found.append(exists().where(*mine))
    if state == "paused":
        found.append(PERSON.c.paused_until > now)
    if state == "suppressed":
        found.append(exists().where(SUPPRESSION.c.address_key == PERSON.c.address_key))
    return found


def _readers(session: Session, ids: Sequence[int], now: datetime) -> list[Reader]:
    query = select(PERSON, SUPPRESSION.c.reason).join(
        SUPPRESSION, SUPPRESSION.c.address_key == PERSON.c.address_key, isouter=True
    )
    rows = session.execute(query.where(among(PERSON.c.id, sorted(ids))).order_by(PERSON.c.id.desc())).mappings().all()
    mine = select(SUBSCRIPTION.c.subscriber_id, SUBSCRIPTION.c.list_id, SUBSCRIPTION.c.state)
    stands: dict[int, list[tuple[str, str]]] = {}
    some = mine.where(among(SUBSCRIPTION.c.subscriber_id, sorted(ids))).order_by(SUBSCRIPTION.c.list_id)
    for number, list_id, state in session.execute(some):
        stands.setdefault(number, []).append((list_id, state))
    return [_reader(row, stands.get(row["id"], []), now) for row in rows]


def _reader(row: Any, stands: Sequence[tuple[str, str]], now: datetime) -> Reader:
    return Reader(
        ref=str(row["ref"]),
        address=row["address"],
        name=row["name"],
        language=row["language"],
        created_at=row["created_at"],
        paused=row["paused_until"] is not None and row["paused_until"] > now,
        suppressed=row["reason"] or "",
        lists=tuple(stands),
    )
