"""The tag map of each source: what its tags were said to mean, and the inbox of those that nobody has mapped."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlmodel import Session

from digest.articles.feeds.meanings import Meanings, folded, region_names
from digest.articles.feeds.models import SourceTag
from digest.articles.upserting import insert_new, upsert
from digest.regions import all_regions

TAGS = SourceTag.__table__  # type: ignore[attr-defined]
LONGEST = 200
PAGE: Final = 40  # tags on a page of the map


@dataclass(frozen=True)
class MapPage:
    """A part of the tag map, the most used first. ``more``: there are others after the last one."""

    tags: Sequence[SourceTag]
    more: bool


def meanings(session: Session, source: str) -> Meanings:
    """Return what the tags of a source mean."""
    query = select(TAGS.c.tag, TAGS.c.target).where(TAGS.c.source == source, TAGS.c.target != "")
    said = {row.tag: row.target for row in session.execute(query)}
    return Meanings(said, region_names(all_regions(session)))


def set_targets(session: Session, source: str, targets: Mapping[str, tuple[str, str]], at: datetime) -> bool:
    """Say what tags of a source mean, see ``meanings.parse_map``; tells whether that is news."""
    query = select(TAGS.c.tag, TAGS.c.target).where(TAGS.c.source == source, TAGS.c.tag.in_(targets))
    before = {row.tag: row.target for row in session.execute(query)}
    news = {tag: one for tag, one in targets.items() if before.get(tag, "") != one[1]}
    rows = [
        {"source": source, "tag": tag, "label": label, "target": target, "articles": 0}
        | {"first_seen_at": at, "last_seen_at": at}
        for tag, (label, target) in news.items()
    ]
    upsert(session, TAGS, rows, key=("source", "tag"), update=("target",))
    return bool(news)


def seen(session: Session, source: str, tags: Iterable[str], at: datetime) -> None:
    """Count tags that articles of a source came with; one that is not known waits in the inbox from now on."""
    counts: dict[str, tuple[str, int]] = {}
    for tag in tags:
        key = folded(tag)[:LONGEST]
        counts[key] = (counts.get(key, (tag, 0))[0], counts.get(key, (tag, 0))[1] + 1)
    rows: list[dict[str, Any]] = [
        {"source": source, "tag": key, "label": label[:LONGEST], "target": "", "articles": 0}
        | {"first_seen_at": at, "last_seen_at": at}
        for key, (label, _) in sorted(counts.items())
    ]
    insert_new(session, TAGS, rows)
    for key, (_, more) in sorted(counts.items()):
        here = (TAGS.c.source == source) & (TAGS.c.tag == key)
        session.execute(TAGS.update().where(here).values(articles=TAGS.c.articles + more, last_seen_at=at))


def of_source(session: Session, source: str) -> list[SourceTag]:
    """Return every tag of a source that is known, the most used first."""
    query = select(SourceTag).where(TAGS.c.source == source).order_by(TAGS.c.articles.desc(), TAGS.c.tag)
    return list(session.execute(query).scalars())


def unmapped(session: Session, source: str | None = None) -> list[SourceTag]:
    """Return the inbox: tags without a meaning that are not called like a region, the most used first."""
    query = select(SourceTag).where(*_of_kind("waiting", region_names(all_regions(session))))
    if source is not None:
        query = query.where(TAGS.c.source == source)
    return list(session.execute(query.order_by(TAGS.c.articles.desc(), TAGS.c.source, TAGS.c.tag)).scalars())


def map_page(
    session: Session, *, only: str = "", text: str = "", after: tuple[str, str] | None = None, limit: int = PAGE
) -> MapPage:
    """Return tags of all sources. ``only``: "waiting" for a meaning, "mapped", else both; ``after``: source and tag."""
    conditions = _of_kind(only, region_names(all_regions(session)))
    if text:
        conditions.append(TAGS.c.label.icontains(text, autoescape=True))
    if after is not None and (last := session.get(SourceTag, after)) is not None:
        beyond = tuple_(TAGS.c.source, TAGS.c.tag) > tuple_(last.source, last.tag)
        conditions.append(or_(TAGS.c.articles < last.articles, and_(TAGS.c.articles == last.articles, beyond)))
    query = select(SourceTag).where(*conditions).order_by(TAGS.c.articles.desc(), TAGS.c.source, TAGS.c.tag)
    found = list(session.execute(query.limit(limit + 1)).scalars())
    return MapPage(found[:limit], len(found) > limit)


def count(session: Session, only: str) -> int:
    """Return how many tags there are of a kind, see ``map_page``."""
    conditions = _of_kind(only, region_names(all_regions(session)))
    return int(session.execute(select(func.count()).select_from(TAGS).where(*conditions)).scalar_one())


def _of_kind(only: str, names: Collection[str]) -> list[ColumnElement[bool]]:
    waiting = and_(TAGS.c.target == "", TAGS.c.tag.not_in(sorted(names)))
    return [waiting] if only == "waiting" else [~waiting] if only == "mapped" else []
