"""Works out anew which cluster articles stand in, from all that is known of them, and stores it with them."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select, text, update
from sqlmodel import Session

from digest.articles.clusters.uniting import Link, unite
from digest.articles.identity import ARTICLES
from digest.articles.models import ArticlePair, ArticleSource

PAIRS: Any = ArticlePair.__table__  # type: ignore[attr-defined]
SOURCES: Any = ArticleSource.__table__  # type: ignore[attr-defined]
SAME, APART = "same", "apart"  # verdicts of a person
CHUNK = 500  # ids of one statement
LOCK = 4_027_001  # of PostgreSQL's advisory locks: ours for clusters


def take_turn(session: Session) -> None:
    """Let one worker at a time change clusters, until its transaction ends; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(LOCK)))


def settle(session: Session, articles: Iterable[UUID]) -> int:
    """Work out the clusters of these articles and of all that hang on them; returns how many articles changed.

    To be called in the transaction that changed what is known of them: pairs, or what sources say. Call it also
    for both articles of a pair that was taken away.
    """
    take_turn(session)
    session.flush()
    held = _closure(session, articles)
    if not held:
        return 0
    rows = {row.id: row for part in chunks(held) for row in session.execute(_stored(part))}
    result = unite(
        {one: row.published_at for one, row in rows.items()},
        given=_given(session, rows),
        links=_links(session, rows),
        apart=_apart(session, rows),
    )
    changed = [{"row_id": one, "cluster": result[one]} for one in sorted(rows) if rows[one].cluster != result[one]]
    if changed:
        statement = update(ARTICLES).where(ARTICLES.c.id == bindparam("row_id")).values(cluster=bindparam("cluster"))
        session.connection().execute(statement, changed)
        session.expire_all()  # what was loaded before may have changed
    return len(changed)


def chunks(ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    """Cut ids to what one statement may name, in a fixed order."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]


def touching(ids: Collection[UUID]) -> Any:
    """Return the condition that a pair holds one of these articles."""
    return or_(PAIRS.c.first.in_(ids), PAIRS.c.second.in_(ids))


def _stored(ids: Collection[UUID]) -> Any:
    return select(ARTICLES.c.id, ARTICLES.c.published_at, ARTICLES.c.cluster).where(ARTICLES.c.id.in_(ids))


def _closure(session: Session, articles: Iterable[UUID]) -> set[UUID]:
    """Return the articles, and all that a chain of links or of equal names of clusters leads to."""
    known: set[UUID] = set()
    names: set[str] = set()
    edge = set(articles)
    while edge:
        known |= edge
        met: set[UUID] = set()
        for part in chunks(edge):
            for row in session.execute(select(PAIRS.c.first, PAIRS.c.second).where(_linked(), touching(part))):
                met.update(row)
            said = select(SOURCES.c.cluster).where(SOURCES.c.article_id.in_(part), SOURCES.c.cluster.is_not(None))
            fresh = set(session.execute(said.distinct()).scalars()) - names
            if fresh:
                names |= fresh
                mates = select(SOURCES.c.article_id).where(SOURCES.c.cluster.in_(fresh))
                met.update(session.execute(mates).scalars())
        edge = met - known
    return known


def _linked() -> Any:
    return or_(PAIRS.c.verdict == SAME, (PAIRS.c.verdict == "") & PAIRS.c.text.is_not(None))


def _links(session: Session, ids: Collection[UUID]) -> list[Link]:
    query = select(PAIRS.c.first, PAIRS.c.second, PAIRS.c.text, PAIRS.c.verdict).where(_linked())
    return [
        Link(row.first, row.second, None if row.verdict == SAME else row.text)
        for part in chunks(ids)
        for row in session.execute(query.where(PAIRS.c.first.in_(part)))
    ]


def _apart(session: Session, ids: Collection[UUID]) -> list[tuple[UUID, UUID]]:
    query = select(PAIRS.c.first, PAIRS.c.second).where(PAIRS.c.verdict == APART)
    return [
        (row.first, row.second) for part in chunks(ids) for row in session.execute(query.where(PAIRS.c.first.in_(part)))
    ]


def _given(session: Session, ids: Collection[UUID]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    query = select(SOURCES.c.article_id, SOURCES.c.cluster).where(SOURCES.c.cluster.is_not(None))
    for part in chunks(ids):
        for row in session.execute(query.where(SOURCES.c.article_id.in_(part))):
            found.setdefault(row.article_id, []).append(row.cluster)
    return found


def give_way(session: Session) -> None:
    """Wait half a second at most for a row that another transaction holds: shorter than it waits for ours."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL lock_timeout = '500ms'"))
