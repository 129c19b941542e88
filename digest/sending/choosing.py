"""Choosing who leaves next: the readers of one edition whose moment has come, found without looking at the others."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, select
from sqlmodel import Session

from digest.sending import revising
from digest.sending.ledger import DELIVERY, QUEUED

waits_until = DELIVERY.c.next_attempt_at


class Head(NamedTuple):
    """The first of those who may leave now."""

    edition_number: int
    waited_for: datetime | None  # its next try, or the hour of its wave; None: for nothing


def head(session: Session, issue_number: int, now: datetime) -> Head | None:
    """Return whom to send to next; whoever waits for an outdated edition is moved to the issue as it is now."""
    while (found := _first(session, issue_number, now)) is not None:
        if not revising.is_outdated(session, issue_number, found.edition_number):
            return found
        revising.renew(session, issue_number, found.edition_number, now)
    return None


def _first(session: Session, issue_number: int, now: datetime) -> Head | None:
    """Return the first whose moment has come, the longest waiting one before; else the first who waits for none.

    Two questions, since each is answered by the index at once, however many wait for a later moment.
    """
    for when in (waits_until <= now, waits_until.is_(None)):
        query = _queued(issue_number, when).with_only_columns(DELIVERY.c.edition_number, waits_until).limit(1)
        row = session.execute(query.with_for_update(skip_locked=True)).first()
        if row is not None:
            return Head(*row)
    return None


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
