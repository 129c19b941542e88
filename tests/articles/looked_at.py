"""What tests of pages share: a site that answers as told, and articles of a feed."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from digest.articles import pages, storing
from digest.articles.feeds.models import Feed
from digest.articles.importing.data import ArticleData
from digest.articles.models import Article, ArticleLog, article_id
from digest.database import Database
from digest.errors import BadInput
from digest.fetching import Fetched, Fetcher
from tests.conftest import NOW

SOURCE = "meridian.example/feed"
TEN = timedelta(minutes=10)
OG = (
    '<html><head><meta property="og:type" content="article"><meta property="og:title" content="Headline">'
    '<meta property="og:description" content="A sentence from the page.">'
    '<meta property="og:image" content="/p.jpg"><meta property="og:image:alt" content="A ferry">%s</head>'
)


def url(slug: str) -> str:
    """Return the address of an article."""
    return f"https://meridian.example/world/{slug}"


def key(slug: str) -> UUID:
    """Return the id of an article."""
    return article_id(f"meridian.example/world/{slug}")


def answer(
    status: int = 200, body: str = "<html><title>A story</title>", *, final: str = "", **headers: str
) -> dict[str, Any]:
    """Return what a page answers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"status": status, "body": body.encode(), "headers": {"content-type": "text/html"} | named, "url": final}


class Site(Fetcher):
    """A site that answers from here; what it does not know cannot be reached."""

    def __init__(self, **answers: Mapping[str, Any]) -> None:
        object.__setattr__(self, "answers", {url(slug.replace("_", "-")): one for slug, one in answers.items()})
        object.__setattr__(self, "asked", [])

    def get(self, url, headers=None):  # noqa: ARG002 - the signature is Fetcher's
        """Answer, or refuse."""
        self.asked.append(url)  # type: ignore[attr-defined]
        if url not in self.answers:  # type: ignore[attr-defined]
            raise BadInput(f"{url} could not be fetched: there is no host.")
        found = self.answers[url]  # type: ignore[attr-defined]
        return Fetched(found["url"] or url, found["status"], found["headers"], found["body"])


def publish(database: Database, *slugs: str, source: str = SOURCE, hours: float = 5, **more: Any) -> list[UUID]:
    """Store articles of a feed; returns their ids."""
    with database.writing() as session:
        if session.get(Feed, SOURCE) is None:
            row = {"id": SOURCE, "url": f"https://{SOURCE}", "added_at": NOW, "next_at": NOW}
            session.add(Feed.model_validate(row))
        items = [
            ArticleData.model_validate(
                {"url": url(slug), "headline": f"Headline of {slug}", "published_at": NOW - timedelta(hours=hours)}
                | more
            )
            for slug in slugs
        ]
        storing.store(session, items, source=source, at=NOW - timedelta(hours=hours))
    return [key(slug) for slug in slugs]


def article(database: Database, slug: str) -> Article:
    """Return an article as it is stored."""
    with database.reading() as session:
        found = session.get_one(Article, key(slug))
        session.expunge(found)
        return found


def status(database: Database, slug: str = "a") -> str:
    """Return the status of an article."""
    return str(article(database, slug).status)


def log(database: Database) -> list[tuple[str, str, str]]:
    """Return who changed what status, and why."""
    with database.reading() as session:
        rows = session.execute(select(ArticleLog).order_by(ArticleLog.id)).scalars()  # type: ignore[arg-type]
        return [(row.who, row.after, row.reason) for row in rows]


def look(database: Database, site: Fetcher, minutes: float, slugs: Iterable[str] = "a", **more: Any) -> pages.Looked:
    """Look at pages, so many minutes after now."""
    ids = [key(slug) for slug in slugs]
    return pages.look(database, site, NOW + timedelta(minutes=minutes), ids, **more)
