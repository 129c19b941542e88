"""Choosing who leaves next: the readers of one edition whose moment has come, found without looking at the others."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, exists, select
from sqlmodel import Session

from digest.sending import revising
from digest.sending.bulk import is_sqlite
from digest.sending.ledger import DELIVERY, QUEUED
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
    for when in (waits_until <= now, waits_until.is_(None)):
        found = _locked(session, _queued(issue_number, when))
        if found is not None:
            return found
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
    query = queued.with_only_columns(DELIVERY.c.edition_number, waits_until).limit(1)
    row = session.execute(query.with_for_update(skip_locked=True)).first()
    return Head(*row) if row else None


def _with_readers(session: Session, issue_number: int, editions: Sequence[int]) -> Sequence[int]:
    """Return those of some editions for which somebody is queued who waits for no moment."""
    mine = (DELIVERY.c.issue_number == issue_number, QUEUED, waits_until.is_(None))
    somebody = exists().where(*mine, DELIVERY.c.edition_number == EDITION.c.number)
    query = select(EDITION.c.number).where(EDITION.c.number.in_(editions), somebody)
    return session.execute(query.order_by(EDITION.c.number)).scalars().all()


def members(session: Session, issue_number: int, first: Head, most: int) -> list[int]:
    """Return those who leave with the first: of its edition, of its moment; then those who wait for none."""
    chosen: list[int] = []
    for when in (
        (waits_until == first.waited_for, waits_until.is_(None)) if first.waited_for else (waits_until.is_(None),)
    ):
        query = _queued(issue_number, when).where(DELIVERY.c.edition_number == first.edition_number)
        limited = query.limit(most - len(chosen)).with_for_update(skip_locked=True)
        chosen += session.execute(limited).scalars()
        if len(chosen) == most:
            break
    return chosen


def _queued(issue_number: int, when: ColumnElement[bool]) -> Select[Any]:
    """Return a select of queued readers in the order of the index, so that nothing is sorted."""
    order = (waits_until, DELIVERY.c.edition_number, DELIVERY.c.subscriber_id)
    return (
        select(DELIVERY.c.subscriber_id).where(DELIVERY.c.issue_number == issue_number, QUEUED, when).order_by(*order)
    )
