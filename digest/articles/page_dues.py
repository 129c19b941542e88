"""Tells which articles' pages are to be looked at now: those of issues to come often, the newest ones daily."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select
from sqlmodel import Session

from digest.articles.candidates import RECENT
from digest.articles.feeds.models import Feed
from digest.articles.identity import ARTICLES, SOURCES
from digest.articles.models import ArticlePage

AGAIN = timedelta(minutes=10)  # a page that says "gone" is looked at once more then
LATELY = timedelta(minutes=2)
HOT = timedelta(hours=2)  # of candidates of issues that are not sent yet
DAILY_FOR = timedelta(days=8)
MOST = 300
FEEDS: Any = Feed.__table__  # type: ignore[attr-defined]
PAGE: Any = ArticlePage.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Pressing:
    """Which articles matter more than others, as selections of their ids: only later stages know."""

    leaving: Select[Any]  # stories of issues that leave soon
    waiting: Select[Any]  # candidates of issues that are not sent yet


NOTHING = Pressing(*(select(ARTICLES.c.id).where(false()) for _ in range(2)))


def due(session: Session, at: datetime, pressing: Pressing = NOTHING, most: int = MOST) -> list[UUID]:
    """Return which pages to look at, the most pressing first.

    Stories of issues that leave soon, every 10 minutes; candidates of issues that are not sent yet, every 2 hours;
    articles without a picture, once; others of the last 8 days, once a day; what is gone, once a day
    for 28 days, since it may come back.
    """
    hot = or_(PAGE.c.next_at <= at, and_(PAGE.c.says == "", PAGE.c.looked_at <= at - HOT), _never())
    fresh = ARTICLES.c.published_at >= at - DAILY_FOR
    bare = and_(ARTICLES.c.image_url == "", _never())
    asked_again = and_(PAGE.c.next_at <= at, or_(fresh, PAGE.c.says != ""))
    found: dict[UUID, None] = {}
    for query in (
        _articles(at, ARTICLES.c.id.in_(pressing.leaving), or_(PAGE.c.looked_at <= at - AGAIN, _never())),
        _articles(at, ARTICLES.c.id.in_(pressing.waiting), hot),
        _articles(at, ARTICLES.c.published_at >= at - RECENT, or_(asked_again, bare, and_(fresh, _never()))),
    ):
        if len(found) < most:
            found |= dict.fromkeys(session.execute(query.limit(most)).scalars())
    return list(found)[:most]


def not_seen_lately(session: Session, at: datetime, articles: Collection[UUID]) -> list[UUID]:
    """Return which of some articles' pages were not looked at within two minutes, however far their time is."""
    stale = or_(PAGE.c.looked_at <= at - LATELY, _never())
    return list(session.execute(_articles(at, ARTICLES.c.id.in_(articles), stale)).scalars())


def _articles(at: datetime, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Select articles that are out and not taken back by a person, those that were never looked at first.

    Only those that a feed or their own page tells of: systems that push articles say themselves what became of them.
    """
    told = exists().where(
        SOURCES.c.article_id == ARTICLES.c.id,
        or_(SOURCES.c.source.in_(select(FEEDS.c.id)), ARTICLES.c.canonical_url.startswith(SOURCES.c.source + "/")),
    )
    standing = or_(ARTICLES.c.status == "published", and_(ARTICLES.c.status == "unpublished", PAGE.c.says != ""))
    return (
        select(ARTICLES.c.id)
        .outerjoin(PAGE, PAGE.c.article_id == ARTICLES.c.id)
        .where(*conditions, standing, told, ARTICLES.c.published_at <= at)
        .order_by(PAGE.c.next_at.is_not(None), PAGE.c.next_at, ARTICLES.c.published_at.desc(), ARTICLES.c.id)
    )


def _never() -> ColumnElement[bool]:
    never: ColumnElement[bool] = PAGE.c.article_id.is_(None)
    return never
