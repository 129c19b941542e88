"""What people change of an article holds against every import, and is logged."""

from datetime import timedelta
from typing import Any

import pytest

from digest.articles import changes
from digest.articles.importing.data import ArticleData
from digest.articles.models import Article, ArticleStatus
from digest.articles.storing import store
from digest.database import Database
from digest.errors import BadInput, NotFound, Refused
from digest.regions import apply_preset
from tests.conftest import BOTH, NOW

DAY = timedelta(days=1)


def put(database: Database, name: str = "a", **given) -> None:
    """Import one article."""
    data = {"url": f"https://example.org/{name}", "headline": name, "published_at": NOW - DAY} | given
    with database.writing() as session:
        store(session, [ArticleData.model_validate(data)], source="feed", at=NOW)


def get(database: Database, reference: str = "https://www.example.org/a/") -> Article:
    """Look an article up."""
    with database.reading() as session:
        return changes.find(session, reference)


@BOTH
def test_a_badge_given_or_taken_by_hand_holds_against_imports(database: Database):
    """The next import neither takes it away nor gives it again."""
    put(database)
    for chosen in (True, False):
        with database.writing() as session:
            changes.choose(session, "example.org/a", who="nino", at=NOW, chosen=chosen)
        put(database, editors_choice=not chosen, standfirst=str(chosen))
        assert get(database).editors_choice is chosen
    with database.reading() as session:
        log = changes.log_of(session, changes.find(session, str(get(database).id)))
    assert [(one.who, one.what, one.before, one.after) for one in log] == [
        ("nino", "editors_choice", False, True),
        ("nino", "editors_choice", True, False),
    ]


def test_what_is_withdrawn_stays_withdrawn(database: Database):
    """No import publishes it again; a person can."""
    put(database)
    with database.writing() as session:
        changes.withdraw(session, "example.org/a", status=ArticleStatus.retracted, who="n", at=NOW, reason=" wrong ")
    put(database, status="published", standfirst="new")
    assert get(database).status == "retracted"
    assert get(database).standfirst == "new"
    with database.writing() as session:
        assert changes.log_of(session, changes.find(session, "example.org/a"))[0].reason == "wrong"
        with pytest.raises(Refused, match="retracted; what is withdrawn cannot be updated"):
            changes.mark_update(session, "example.org/a", who="n", at=NOW, reason="more")
        with pytest.raises(BadInput, match="embargo"):
            changes.withdraw(session, "example.org/a", status=ArticleStatus.embargoed, who="n", at=NOW)
        changes.withdraw(session, "example.org/a", status=ArticleStatus.published, who="n", at=NOW)
    assert get(database).status == "published"


def test_an_update_needs_a_reason_and_makes_the_article_new_once_more(database: Database):
    """Its time is noted; twice is two lines of the log."""
    put(database)
    with database.writing() as session:
        with pytest.raises(BadInput, match="needs a reason"):
            changes.mark_update(session, "example.org/a", who="n", at=NOW, reason=" ")
        for hours in (0, 1):
            changes.mark_update(session, "example.org/a", who="n", at=NOW + hours * DAY, reason="verdict")
    assert get(database).refreshed_at == NOW + DAY
    with database.reading() as session:
        assert [one.before for one in changes.log_of(session, get(database))] == [None, NOW.isoformat()]


@pytest.mark.parametrize(
    "reference", ["https://example.org/b", "mailto:x@example.org", "00000000-0000-0000-0000-000000000000"]
)
def test_an_article_that_is_not_there_is_a_sentence(database: Database, reference):
    """By address or by id."""
    with pytest.raises(NotFound, match="There is no article"):
        get(database, reference)


@BOTH
def test_articles_are_listed_by_what_is_asked(database: Database):
    """Newest first; a region takes in those below it; filters add up; the limit holds."""
    with database.writing() as session:
        apply_preset(session, "starter")
    put(database, "salt", regions=["south-caucasus"], editors_choice=True)
    put(database, "iron", regions=["middle-east"], published_at=NOW - 2 * DAY, status="unpublished")
    put(database, "100% wool", published_at=NOW - 3 * DAY)
    wanted: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["salt", "iron", "100% wool"]),
        ({"limit": 2}, ["salt", "iron"]),
        ({"region": "world"}, ["salt", "iron"]),
        ({"region": "world", "limit": 1}, ["salt"]),
        ({"region": "eastern-neighbourhood"}, ["salt"]),
        ({"status": ArticleStatus.unpublished}, ["iron"]),
        ({"chosen": True}, ["salt"]),
        ({"chosen": False}, ["iron", "100% wool"]),
        ({"source": "feed", "since": NOW - 2 * DAY}, ["salt", "iron"]),
        ({"source": "other"}, []),
        ({"text": "IRO"}, ["iron"]),
        ({"text": "0%"}, ["100% wool"]),
    ]
    with database.reading() as session:
        for asked, names in wanted:
            assert [one.headline for one in changes.list_articles(session, **asked)] == names, asked
        with pytest.raises(NotFound, match="atlantis"):
            changes.list_articles(session, region="atlantis")
