"""Says what would move if a tag meant something else, before anybody says so; and lets the articles follow."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from digest.articles.feeds import tags
from digest.articles.feeds.meanings import MEANINGS, folded
from digest.articles.feeds.models import SourceTag
from digest.articles.identity import ARTICLES, SOURCES
from digest.articles.places.locating import CHUNK, TEXTS, Placing, relocate, said_of
from digest.database import Database
from digest.errors import BadInput, Conflict, NotFound
from digest.regions import all_regions

MOST: Final = 2_000  # articles that are thought through; of more the first ones


@dataclass(frozen=True)
class Foreseen:
    """What a new meaning would do. ``articles``: that carry the tag. ``moving``: of those that were thought through."""

    articles: int
    moving: int

    @property
    def whole(self) -> bool:
        """Tell whether all were thought through."""
        return self.articles <= MOST


def foresee(session: Session, source: str, tag: str, target: str) -> Foreseen:
    """Return how many stored articles would have other regions if a tag of a source meant this; changes nothing."""
    known(session, source, tag)
    _refuse_nonsense(session, target)
    ids = carriers(session, source, tag)
    now = tags.meanings(session, source)
    placing = Placing(session, {source: replace(now, targets={**now.targets, tag: target})})
    moving = sum(_moving(session, placing, some) for some in _chunks(ids[:MOST]))
    return Foreseen(len(ids), moving)


def mean(database: Database, source: str, tag: str, target: str, at: datetime, *, seen: str) -> int:
    """Say what a tag of a source means ("": nothing yet), and let its stored articles follow; returns how many did.

    ``seen``: what it meant when somebody decided that. Raises Conflict where that has changed, NotFound, BadInput.
    """
    with database.writing() as session:
        row = known(session, source, tag)
        if row.target not in (seen, target):
            raise Conflict(
                f"“{row.label}” means {row.target or 'nothing'} meanwhile; somebody else said so. Look again."
            )
        _refuse_nonsense(session, target)
        tags.set_targets(session, source, {row.tag: (row.label, target)}, at)
        ids = carriers(session, source, tag)
    moved = 0
    for some in _chunks(ids):
        with database.writing() as session:
            moved += len(relocate(session, some))
    return moved


def known(session: Session, source: str, tag: str) -> SourceTag:
    """Return what is stored of a tag of a source. Raises NotFound."""
    row = session.get(SourceTag, (source, tag))
    if row is None:
        raise NotFound("No article came with that tag. The list shows those there are.")
    return row


def carriers(session: Session, source: str, tag: str) -> list[UUID]:
    """Return the ids of the articles that a source gave a tag, in order."""
    query = select(SOURCES.c.article_id, SOURCES.c.categories).where(SOURCES.c.source == source)
    rows = session.execute(query.order_by(SOURCES.c.article_id).execution_options(yield_per=1_000))
    return [row.article_id for row in rows if any(folded(one)[: tags.LONGEST] == tag for one in row.categories)]


def _moving(session: Session, placing: Placing, ids: Sequence[UUID]) -> int:
    """Count those of some articles that would have other regions."""
    said = said_of(session, ids)
    return sum(placing.signals(row, said.get(row["id"], [])).regions != row["regions"] for row in _rows(session, ids))


def _rows(session: Session, ids: Sequence[UUID]) -> Iterator[dict[str, Any]]:
    """Yield some articles, but those that a person gave their regions."""
    columns = (ARTICLES.c[name] for name in ("id", "source", "by_hand", "regions", *TEXTS))
    for row in session.execute(select(*columns).where(ARTICLES.c.id.in_(ids))).mappings():
        if "regions" not in row["by_hand"]:
            yield dict(row)


def _chunks(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))


def _refuse_nonsense(session: Session, target: str) -> None:
    regions = {region.id for region in all_regions(session)}
    if target not in regions | {*MEANINGS, ""}:
        raise BadInput(f"{target[:60]!r} is no region, and not {', '.join(MEANINGS[:-1])} or {MEANINGS[-1]}.")
