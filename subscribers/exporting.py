"""Exporting subscribers to CSV, in the columns that importing reads, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Select, exists, func, select
from sqlmodel import Session

from subscribers.audience import PERSON, SUBSCRIPTION, SUPPRESSION
from subscribers.consent import CONSENT
from subscribers.csv_rows import COLUMNS, GUARDED
from subscribers.listing import LIST, known_lists
from subscribers.models import SubscriptionState

PAGE: Final = 5_000  # people held in memory at a time


def export_csv(session: Session, *, lists: Sequence[str] = ()) -> Iterator[str]:
    """Yield the text of a CSV file, page by page: all subscribers, or those of some lists.

    A person has a row of confirmed lists, and one of lists that wait. What ended, is erased or must not be mailed is
    left out, so that the file can be imported anywhere. Raises UnknownList.
    """
    known_lists(session, lists)
    yield _text([COLUMNS])
    last = 0
    while (upto := session.execute(_page_end(last)).scalar_one()) is not None:
        rows = session.execute(_rows(last, upto, lists))
        yield _text([_line(person, group) for person, group in groupby(rows, key=lambda row: row[:6])])
        last = upto


def _page_end(after: int) -> Select[Any]:
    page = select(PERSON.c.id).where(PERSON.c.id > after).order_by(PERSON.c.id).limit(PAGE).subquery()
    return select(func.max(page.c.id))


def _rows(after: int, upto: int, lists: Sequence[str]) -> Select[Any]:
    """Return a select of (address, name, language, zone, consent's time, its source, list)."""
    banned = exists().where(SUPPRESSION.c.address_key == PERSON.c.address_key)
    proof = _proofs(after, upto).subquery()
    mine = (proof.c.subscriber_id == PERSON.c.id) & (proof.c.list_id == SUBSCRIPTION.c.list_id)
    query = (
        select(PERSON.c.address, PERSON.c.name, PERSON.c.language, PERSON.c.zone)
        .add_columns(CONSENT.c.at, CONSENT.c.source, LIST.c.id)
        .join(SUBSCRIPTION, SUBSCRIPTION.c.subscriber_id == PERSON.c.id)
        .join(LIST, LIST.c.id == SUBSCRIPTION.c.list_id)
        .join(proof, mine & (SUBSCRIPTION.c.state == SubscriptionState.confirmed), isouter=True)
        .join(CONSENT, CONSENT.c.id == proof.c.id, isouter=True)
        .where(PERSON.c.id > after, PERSON.c.id <= upto, PERSON.c.erased_at.is_(None), ~banned)
        .where(SUBSCRIPTION.c.state != SubscriptionState.ended)
        .order_by(PERSON.c.id, CONSENT.c.at, CONSENT.c.source, LIST.c.family, LIST.c.position, LIST.c.id)
    )
    return query.where(SUBSCRIPTION.c.list_id.in_(lists)) if lists else query


def _proofs(after: int, upto: int) -> Select[Any]:
    """Return a select of the newest consent of each subscriber on each list."""
    said = select(CONSENT.c.subscriber_id, CONSENT.c.list_id, func.max(CONSENT.c.id).label("id"))
    some = said.where(CONSENT.c.subscriber_id > after, CONSENT.c.subscriber_id <= upto)
    return some.where(CONSENT.c.action == "confirmed").group_by(CONSENT.c.subscriber_id, CONSENT.c.list_id)


def _line(person: Sequence[Any], rows: Iterator[Any]) -> list[str]:
    address, name, language, zone, at, source = person
    names = "|".join(row[6] for row in rows)
    said = (at.isoformat() if at else "", source or "")
    return [_guarded(cell) for cell in (address, name, language, names, *said, zone)]


def _guarded(cell: str) -> str:
    """Keep a spreadsheet from taking a cell for a formula."""
    return f"'{cell}" if cell.startswith(GUARDED) else cell


def _text(rows: Sequence[Sequence[str]]) -> str:
    page = io.StringIO()
    csv.writer(page, lineterminator="\r\n").writerows(rows)
    return page.getvalue()
