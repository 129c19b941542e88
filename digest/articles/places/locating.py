"""Gives articles their regions: by what their sources say, else by the places their text names (regions.md 2.2)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from digest.articles.feeds import tags
from digest.articles.feeds.meanings import Meanings, region_names
from digest.articles.identity import ARTICLES, SOURCES
from digest.articles.places.mentions import Places
from digest.articles.signals import Said, Signals, together
from digest.database import Database
from digest.regions import all_regions

CHUNK = 500  # articles of one transaction
TEXTS = ("headline", "standfirst", "body", "language")


class Placing:
    """Works out the signals of articles; knows the regions and the tag maps as they are in one transaction."""

    def __init__(self, session: Session, known: Mapping[str, Meanings] | None = None) -> None:
        """``known``: source -> what its tags are to mean here, whatever is stored."""
        self._session = session
        self._regions = all_regions(session)
        self._meanings = dict(known or {})
        self.names = region_names(self._regions)

    @cached_property
    def places(self) -> Places:
        """Return the gazetteer of these regions."""
        return Places.of(self._regions)

    def signals(self, row: Mapping[str, Any], said: Iterable[Said]) -> Signals:
        """Return what the sources of an article say together; ``row`` holds its texts."""
        return together(list(said), row["source"], self._meaning, lambda: self._mentioned(row))

    def _meaning(self, source: str) -> Meanings:
        if source not in self._meanings:
            self._meanings[source] = tags.meanings(self._session, source)
        return self._meanings[source]

    def _mentioned(self, row: Mapping[str, Any]) -> Iterable[str]:
        return self.places.mentioned(**{name: row[name] for name in TEXTS}) if self._regions else ()


def locate(
    database: Database,
    *,
    source: str | None = None,
    since: datetime | None = None,
    done: Callable[[int], None] = lambda _: None,
) -> list[UUID]:
    """Work the regions, topics and badges of stored articles out anew, and return the ids of those that changed.

    ``source``: only articles that it speaks of. ``since``: only those published since. What a person decided stays.
    """
    changed: list[UUID] = []
    last: UUID | None = None
    while True:
        with database.writing() as session:
            ids = _next(session, last, source, since)
            changed += relocate(session, ids)
        if not ids:
            return changed
        done(len(ids))
        last = ids[-1]


def _next(session: Session, last: UUID | None, source: str | None, since: datetime | None) -> list[UUID]:
    query = select(ARTICLES.c.id).order_by(ARTICLES.c.id).limit(CHUNK)
    if last is not None:
        query = query.where(ARTICLES.c.id > last)
    if source is not None:
        query = query.where(ARTICLES.c.id.in_(select(SOURCES.c.article_id).where(SOURCES.c.source == source)))
    if since is not None:
        query = query.where(ARTICLES.c.published_at >= since)
    return list(session.execute(query).scalars())


def said_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[Said]]:
    """Return what each source says of each of some articles."""
    said: dict[UUID, list[Said]] = {}
    for one in session.execute(select(SOURCES).where(SOURCES.c.article_id.in_(ids))).mappings():
        said.setdefault(one["article_id"], []).append(dict(one))
    return said


def relocate(session: Session, ids: Sequence[UUID]) -> list[UUID]:
    """Do so for some articles, in the transaction of a session."""
    said, placing = said_of(session, ids), Placing(session)
    news: list[dict[str, Any]] = []
    columns = ("id", "source", "by_hand", "regions", "topics", "editors_choice", "evergreen", *TEXTS)
    query = select(*(ARTICLES.c[name] for name in columns)).where(ARTICLES.c.id.in_(ids)).order_by(ARTICLES.c.id)
    for row in [dict(one) for one in session.execute(query).mappings()]:
        signals = asdict(placing.signals(row, said.get(row["id"], ()))) | {
            name: value for name, value in row["by_hand"].items() if name in Signals.__dataclass_fields__
        }
        if any(row[name] != value for name, value in signals.items()):
            news.append(signals | {"the_id": row["id"]})
    if news:
        session.connection().execute(update(ARTICLES).where(ARTICLES.c.id == bindparam("the_id")), news)
        session.expire_all()
    return [one["the_id"] for one in news]
