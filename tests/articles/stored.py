"""What tests of storing share: made articles, and what is in the database of them."""

from datetime import timedelta
from typing import Any

from sqlmodel import select

from digest.articles.importing.data import ArticleData, RowError
from digest.articles.models import Article
from digest.articles.storing import StoreReport, store
from digest.database import Database
from tests.conftest import NOW

DAY = timedelta(days=1)
LONG = "A body that is long enough to tell this article from all others, wherever it is printed. " * 4


def article(**given: Any) -> ArticleData:
    """Make an imported article."""
    return ArticleData.model_validate(
        {"url": "https://example.org/a", "headline": "A", "published_at": NOW - DAY} | given
    )


def put(database: Database, *items: ArticleData | RowError, source: str = "feed", **terms: Any) -> StoreReport:
    """Store items in one transaction."""
    with database.writing() as session:
        return store(session, items, source=source, **({"at": NOW} | terms))


def stored(database: Database) -> list[Article]:
    """Return all articles, by canonical URL."""
    with database.reading() as session:
        return list(session.exec(select(Article).order_by(Article.canonical_url)))


def counts(report: StoreReport) -> tuple[int, int, int]:
    """Return new, updated, unchanged."""
    return report.new, report.updated, report.unchanged
