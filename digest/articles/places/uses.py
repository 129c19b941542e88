"""Says what hangs on a region, so that none is taken from under something: in sentences, each with its number."""

from typing import Any, Final

from sqlalchemy import ColumnElement, String, cast, func, or_, select
from sqlmodel import Session, col

from digest.articles.feeds.models import Feed, SourceTag
from digest.articles.identity import ARTICLES, SOURCES
from digest.regions import Region
from subscribers import lists

FEW: Final = 3  # that are named


def of_region(session: Session, region_id: str, *, articles: bool = True) -> list[str]:
    """Return what hangs on a region. ``articles``: look through them, too, which takes a while where they are many."""
    below = session.execute(select(col(Region.id)).where(col(Region.parent_id) == region_id).order_by(col(Region.id)))
    topics = [one.name for one in lists(session) if one.topic == region_id]
    feeds = select(func.count()).select_from(Feed).where(col(Feed.region) == region_id)
    tags = select(func.count()).select_from(SourceTag).where(col(SourceTag.target) == region_id)
    said = [
        _named("region", "stand below it", "stands below it", list(below.scalars())),
        _named("list", "are about it", "is about it", topics),
        _counted("feed", "put articles there", "puts articles there", session.execute(feeds).scalar_one()),
        _counted("tag", "mean it", "means it", session.execute(tags).scalar_one()),
        _articles(session, region_id) if articles else "",
    ]
    return [one for one in said if one]


def _articles(session: Session, region_id: str) -> str:
    held = or_(_holds(ARTICLES.c.regions, region_id), _holds(ARTICLES.c.by_hand, region_id))
    headline = session.execute(select(ARTICLES.c.headline).where(held).limit(1)).scalar_one_or_none()
    if headline is not None:
        return f"articles belong to it, such as “{headline}”"
    told = or_(SOURCES.c.region == region_id, _holds(SOURCES.c.regions, region_id))
    source = session.execute(select(SOURCES.c.source).where(told).limit(1)).scalar_one_or_none()
    return f"{source} has put articles there" if source is not None else ""


def _holds(column: Any, region_id: str) -> ColumnElement[bool]:
    return cast(column, String).contains(f'"{region_id}"', autoescape=True)


def _named(what: str, many: str, one: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return f"{_counted(what, many, one, len(names))} ({', '.join(names[:FEW])}{more})"


def _counted(what: str, many: str, one: str, number: int) -> str:
    if not number:
        return ""
    return f"1 {what} {one}" if number == 1 else f"{number:,} {what}s {many}"
