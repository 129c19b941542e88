"""Gathers the articles that may matter to an issue."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, select, union
from sqlmodel import Session

from digest.articles.identity import ARTICLES

RECENT = timedelta(days=28)  # ruling 1: what came late stays eligible that long; also the reach of Popular
EVERGREEN = timedelta(days=365)
AHEAD = timedelta(days=8)  # articles still embargoed are gathered, too, so that the editor sees why they are not in

# Bodies are by far the most of an article, and nothing of an issue is worked out from them.
COLUMNS = [column for column in ARTICLES.c if column.name not in ("body", "content_hash", "by_hand")]


def gather(
    session: Session, *, as_of: datetime, window_hours: float, grace_hours: float, language: str | None = None
) -> list[Row[Any]]:
    """Return the articles that may matter to an issue cut off at ``as_of``, newest first, then by id.

    Those published or updated by an editor within 28 days before it (or within window and grace, where that is
    longer), those that are to be published within 8 days after it, and evergreens of a year. All
    statuses: it is the ranking that leaves articles out, with a reason. ``language``: only articles in it;
    leave it out to have those in other languages reported as left out. Rows with the fields of ``Article``, less the
    body: building 10,000 objects would take as long as all the rest of a draft.
    """
    since = as_of - max(RECENT, timedelta(hours=window_hours + grace_hours))
    until = as_of + AHEAD
    table = ARTICLES.c
    reasons: tuple[ColumnElement[bool], ...] = (
        table.published_at.between(since, until),
        table.refreshed_at.between(since, as_of),
        table.evergreen.is_(True) & table.published_at.between(as_of - EVERGREEN, until),
    )
    # a union of four index look-ups; one condition with OR would walk the whole table, bodies included
    ids = union(*(select(table.id).where(reason) for reason in reasons)).subquery()
    query = select(*COLUMNS).where(table.id.in_(select(ids.c.id)))
    if language is not None:
        query = query.where(table.language == language)
    return list(session.execute(query.order_by(table.published_at.desc(), table.id)).all())


def named(session: Session, articles: Collection[UUID]) -> list[Row[Any]]:
    """Return the same of some articles, by id."""
    query = select(*COLUMNS).where(ARTICLES.c.id.in_(articles)).order_by(ARTICLES.c.id)
    return list(session.execute(query).all()) if articles else []
