"""Stores made pieces as articles for the tests of clusters."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from digest.articles.models import Article, ArticlePair, ArticleSource, article_id
from digest.database import Database
from tests.articles.clusters.corpus import Piece
from tests.conftest import NOW


def row(slug: str, piece: Piece | None = None, *, hours: float = 10, **changes: Any) -> dict[str, Any]:
    """Return an article published some hours before now."""
    published = NOW - timedelta(hours=hours)
    canonical = f"example.org/{slug}"
    given = {"headline": piece.headline, "body": piece.body, "language": piece.language} if piece else {}
    return (
        {"id": article_id(canonical), "canonical_url": canonical, "url": f"https://{canonical}", "headline": slug}
        | {"published_at": published, "first_seen_at": published, "imported_at": published}
        | given
        | changes
    )


def put(database: Database, rows: Iterable[dict[str, Any]], given: Mapping[str, str] | None = None) -> None:
    """Store articles, and what a source says of the cluster of some, by slug."""
    with database.writing() as session:
        session.add_all([Article.model_validate(one) for one in rows])
        session.flush()
        session.add_all([said(slug, name) for slug, name in (given or {}).items()])


def said(slug: str, cluster: str, source: str = "wire", at: datetime = NOW) -> ArticleSource:
    """Return that a source names an article's cluster."""
    values = {"article_id": key(slug), "source": source, "cluster": cluster, "seen_at": at}
    return ArticleSource.model_validate(values)


def key(slug: str) -> UUID:
    """Return the id of an article."""
    return article_id(f"example.org/{slug}")


def clusters(database: Database) -> dict[str, str | None]:
    """Return the cluster of each article by slug; clusters named after an article show that one's slug."""
    with database.reading() as session:
        found = session.exec(select(Article).order_by(col(Article.canonical_url))).all()
    slugs = {str(one.id): one.canonical_url.removeprefix("example.org/") for one in found}
    return {slugs[str(one.id)]: slugs.get(one.cluster or "", one.cluster) for one in found}


def pairs(database: Database) -> list[ArticlePair]:
    """Return all stored pairs."""
    with database.reading() as session:
        return list(session.exec(select(ArticlePair).order_by(col(ArticlePair.first), col(ArticlePair.second))))
