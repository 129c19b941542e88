"""Comparing finds the same stories among what is stored, on both databases, by one worker or two, killed or not."""

from datetime import timedelta
from random import Random
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, func, select, update
from sqlmodel import col

from digest.articles.clusters import comparing, settling
from digest.articles.clusters.comparing import WORDS, Compared, compare
from digest.articles.models import Article, ArticlePair, ArticleWords
from digest.database import Database
from tests import databases
from tests.articles.clusters import corpus
from tests.articles.clusters.corpus import Piece
from tests.articles.clusters.making import clusters, key, pairs, put, row, said
from tests.conftest import BOTH, NOW


def newsroom(seed: int = 1, stories: int = 40) -> list[dict[str, Any]]:
    """Return articles of four languages: every fifth has an edited copy hours later, all carry the house's lines."""
    dice = Random(seed)  # noqa: S311 - dice for a test, not a secret
    rows = []
    for number in range(stories):
        piece = corpus.jumbled(dice, corpus.LANGUAGES[number % 4], length=12)
        rows.append(row(f"s{number:02}", corpus.with_boilerplate(piece), hours=10 + 5 * number))
        if number % 5 == 0:
            copy = corpus.copy_edited(dice, piece, 0.25)
            rows.append(row(f"c{number:02}", corpus.with_boilerplate(copy), hours=6 + 5 * number))
    return rows


def expected(rows: list[dict[str, Any]]) -> dict[str, str | None]:
    """Return the clusters that the newsroom's articles belong in: each copy goes with its earlier original."""
    slugs = [str(one["canonical_url"]).removeprefix("example.org/") for one in rows]
    return {slug: f"s{slug[1:]}" if f"c{slug[1:]}" in slugs else None for slug in slugs}


@BOTH
def test_copies_are_found_and_nothing_else(database: Database):
    """All copies, with the earlier article's id for a cluster; house lines under every text join nobody."""
    rows = newsroom()
    put(database, rows)
    report = compare(database, NOW)
    assert clusters(database) == expected(rows)
    assert (report.articles, report.same, report.changed) == (48, 8, 16)
    assert compare(database, NOW) == Compared()


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(order=st.permutations(range(48)), chunk=st.integers(1, 30))
def test_the_order_of_arrival_makes_no_difference(database: Database, order: list[int], chunk: int):
    """All at once, or in any order and portions: the same clusters with the same ids."""
    databases.emptied(database)
    rows = newsroom()
    for start in range(0, len(order), chunk):
        put(database, [rows[number] for number in order[start : start + chunk]])
        compare(database, NOW)
    assert clusters(database) == expected(rows)


@BOTH
def test_who_is_compared(database: Database):
    """Withdrawn articles, too, and en with en-gb; not another language, not what is older than 60 days or 14 apart."""
    piece = corpus.story(Random(2), "en")  # noqa: S311
    old = timedelta(days=61).total_seconds() / 3600
    rows = [
        row("a", piece, hours=30),
        row("gone", piece, status="retracted"),
        row("british", piece, language="en-gb"),
        row("german", piece, language="de"),
        row("far", piece, hours=15 * 24 + 10),
        row("old", piece, hours=old),
    ]
    put(database, rows)
    assert compare(database, NOW).articles == 5
    together = {"a": "a", "gone": "a", "british": "a"}
    assert clusters(database) == dict.fromkeys(["far", "german", "old"]) | together


@BOTH
def test_headlines_suggest_and_never_join(database: Database):
    """Two reports of one event that share no text: kept as a suggestion, without a cluster."""
    dice = Random(3)  # noqa: S311
    one = corpus.story(dice, "en")
    other = corpus.story(dice, "en", unlike=one)
    rows = [row("a", one, headline="Georgia reopens its largest salt mine after ten years")]
    rows += [row("b", other, headline="After ten years Georgia reopens largest salt mine")]
    rows += [row("c", other, headline="Georgia reopens its largest salt mine after ten years", language="de")]
    put(database, rows)
    report = compare(database, NOW)
    assert (report.same, report.suggested) == (0, 1)
    (pair,) = pairs(database)
    assert pair.text is None
    assert (pair.title or 0.0) > 0.8
    assert set(clusters(database).values()) == {None}


@BOTH
def test_house_lines_under_short_texts_join_nobody(database: Database):
    """Where most of every item is the same lines, what is told apart is the rest: 30 items, 30 stories."""
    dice = Random(4)  # noqa: S311
    rows = [row(f"s{n:02}", corpus.with_boilerplate(corpus.jumbled(dice, "en", length=2)), hours=n) for n in range(30)]
    put(database, rows)
    compare(database, NOW)
    assert set(clusters(database).values()) == {None}


def test_a_story_that_all_papers_took_is_one(database: Database):
    """An agency's piece in 60 papers within hours, hardly edited, under much the same headline."""
    dice = Random(5)  # noqa: S311
    piece = corpus.story(dice, "en", length=10)
    copies = [corpus.reworded(dice, piece, 0.03) for _ in range(60)]
    put(database, [row(f"s{n:02}", one, hours=n / 10, headline=piece.headline) for n, one in enumerate(copies)])
    compare(database, NOW)
    assert set(clusters(database).values()) == {"s59"}


