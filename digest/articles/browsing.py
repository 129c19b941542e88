"""Goes through the stored articles page by page, the newest first: whatever is asked for, a page looks at few rows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, cast, or_, select
from sqlmodel import Session

from digest.articles import changes
from digest.articles.identity import ARTICLES
from digest.articles.models import Article
from digest.errors import BadInput
from digest.regions import get_region

LOOKED_AT: Final = 20_000  # articles that one page looks through
PAGE: Final = 50
MOST: Final = 100  # articles that are placed at once


@dataclass(frozen=True)
class Wanted:
    """Which articles. ``regions``: any of these. ``only``: "", "nowhere" (nobody said so by hand) or "chosen"."""

    text: str = ""
    regions: Collection[str] = ()
    only: str = ""


@dataclass(frozen=True)
class Page:
    """Some articles. ``after``: where the next page begins, "" at the end. ``broke_off``: enough was looked at."""

    articles: Sequence[Article]
    after: str
    broke_off: bool


def page(session: Session, wanted: Wanted, after: str = "", limit: int = PAGE) -> Page:
    """Return the articles that fit and come after an article (its id), the newest first. Raises BadInput."""
    columns = [ARTICLES.c[name] for name in ("id", "published_at", *_NEEDED)]
    looked = _in_order(select(*columns), _key(session, after)).limit(LOOKED_AT).subquery()
    fitting = select(looked.c.id).where(*_conditions(looked.c, wanted))
    ids = session.execute(fitting.order_by(looked.c.published_at.desc(), looked.c.id).limit(limit + 1)).scalars().all()
    found = {one.id: one for one in session.execute(select(Article).where(ARTICLES.c.id.in_(ids[:limit]))).scalars()}
    shown = [found[one] for one in ids[:limit]]
    if len(ids) > limit:
        return Page(shown, str(ids[limit - 1]), broke_off=False)
    last = session.execute(_in_order(select(ARTICLES.c.id), _key(session, after)).offset(LOOKED_AT - 1).limit(1))
    end = last.scalar_one_or_none()
    return Page(shown, str(end) if end else "", broke_off=end is not None)


def place_all(session: Session, ids: Sequence[str], regions: Sequence[str], *, who: str, at: datetime) -> int:
    """Say where several articles belong (``regions`` none: nowhere); returns how many that is news to.

    Safe to repeat: an article that has a region meanwhile keeps it. Raises BadInput, NotFound.
    """
    if not ids:
        raise BadInput("No article is ticked. Tick those that belong there.")
    if len(ids) > MOST:
        raise BadInput(f"That are {len(ids)} articles; {MOST} at most are placed at once.")
    for region in regions:
        get_region(session, region)
    waiting = [one for one in (changes.find(session, each) for each in dict.fromkeys(ids)) if waits(one)]
    for one in waiting:
        changes.place(session, str(one.id), regions, who=who, at=at)
    return len(waiting)


def waits(article: Article) -> bool:
    """Tell whether an article waits for a place: it has no region, and nobody said that it shall have none."""
    return not article.regions and "regions" not in article.by_hand


_NEEDED: Final = ("headline", "regions", "by_hand", "status", "editors_choice")
_WITHDRAWN: Final = tuple(one.value for one in changes.WITHDRAWN)


def _in_order(query: Select[Any], key: tuple[datetime, UUID] | None) -> Select[Any]:
    if key is not None:
        earlier = ARTICLES.c.published_at < key[0]
        query = query.where(or_(earlier, and_(ARTICLES.c.published_at == key[0], ARTICLES.c.id > key[1])))
    return query.order_by(ARTICLES.c.published_at.desc(), ARTICLES.c.id)


def _key(session: Session, after: str) -> tuple[datetime, UUID] | None:
    if not after:
        return None
    try:
        number = UUID(after)
    except ValueError as error:
        raise BadInput("This page's address is cut short. Begin with the newest articles again.") from error
    row = session.execute(select(ARTICLES.c.published_at).where(ARTICLES.c.id == number)).scalar_one_or_none()
    return (row, number) if row is not None else None


def _conditions(columns: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
    told = cast(columns.regions, String)
    found: list[ColumnElement[bool]] = []
    if wanted.text:
        found.append(columns.headline.icontains(wanted.text, autoescape=True))
    if wanted.regions:
        found.append(or_(*(told.contains(f'"{one}"', autoescape=True) for one in sorted(wanted.regions))))
    if wanted.only == "chosen":
        found.append(columns.editors_choice.is_(True))
    if wanted.only == "nowhere":
        by_hand = cast(columns.by_hand, String).contains('"regions"', autoescape=True)
        found += [told == "{}", ~by_hand, columns.status.not_in(_WITHDRAWN)]
    return found
