"""Choosing who leaves next: the readers of one edition whose moment has come, found without looking at the others."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, Update, any_, bindparam, exists, func, select, update
from sqlmodel import Session

from digest.sending import revising
from digest.sending.bulk import is_sqlite, rowcount
from digest.sending.ledger import DELIVERY, QUEUED
from digest.sending.models import DeliveryState
from digest.sending.revising import EDITION

waits_until = DELIVERY.c.next_attempt_at


class Head(NamedTuple):
    """The first of those who may leave now."""

    edition_number: int
    waited_for: datetime | None  # its next try, or the hour of its wave; None: for nothing


def head(session: Session, issue_number: int, now: datetime, editions: Sequence[int] | None = None) -> Head | None:
    """Return whom to send to next; whoever waits for an outdated edition is moved to the issue as it is now.

    ``editions``: look only at these (they go by one account); None: at all.
    """
    while (found := _next(session, issue_number, now, editions)) is not None:
        if not revising.is_outdated(session, issue_number, found.edition_number):
            return found
        revising.renew(session, issue_number, found.edition_number, now)
    return None


def _next(session: Session, issue_number: int, now: datetime, editions: Sequence[int] | None) -> Head | None:
    return _first(session, issue_number, now) if editions is None else _first_of(session, issue_number, now, editions)


def _first(session: Session, issue_number: int, now: datetime) -> Head | None:
    """Return the first whose moment has come, the longest waiting one before; else the first who waits for none.

    Two questions, since each is answered by the index at once, however many wait for a later moment.
    """
    values = {"issue": issue_number, "now": now}
    for asked in _FIRST:
        row = session.execute(asked, values).first()
        if row is not None:
            return Head(*row)
    return None


def _first_of(session: Session, issue_number: int, now: datetime, editions: Sequence[int]) -> Head | None:
    """Return the first of some editions, asked as in ``_first``; the readers of others are not passed one by one.

    SQLite goes through the index edition by edition of its own accord. PostgreSQL before 17 would sort all readers
    first: it is led to one edition after the other.
    """
    mine = DELIVERY.c.edition_number.in_(editions)
    found = _locked(session, _queued(issue_number, waits_until <= now).where(mine))
    at_once = _queued(issue_number, waits_until.is_(None))
    if found or is_sqlite(session):
        return found or _locked(session, at_once.where(mine))
    asked = (at_once.where(DELIVERY.c.edition_number == one) for one in _with_readers(session, issue_number, editions))
    return next((head for query in asked if (head := _locked(session, query))), None)


def _locked(session: Session, queued: Select[Any]) -> Head | None:
    row = session.execute(_one_of(queued)).first()
    return Head(*row) if row else None


def _one_of(queued: Select[Any]) -> Select[Any]:
    query = queued.with_only_columns(DELIVERY.c.edition_number, waits_until).limit(1)
    return query.with_for_update(skip_locked=True)


def _with_readers(session: Session, issue_number: int, editions: Sequence[int]) -> Sequence[int]:
    """Return those of some editions for which somebody is queued who waits for no moment."""
    mine = (DELIVERY.c.issue_number == issue_number, QUEUED, waits_until.is_(None))
    somebody = exists().where(*mine, DELIVERY.c.edition_number == EDITION.c.number)
    query = select(EDITION.c.number).where(EDITION.c.number.in_(editions), somebody)
    return session.execute(query.order_by(EDITION.c.number)).scalars().all()


def take(session: Session, issue_number: int, first: Head, most: int, batch_number: int) -> int:
    """Make those members of a batch who leave with the first; returns how many they are.

    They are of its edition and of its moment; then come those who wait for none. One statement finds and takes them:
    a thousand numbers are not carried out of the database and back.
    """
    here, number = {"issue": issue_number, "edition": first.edition_number}, batch_number
    statements = _takers(is_sqlite(session))
    taken = 0
    if first.waited_for:
        values = {**here, "number": number, "most": most, "moment": first.waited_for}
        taken = rowcount(session.execute(statements[0], values))
    if taken < most:
        taken += rowcount(session.execute(statements[1], {**here, "number": number, "most": most - taken}))
    return taken


@cache
def _takers(sqlite: bool) -> tuple[Update, Update]:  # noqa: FBT001 - one for each of two databases
    """Return the statements of ``take``: for who waited for a moment, and for who waits for none.

    PostgreSQL is told to find them once, as an array: as a plain IN it may ask again for each row, and take too many.
    The edition is asked for as a range of one: were it fixed as all the rest is, the primary key would have the wanted
    order, too, and SQLite would go by it through all who are sent already, in each batch through more.
    """
    edition = DELIVERY.c.edition_number.between(bindparam("edition"), bindparam("edition"))
    made = []
    for when in (waits_until == bindparam("moment"), waits_until.is_(None)):
        query = _queued(bindparam("issue"), when).where(edition).limit(bindparam("most"))
        found = query.with_for_update(skip_locked=True)
        here = DELIVERY.c.subscriber_id
        chosen = here.in_(found) if sqlite else here == any_(func.array(found.scalar_subquery()))
        taking = update(DELIVERY).where(DELIVERY.c.issue_number == bindparam("issue"), chosen)
        made.append(taking.values(state=DeliveryState.claimed.value, batch_number=bindparam("number")))
    return made[0], made[1]


def _queued(issue_number: Any, when: ColumnElement[bool]) -> Select[Any]:
    """Return a select of queued readers in the order of the index, so that nothing is sorted."""
    order = (waits_until, DELIVERY.c.edition_number, DELIVERY.c.subscriber_id)
    return (
        select(DELIVERY.c.subscriber_id).where(DELIVERY.c.issue_number == issue_number, QUEUED, when).order_by(*order)
    )


_FIRST: Final = tuple(
    _one_of(_queued(bindparam("issue"), when)) for when in (waits_until <= bindparam("now"), waits_until.is_(None))
)
