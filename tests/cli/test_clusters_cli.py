"""The commands clusters, join and split, as the noun ``articles`` gets them."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from digest import bootstrap
from digest.articles.clusters.comparing import compare
from digest.articles.models import Article
from digest.cli import clusters
from digest.clock import SystemClock
from digest.errors import BadInput, Refused
from tests.articles.clusters import corpus
from tests.articles.clusters.making import key, put, row
from tests.conftest import NOW

Run = Callable[..., Result]


@pytest.fixture
def run(installed: Path) -> Run:  # noqa: ARG001 - to be in its folder
    """Return what runs a command in a folder with four articles of today: two copies, two with like headlines."""
    dice = Random(1)  # noqa: S311 - dice for a test, not a secret
    one = corpus.story(dice, "en")
    two = corpus.story(dice, "en", unlike=one)
    title = "Georgia reopens its largest salt mine"
    now = SystemClock().now()
    with bootstrap.opened() as app:
        rows = [row("a", one, hours=20, headline=title), row("copy", one, status="retracted")]
        rows += [row("like", two, headline=f"{title} again"), row("other", corpus.story(dice, "ru"))]
        put(app.database, [one | {"published_at": one["published_at"] + (now - NOW)} for one in rows])
        compare(app.database, now)
    noun = typer.Typer(no_args_is_help=True)
    clusters.register(noun)
    return lambda *words: CliRunner().invoke(noun, list(words))


def data(result: Result) -> Any:
    """Return the JSON a command printed."""
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def ids(articles: list[dict[str, Any]]) -> list[str]:
    """Return the ids of articles."""
    return [one["id"] for one in articles]


def test_clusters_shows_stories_and_suggestions(run: Run):
    """For machines with ids, for people with headlines and what is withdrawn."""
    found = data(run("clusters", "--json"))
    a, copy, like = (str(key(slug)) for slug in ("a", "copy", "like"))
    assert [ids(one["articles"]) for one in found["clusters"]] == [[a, copy]]
    assert found["clusters"][0]["cluster"] == a
    assert {ids([one["first"], one["second"]])[1] for one in found["suggestions"]} <= {copy, like}
    assert found["not_compared_yet"] == 0
    said = run("clusters").output
    assert "One story, 2 articles:" in said
    assert "[retracted]" in said
    assert "Perhaps one story" in said


def test_join_split_and_undo(run: Run, capsys: pytest.CaptureFixture[str]):
    """Each says what became of the article, and ``show`` can name the others."""
    copy, other = "https://example.org/copy", "https://example.org/other"
    joined = data(run("join", copy, str(key("other")), "--json"))
    assert set(ids(joined["articles"])) == {str(key(slug)) for slug in ("a", "copy", "other")}
    with bootstrap.opened() as app, app.database.reading() as session:
        mates = clusters.also(session, session.get_one(Article, key("copy")))
    assert set(ids(mates)) == {str(key("a")), str(key("other"))}
    clusters.say_also(mates)
    assert other in capsys.readouterr().out
    assert "is by itself" in run("split", other, "--undo").output
    assert "one story with 2 others" in run("join", copy, other).output
    assert data(run("split", copy, "--json"))["also"] == []
    assert "one story with 1 other." in run("split", copy, "--undo").output


def test_refusals_are_sentences(run: Run):
    """One article is nothing to join; a lone one is nothing to split."""
    assert isinstance(run("join", "https://example.org/a").exception, BadInput)
    assert isinstance(run("split", "https://example.org/like").exception, Refused)
