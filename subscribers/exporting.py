"""Exporting subscribers to CSV, in the columns that other systems read, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select
from sqlmodel import Session

from subscribers.audience import PERSON, SUBSCRIPTION, SUPPRESSION
from subscribers.consent import CONSENT
from subscribers.csv_rows import guarded
from subscribers.errors import SubscribersError
from subscribers.export_formats import FORMATS, Entry, OnList
from subscribers.listing import LIST, known_lists
from subscribers.models import SubscriptionState
from subscribers.systems import CONFIRMED, ENDED
from subscribers.transactions import Transactions

PAGE: Final = 5_000  # people held in memory at a time
PLAIN: Final = "plain"
COMING, LEFT, ALL = "coming", "left", "all"
WHO: Final = (COMING, LEFT, ALL)
Pages = Iterator[str]


def export_csv(session: Session, *, lists: Sequence[str] = (), system: str = PLAIN, who: str = COMING) -> Iterator[str]:
    """Yield the text of a CSV file, page by page: subscribers of all lists, or of some.

    ``system``: whose columns it has, one of FORMATS. ``who``: "coming" are the people with confirmed lists, in a plain
    file those who wait too; "left" are those who ended all of these lists, or must not be mailed; "all" are both. A
    plain file has a row of a person for each state and consent, those of others one row a person. Who is erased is
    never written. Raises UnknownList, SubscribersError.
    """
    yield _head(session, lists, system, who)
    last: int | None = 0
    while last is not None:
        last, text = _page(session, last, lists, system, who)
        yield text


def export_pages(database: Transactions, *, lists: Sequence[str] = (), system: str = PLAIN, who: str = COMING) -> Pages:
    """Return the text of a CSV file, page by page, as ``export_csv``; each page in a short transaction of its own.

    For who may be slow to take it. What is wrong with the order is raised at once.
    """
    with database.reading() as session:
        head = _head(session, lists, system, who)

    def pages() -> Pages:
        yield head
        last: int | None = 0
        while last is not None:
            with database.reading() as session:
                last, text = _page(session, last, lists, system, who)
            yield text

    return pages()


def _head(session: Session, lists: Sequence[str], system: str, who: str) -> str:
    if system not in FORMATS or who not in WHO:
        raise SubscribersError(f"Write one of {', '.join(FORMATS)}, and one of {', '.join(WHO)}.")
    known_lists(session, lists)
    return _text([FORMATS[system].columns])


def _page(session: Session, last: int, lists: Sequence[str], system: str, who: str) -> tuple[int | None, str]:
    """Return (the last person of the next page, its text); None after the last one."""
    upto = session.execute(_page_end(last)).scalar_one()
    if upto is None:
        return None, ""
    found = session.execute(_rows(last, upto, lists)).mappings()
    people = (_entry(list(rows)) for _, rows in groupby(found, key=itemgetter("id")))
    wanted = (chosen for one in people if (chosen := _chosen(one, who, waiting=system == PLAIN)) is not None)
    return upto, _text([[guarded(cell) for cell in row] for one in wanted for row in FORMATS[system].rows(one)])


def _chosen(one: Entry, who: str, *, waiting: bool) -> Entry | None:
    """Return what of a person is written; None for nothing. ``waiting``: those without a confirmed list, too."""
    gone = bool(one.ban) or all(on.state == ENDED for on in one.lists)
    if gone:
        return None if who == COMING else one
    if who == LEFT or not (waiting or one.state == CONFIRMED):
        return None
    return one if who == ALL else replace(one, lists=tuple(on for on in one.lists if on.state != ENDED))


def _page_end(after: int) -> Select[Any]:
    page = select(PERSON.c.id).where(PERSON.c.id > after).order_by(PERSON.c.id).limit(PAGE).subquery()
    return select(func.max(page.c.id))


def _rows(after: int, upto: int, lists: Sequence[str]) -> Select[Any]:
    """Return a select of a page's people: a row for each of their lists, with the newest consent to it."""
    proof = _proofs(after, upto).subquery()
    mine = (proof.c.subscriber_id == PERSON.c.id) & (proof.c.list_id == SUBSCRIPTION.c.list_id)
    columns: tuple[ColumnElement[Any], ...] = (
        *(PERSON.c.id, PERSON.c.ref, PERSON.c.address, PERSON.c.name, PERSON.c.language, PERSON.c.zone),
        *(PERSON.c.created_at, SUPPRESSION.c.reason, SUPPRESSION.c.at.label("banned_at")),
        *(SUBSCRIPTION.c.state, SUBSCRIPTION.c.changed_at, LIST.c.id.label("list_id")),
        *(CONSENT.c.at.label("consent_at"), CONSENT.c.source),
    )
    query = (
        select(*columns)
        .join(SUBSCRIPTION, SUBSCRIPTION.c.subscriber_id == PERSON.c.id)
        .join(LIST, LIST.c.id == SUBSCRIPTION.c.list_id)
        .join(SUPPRESSION, SUPPRESSION.c.address_key == PERSON.c.address_key, isouter=True)
        .join(proof, mine & (SUBSCRIPTION.c.state == SubscriptionState.confirmed), isouter=True)
        .join(CONSENT, CONSENT.c.id == proof.c.id, isouter=True)
        .where(PERSON.c.id > after, PERSON.c.id <= upto, PERSON.c.erased_at.is_(None))
        .order_by(PERSON.c.id, LIST.c.family, LIST.c.position, LIST.c.id)
    )
    return query.where(SUBSCRIPTION.c.list_id.in_(lists)) if lists else query


def _proofs(after: int, upto: int) -> Select[Any]:
    """Return a select of the newest consent of each subscriber on each list."""
    said = select(CONSENT.c.subscriber_id, CONSENT.c.list_id, func.max(CONSENT.c.id).label("id"))
    some = said.where(CONSENT.c.subscriber_id > after, CONSENT.c.subscriber_id <= upto)
    return some.where(CONSENT.c.action == "confirmed").group_by(CONSENT.c.subscriber_id, CONSENT.c.list_id)


def _entry(rows: Sequence[Any]) -> Entry:
    one = rows[0]
    lists = tuple(
        OnList(row["list_id"], row["state"], row["changed_at"], row["consent_at"], row["source"] or "") for row in rows
    )
    return Entry(
        *(str(one["ref"]), one["address"], one["name"], one["language"], one["zone"], one["created_at"]),
        *(one["reason"] or "", one["banned_at"], lists),
    )


def _text(rows: Sequence[Sequence[str]]) -> str:
    page = io.StringIO()
    csv.writer(page, lineterminator="\r\n").writerows(rows)
    return page.getvalue()
