"""Which pages are to be looked at, and how soon."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, update
from sqlmodel import select as choose

from digest.articles import page_dues, pages
from digest.articles.changes import withdraw
from digest.articles.feeds.models import Feed
from digest.articles.models import Article, ArticlePage, ArticleSource, ArticleStatus, article_id
from digest.clock import SystemClock
from digest.database import Database
from digest.issues.models import Issue, IssueCandidate, IssueStatus, Publication
from digest.proofs.models import EditionStory
from digest.proofs.pressing import pressing
from tests.articles.looked_at import SOURCE, Site, answer, key, look, publish, url
from tests.conftest import BOTH, NOW


def issue(database: Database, slugs: Iterable[str], state: str = "draft", send_at: datetime | None = None) -> None:
    """Store an issue with candidates, which stand in an edition of it, too."""
    number = 1 if state == "draft" else 2
    with database.writing() as session:
        if session.get(Publication, "weekly") is None:
            row = {
                "id": "weekly",
                "name": "W",
                "sender_name": "W",
                "sender_address": "w@x.example",
                "postal_address": "1",
            }
            session.add(Publication.model_validate(row))
            session.flush()
        ids = {"id": UUID(int=number), "number": number, "publication_id": "weekly", "status": IssueStatus(state)}
        times = {"as_of": NOW, "created_at": NOW, "changed_at": NOW, "send_at": send_at}
        session.add(Issue.model_validate(ids | times))
        session.flush()
        for place, slug in enumerate(slugs):
            candidate = {"issue_id": UUID(int=number), "article_id": key(slug), "inputs": {}}
            session.execute(insert(IssueCandidate), [candidate])
            story = {"edition_number": number, "place": place, "issue_number": number, "article_id": key(slug)}
            words = {"story_key": slug, "block": "section", "list_id": "l", "region": "r", "points": 0.0}
            session.execute(insert(EditionStory), [story | words])


def due(database: Database, hours: float = 0) -> set[str]:
    """Return the slugs that are due so many hours after now."""
    with database.reading() as session:
        at = NOW + timedelta(hours=hours)
        found = pages.due(session, at, pressing(at))
        urls: dict[UUID, str] = dict(session.exec(choose(Article.id, Article.url)).all())
    return {urls[one].rpartition("/")[2] for one in found}


PICTURE: dict[str, Any] = {"image": {"url": "https://meridian.example/p.jpg"}}


@BOTH
def test_what_is_due(database: Database):
    """Candidates every two hours, the week's articles daily, those without a picture once, what is gone for 28 days."""
    publish(database, "hot", "new", **PICTURE)
    publish(database, "old-candidate", "old", hours=24 * 20, **PICTURE)
    publish(database, "bare", hours=24 * 20)
    publish(database, "ancient", hours=24 * 40)
    publish(database, "to-come", hours=-5, **PICTURE)
    issue(database, ["hot", "old-candidate"])
    slugs = ["hot", "new", "old-candidate", "old", "bare"]
    assert due(database) == {"hot", "new", "old-candidate", "bare"}
    site = Site(**{slug.replace("-", "_"): answer() for slug in slugs})
    look(database, site, 0, slugs)
    assert due(database, 1.9) == set()
    assert due(database, 2) == {"hot", "old-candidate"}
    assert due(database, 24) == {"hot", "old-candidate", "new", "to-come"}
    look(database, Site(old=answer(410)), 1, ["old"])
    assert "old" in due(database, 25)
    assert "old" not in due(database, 24 * 9)
    assert "hot" not in due(database, 24 * 29)


@BOTH
def test_what_says_gone_is_looked_at_again_soon(database: Database):
    """Ten minutes later, so that an issue does not wait two hours to know; what fails waits longer each time."""
    publish(database, "a", "b")
    look(database, Site(a=answer(404)), 0, "a")
    look(database, Site(), 0, "b")
    assert due(database, 0.1) == set()
    assert due(database, 0.2) == {"a"}
    assert due(database, 0.5) == {"a", "b"}
    look(database, Site(), 30, "b")
    assert "b" not in due(database, 1.4)
    assert "b" in due(database, 1.5)


@BOTH
def test_stories_that_leave_soon_are_looked_at_every_ten_minutes(database: Database):
    """So that "gone" is seen twice before they leave; those of an issue that was sent are not."""
    publish(database, "a", "b", **PICTURE)
    issue(database, ["a"], "scheduled", NOW + timedelta(hours=1))
    look(database, Site(a=answer(), b=answer()), 20, "ab")
    assert due(database, 0.49) == set()
    assert due(database, 0.5) == {"a"}
    with database.writing() as session:
        session.execute(update(Issue).values(status="sent"))
    assert due(database, 0.5) == set()


@BOTH
def test_what_a_person_took_back_is_not_looked_at(database: Database):
    """Retracted, or unpublished by hand: no page changes that."""
    publish(database, "a", "b")
    with database.writing() as session:
        withdraw(session, url("a"), status=ArticleStatus.retracted, who="editor", at=NOW)
        withdraw(session, url("b"), status=ArticleStatus.unpublished, who="editor", at=NOW)
    assert due(database) == set()


@BOTH
def test_the_most_pressing_come_first(database: Database):
    """Where there are more than can be looked at."""
    publish(database, "a", "b", "c", **PICTURE)
    issue(database, ["c"])
    with database.reading() as session:
        assert pages.due(session, NOW, pressing(NOW), most=1) == [key("c")]


def test_due_is_quick_with_many_articles(database: Database):
    """Twenty thousand stored articles: well under a second."""
    rows = [
        {
            "id": article_id(f"m.example/{n}"), "canonical_url": f"m.example/{n}", "url": f"https://m.example/{n}",
            "headline": "x", "published_at": NOW - timedelta(minutes=30 * n), "first_seen_at": NOW, "imported_at": NOW,
        }
        for n in range(20_000)
    ]  # fmt: skip
    with database.writing() as session:
        session.execute(insert(Article), [Article.model_validate(row).model_dump() for row in rows])
        feed = {"id": SOURCE, "url": SOURCE, "added_at": NOW, "next_at": NOW}
        session.execute(insert(Feed), [Feed.model_validate(feed).model_dump()])
        said = [{"article_id": row["id"], "source": SOURCE, "seen_at": NOW} for row in rows]
        session.execute(insert(ArticleSource), [ArticleSource.model_validate(row).model_dump() for row in said])
    clock = SystemClock()
    begun = clock.now()
    with database.reading() as session:
        assert len(pages.due(session, NOW)) == page_dues.MOST
    assert (clock.now() - begun).total_seconds() < 1
    assert ArticlePage.__tablename__ == "articlepage"
