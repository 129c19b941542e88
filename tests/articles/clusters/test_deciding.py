"""What a person says of same stories is logged, wins over the machine, and survives imports and comparing."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete
from sqlmodel import Session, col, select

from digest.articles import changes, storing
from digest.articles.clusters import deciding
from digest.articles.clusters.comparing import WORDS, compare
from digest.articles.importing.data import ArticleData
from digest.articles.models import Article, ArticleLog
from digest.database import Database
from digest.errors import BadInput, NotFound, Refused
from tests.articles.clusters import corpus
from tests.articles.clusters.corpus import Piece
from tests.articles.clusters.making import clusters, key, pairs, put, row
from tests.conftest import BOTH, NOW

DAY = timedelta(days=1)


def at(slug: str) -> str:
    """Return the address of an article."""
    return f"https://example.org/{slug}"


def say(database: Database, what: Any, given: Any, who: str = "ann") -> Any:
    """Let a person say something, in a transaction of its own."""
    with database.writing() as session:
        return what(session, given, who, NOW)


def log(session: Session, slug: str) -> list[tuple[str, str, Any, Any]]:
    """Return what was logged of an article."""
    query = select(ArticleLog).where(col(ArticleLog.article_id) == key(slug)).order_by(col(ArticleLog.id))
    return [(one.what, one.who, one.before, one.after) for one in session.exec(query)]


@pytest.fixture
def piece() -> Piece:
    """Return a story."""
    return corpus.story(Random(1), "en")  # noqa: S311 - dice for a test, not a secret


@BOTH
def test_join_and_split(database: Database, piece: Piece):
    """Joined by hand over languages; split again; both are logged with the cluster before and after."""
    other = corpus.story(Random(2), "de")  # noqa: S311
    put(database, [row("a", piece, hours=15), row("b", piece), row("c", other), row("d", other, hours=30)])
    compare(database, NOW)
    assert clusters(database) == {"a": "a", "b": "a", "c": "d", "d": "d"}
    members = say(database, deciding.join, [at("b"), at("c")])
    assert {one.id for one in members} == {key(slug) for slug in "abcd"}
    assert set(clusters(database).values()) == {"d"}
    say(database, deciding.split, at("c"), "ben")
    assert clusters(database) == {"a": "a", "b": "a", "c": None, "d": None}
    with database.reading() as session:
        a, d = str(key("a")), str(key("d"))
        assert log(session, "c") == [("join", "ann", d, d), ("split", "ben", d, None)]
        assert log(session, "b") == [("join", "ann", a, d)]


@BOTH
def test_a_split_survives_an_import_and_a_comparing(database: Database, piece: Piece):
    """The same text comes again, with a source that calls them one, and everything is compared anew: still apart."""
    items = [
        ArticleData.model_validate(
            {"url": at(slug), "headline": slug, "body": piece.body, "published_at": NOW - number * DAY / 24}
            | {"cluster": "q"}
        )
        for number, slug in enumerate("abc")
    ]
    take(database, items)
    assert set(clusters(database).values()) == {"q"}
    say(database, deciding.split, at("a"))
    assert clusters(database) == {"a": None, "b": "q", "c": "q"}
    take(database, items, at=NOW + DAY)
    with database.writing() as session:
        session.execute(delete(WORDS))
    compare(database, NOW + DAY)
    assert clusters(database) == {"a": None, "b": "q", "c": "q"}


def take(database: Database, items: list[ArticleData], **terms: Any) -> None:
    """Import articles, and compare them."""
    with database.writing() as session:
        storing.store(session, items, source="wire", **({"at": NOW} | terms))
    compare(database, NOW + DAY)


@BOTH
def test_a_late_comer_does_not_bring_together_what_was_split(database: Database, piece: Piece):
    """A third copy goes with one of the two, not with both."""
    put(database, [row("a", piece, hours=5), row("b", piece, hours=4)])
    compare(database, NOW)
    say(database, deciding.split, at("a"))
    put(database, [row("c", piece, hours=3)])
    compare(database, NOW)
    found = clusters(database)
    assert sorted([found["a"] == found["c"], found["b"] == found["c"]]) == [False, True]
    assert found["a"] != found["b"]


@BOTH
def test_what_was_said_can_be_taken_back(database: Database, piece: Piece):
    """Then the texts decide again; a later join also takes an earlier split back."""
    put(database, [row(slug, piece, hours=number) for number, slug in enumerate("abc")])
    compare(database, NOW)
    say(database, deciding.split, at("a"))
    assert clusters(database) == {"a": None, "b": "c", "c": "c"}
    say(database, deciding.undo, at("a"))
    assert set(clusters(database).values()) == {"c"}
    say(database, deciding.split, at("a"))
    say(database, deciding.join, [at("a"), at("b")])
    assert set(clusters(database).values()) == {"c"}
    assert [pair.verdict for pair in pairs(database)].count("apart") == 0


def test_refusals(database: Database, piece: Piece):
    """Each says what is wrong."""
    put(database, [row("a", piece)])
    for what, given, error, words in (
        (deciding.join, [at("a"), at("nowhere")], NotFound, "no article"),
        (deciding.join, [at("a"), str(key("a"))], BadInput, "two articles"),
        (deciding.split, at("a"), Refused, "no cluster"),
        (deciding.undo, at("a"), Refused, "Nobody"),
    ):
        with pytest.raises(error, match=words):
            say(database, what, given)
    assert pairs(database) == []


@BOTH
def test_suggestions(database: Database):
    """Like headlines over unlike texts are suggested until a person judges them, or the articles grow old."""
    dice = Random(3)  # noqa: S311
    one = corpus.story(dice, "en")
    title = "Georgia reopens its largest salt mine"
    put(database, [row("a", one, hours=12, headline=title)])
    put(database, [row("b", corpus.story(dice, "en", unlike=one), headline=f"{title} again")])
    compare(database, NOW)
    with database.reading() as session:
        (found,) = deciding.suggested(session, NOW - DAY)
        assert (found.first.id, found.second.id) == (key("a"), key("b"))
        assert deciding.suggested(session, NOW - DAY / 24) == []
    say(database, deciding.join, [at("a"), at("b")])
    with database.reading() as session:
        assert deciding.suggested(session, NOW - DAY) == []
    say(database, deciding.split, at("a"))
    with database.reading() as session:
        assert deciding.suggested(session, NOW - DAY) == []
        assert deciding.clusters(session, NOW - DAY) == []


@BOTH
def test_the_others_of_a_cluster(database: Database, piece: Piece):
    """They are named, the earliest first, withdrawn ones and old ones too; clusters come whole."""
    put(database, [row("a", piece, hours=300), row("b", piece, status="retracted"), row("c", piece, hours=11)])
    compare(database, NOW)
    with database.reading() as session:
        found = deciding.also(session, changes.find(session, at("b")))
        assert [one.id for one in found] == [key("a"), key("c")]
        (whole,) = deciding.clusters(session, NOW - DAY)
        assert [one.id for one in whole] == [key("a"), key("c"), key("b")]
        lone = Article.model_validate(row("x"))
        assert deciding.also(session, lone) == []