@BOTH
def test_a_changed_text_is_compared_again(database: Database):
    """What the machine said of the former text goes, and the cluster with it; the rest of it stays together."""
    dice = Random(6)  # noqa: S311
    piece = corpus.story(dice, "en")
    put(database, [row(slug, piece, hours=number) for number, slug in enumerate("abc")])
    compare(database, NOW)
    assert set(clusters(database).values()) == {"c"}
    change(database, "c", corpus.story(dice, "en", unlike=piece))
    assert compare(database, NOW).articles == 1
    assert clusters(database) == {"a": "b", "b": "b", "c": None}
    change(database, "c", piece)
    compare(database, NOW)
    assert set(clusters(database).values()) == {"c"}


def change(database: Database, slug: str, piece: Piece) -> None:
    """Change the text of an article as an import does: what was compared of it goes."""
    with database.writing() as session:
        session.execute(update(Article).where(col(Article.id) == key(slug)).values(body=piece.body))
        session.execute(delete(ArticleWords).where(col(ArticleWords.article_id) == key(slug)))


@BOTH
def test_sources_name_clusters(database: Database):
    """A translation stands with its original because the source says so; its name goes to all that hang on it."""
    dice = Random(7)  # noqa: S311
    piece = corpus.story(dice, "en")
    rows = [row("a", piece, hours=20), row("copy", piece), row("translation", corpus.story(dice, "de"))]
    put(database, [*rows, row("alone", corpus.story(dice, "ru"))], given={"a": "q", "translation": "q", "alone": "r"})
    compare(database, NOW)
    assert clusters(database) == {"a": "q", "alone": "r", "copy": "q", "translation": "q"}
    with database.writing() as session:
        session.add(said("copy", "p"))
        session.execute(delete(WORDS).where(WORDS.c.article_id == key("copy")))
    compare(database, NOW)
    assert clusters(database) == {"a": "p", "alone": "r", "copy": "p", "translation": "p"}


@BOTH
def test_two_workers_at_once_miss_nothing(database: Database, monkeypatch: pytest.MonkeyPatch):
    """Four of them start together, in small portions: the clusters are those of one, and nothing is counted twice."""
    monkeypatch.setattr(comparing, "CHUNK", 5)
    rows = newsroom()
    put(database, rows)
    reports: list[Compared] = []
    workers = [Thread(target=lambda: reports.append(compare(database, NOW))) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    reports.append(compare(database, NOW))  # what one passed over while another held it
    assert clusters(database) == expected(rows)
    assert sum(report.articles for report in reports) == len(rows)


@BOTH
def test_what_comes_between_looking_and_keeping_is_seen(database: Database, monkeypatch: pytest.MonkeyPatch):
    """Another worker stores the mate, and an import changes a text, right before the result is kept."""
    dice = Random(8)  # noqa: S311
    piece, other = corpus.story(dice, "en"), corpus.story(dice, "de")
    put(database, [row("a", piece), row("changed", other), row("like-changed", other)])
    keep = comparing._keep
    meanwhile = [True]

    def late(session: Any, *rest: Any) -> Compared:
        if meanwhile:
            meanwhile.clear()
            session.execute(Article.__table__.insert(), [column_values(row("mate", piece))])  # type: ignore[attr-defined]
            new = comparing._read(session, [key("mate")])
            comparing._store(session, new, [], NOW)
            fresh = corpus.story(dice, "de", unlike=other).body
            session.execute(update(Article).where(col(Article.id) == key("changed")).values(body=fresh))
        return keep(session, *rest)

    monkeypatch.setattr(comparing, "_keep", late)
    report = compare(database, NOW)
    assert (report.articles, report.passed_over) == (2, 1)
    assert compare(database, NOW).articles == 1
    found = clusters(database)
    assert found["a"] == found["mate"] is not None
    assert (found["changed"], found["like-changed"]) == (None, None)


def column_values(values: dict[str, Any]) -> dict[str, Any]:
    """Return a whole row of the table."""
    return Article.model_validate(values).model_dump()


@BOTH
def test_a_killed_worker_loses_nothing(database: Database, monkeypatch: pytest.MonkeyPatch):
    """Killed in the midst of keeping a portion: that portion is undone, the next run does the rest."""
    monkeypatch.setattr(comparing, "CHUNK", 10)
    rows = newsroom()
    put(database, rows)
    settle, calls = settling.settle, []

    def killed(session: Any, articles: Any) -> int:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return settle(session, articles)

    monkeypatch.setattr(comparing, "settle", killed)
    with pytest.raises(KeyboardInterrupt):
        compare(database, NOW)
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(WORDS)).scalar_one() == 20
    assert compare(database, NOW).articles == 28
    assert clusters(database) == expected(rows)


def test_it_tells_how_far_it_is_and_reads_few_texts(database: Database):
    """Progress adds up to all articles; one new article does not make it read the texts of all others again."""
    rows = newsroom()
    put(database, rows)
    told: list[int] = []
    compare(database, NOW, done=told.append)
    assert sum(told) == len(rows)
    put(database, [row("late", corpus.story(Random(9), "en"))])  # noqa: S311
    named: list[int] = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if "article.body" in statement:
            named.append(len(parameters))

    event.listen(database.engine, "before_cursor_execute", listen)
    compare(database, NOW)
    event.remove(database.engine, "before_cursor_execute", listen)
    assert 0 < sum(named) < 10


def test_pairs_name_the_smaller_id_first(database: Database):
    """Whatever came first, there is one row for two articles."""
    put(database, newsroom())
    compare(database, NOW)
    found: list[ArticlePair] = pairs(database)
    assert found
    assert all(pair.first < pair.second for pair in found)
