"""Measures the same-story clusters: 5,000 articles from scratch, and one among 50,000, beside plain tokenising."""

import re
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from itertools import accumulate
from random import Random
from time import perf_counter
from typing import Any

from sqlalchemy import insert

from digest.articles.clusters import comparing
from digest.articles.clusters.comparing import WORDS
from digest.articles.clusters.words import packed, read
from digest.articles.identity import ARTICLES
from digest.articles.models import Article, article_id
from digest.database import Database
from digest.tables import METADATA
from tests.conftest import NOW

WORD = re.compile(r"\w+")
VOCABULARY = 30_000
LENGTH = 400  # words of an article


def texts(count: int) -> list[tuple[str, str]]:
    """Return headlines and bodies: words as frequent as in a language (Zipf), one in ten an edited copy."""
    dice = Random(20261124)  # noqa: S311 - dice for a benchmark, not a secret
    words = ["".join(dice.choices("aeioubdgklmnprstvz", k=3 + number % 7)) for number in range(VOCABULARY)]
    weights = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))
    made: list[tuple[str, str]] = []
    for number in range(count):
        headline = " ".join(dice.choices(words, cum_weights=weights, k=9))
        body = dice.choices(words, cum_weights=weights, k=LENGTH)
        if number % 10 == 9:
            body = made[-dice.randint(1, 9)][1].split(" ")
            body[100:180] = dice.choices(words, cum_weights=weights, k=80)
        made.append((headline, " ".join(body)))
    return made


def rows(made: list[tuple[str, str]], days: float) -> list[dict[str, Any]]:
    """Return articles with these texts, spread over so many days before now."""
    step = timedelta(days=days) / len(made)
    return [_row(number, headline, body, number * step) for number, (headline, body) in enumerate(made)]


def _row(number: int, headline: str, body: str, age: timedelta) -> dict[str, Any]:
    canonical = f"example.org/{number}"
    published = NOW - age
    article = Article.model_validate(
        {"id": article_id(canonical), "canonical_url": canonical, "url": f"https://{canonical}"}
        | {"headline": headline, "body": body, "published_at": published, "first_seen_at": published}
        | {"imported_at": published}
    )
    return article.model_dump()


def tokenise(made: list[tuple[str, str]]) -> int:
    """Do the least that any comparing must: find the words of every text."""
    return sum(len(WORD.findall(body.casefold())) for _headline, body in made)


def timed(work: Callable[[], object]) -> float:
    """Return how long something took, in seconds."""
    start = perf_counter()
    work()
    return perf_counter() - start


def from_scratch(count: int = 5_000) -> None:
    """Print how long it takes to compare so many articles of 14 days, none of which was compared yet."""
    made = texts(count)
    with tempfile.TemporaryDirectory() as folder:
        database = _database(folder, rows(made, days=14))
        found: list[comparing.Compared] = []
        ours = timed(lambda: found.append(comparing.compare(database, NOW)))
        plain = timed(lambda: tokenise(made))
        say(f"same stories: {count:,} articles of {LENGTH} words from scratch in {ours:.2f} s, {found[0].same} pairs")
        say(f"  finding their words alone takes {plain:.2f} s: {ours / plain:.1f}x")
        database.close()


def one_more(count: int = 50_000) -> None:
    """Print how long it takes to compare one new article with so many of 14 days."""
    made = texts(count)
    with tempfile.TemporaryDirectory() as folder:
        stored = rows(made, days=14)
        database = _database(folder, stored)
        new = 9  # an edited copy
        with database.writing() as session:
            session.execute(insert(WORDS), [_words(one) for number, one in enumerate(stored) if number != new])
        ours = timed(lambda: comparing.compare(database, NOW))
        plain = timed(lambda: tokenise(made[:5_000]))
        say(f"same stories: one new article among {count:,} in {ours:.2f} s")
        say(f"  finding the words of 5,000 takes {plain:.2f} s: {ours / plain:.1f}x")
        database.close()


def _words(article: dict[str, Any]) -> dict[str, Any]:
    words = packed(read(article["headline"], article["standfirst"], article["body"]))
    return {"article_id": article["id"], "published_at": article["published_at"], "language": "en", "words": words}


def _database(folder: str, articles: list[dict[str, Any]]) -> Database:
    database = Database(f"sqlite:///{folder}/bench.db")
    METADATA.create_all(database.engine)
    with database.writing() as session:
        session.execute(insert(ARTICLES), articles)
    return database


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


def run() -> None:
    """Print all figures."""
    from_scratch()
    one_more()


main = run

if __name__ == "__main__":
    run()
