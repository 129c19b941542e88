"""Which articles are gathered for an issue."""

from datetime import timedelta
from typing import Any

import pytest

from digest.articles import changes
from digest.articles.candidates import gather, named
from digest.articles.importing.data import ArticleData
from digest.articles.models import Article
from digest.articles.storing import store
from digest.database import Database
from tests.conftest import BOTH, NOW

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def put(database: Database, headline: str, *, at: Any = None, backlog: bool = False, **given: Any) -> None:
    """Store one article."""
    data = {"url": f"https://example.org/{headline}", "headline": headline} | given
    with database.writing() as session:
        store(session, [ArticleData.model_validate(data)], source="feed", at=at or NOW, backlog=backlog)


def gathered(database: Database, **more: Any) -> list[str]:
    """Return the headlines of what is gathered at NOW for a weekly."""
    with database.reading() as session:
        terms: dict[str, Any] = {"as_of": NOW, "window_hours": 168, "grace_hours": 24} | more
        found = gather(session, **terms)
    return [article.headline for article in found]


@BOTH
def test_what_may_matter_is_gathered_newest_first(database: Database):
    """Published or updated within 28 days, evergreens of a year, and what comes within 8 days; nothing else.

    What came late stays a candidate for 28 days from its date (ruling 1): an archive that is imported does not.
    """
    old = {"backlog": True}
    put(database, "recent", published_at=NOW - 27 * DAY, **old)
    put(database, "too-old", published_at=NOW - 29 * DAY, **old)
    put(database, "came-late", published_at=NOW - 200 * DAY)
    put(database, "green", published_at=NOW - 300 * DAY, evergreen=True, **old)
    put(database, "withered", published_at=NOW - 366 * DAY, evergreen=True, **old)
    put(database, "skewed", published_at=NOW + 4 * MINUTE)
    put(database, "embargoed", published_at=NOW + 7 * DAY)
    put(database, "far", published_at=NOW + 9 * DAY)
    put(database, "after", published_at=NOW - 100 * DAY, at=NOW + MINUTE)
    put(database, "gone", published_at=NOW - DAY, status="retracted")
    put(database, "updated", published_at=NOW - 60 * DAY, **old)
    with database.writing() as session:
        changes.mark_update(session, "https://example.org/updated", who="ed", at=NOW - DAY, reason="new figures")
    assert gathered(database) == ["embargoed", "skewed", "gone", "recent", "updated", "green"]


def test_a_language_can_be_asked_for(database: Database):
    """Without one, all come, so that the ranking can say why some are left out."""
    put(database, "english", published_at=NOW - DAY)
    put(database, "georgian", published_at=NOW - 2 * DAY, language="ka")
    assert gathered(database) == ["english", "georgian"]
    assert gathered(database, language="ka") == ["georgian"]


def test_a_longer_window_reaches_further(database: Database):
    """A monthly publication sees its whole window."""
    put(database, "old", published_at=NOW - 35 * DAY, backlog=True)
    assert gathered(database) == []
    assert gathered(database, window_hours=40 * 24) == ["old"]


@pytest.mark.parametrize("reverse", [False, True])
def test_the_order_does_not_depend_on_the_order_of_import(database: Database, reverse):
    """At one time of publication the id decides, the same in every database."""
    for name in sorted("abc", reverse=reverse):
        put(database, name, published_at=NOW - DAY)
    with database.reading() as session:
        found = gather(session, as_of=NOW, window_hours=168, grace_hours=24)
    assert [article.id for article in found] == sorted(article.id for article in found)
    assert all(
        hasattr(found[0], name) for name in Article.model_fields if name not in ("body", "content_hash", "by_hand")
    )


def test_named_articles_come_in_the_same_form(database: Database):
    """Whatever their age; nothing is asked where none is named."""
    put(database, "ancient", published_at=NOW - 900 * DAY, backlog=True)
    with database.reading() as session:
        found = changes.find(session, "https://example.org/ancient")
        assert [one.headline for one in named(session, [found.id])] == ["ancient"]
        assert named(session, []) == []
