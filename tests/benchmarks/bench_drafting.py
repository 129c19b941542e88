"""Measures what 100,000 stored articles cost: importing them, a draft with its editions, a look for what is due."""

import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import combinations, islice
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter, process_time

from digest.articles import pages
from digest.articles.clusters import comparing
from digest.articles.importing.data import ArticleData
from digest.articles.pictures.store import PictureStore
from digest.articles.storing import Import, store_in_chunks
from digest.clock import StillClock
from digest.database import Database
from digest.issues import drafting, publications
from digest.issues.building import Builder
from digest.issues.plan import EditionPlan
from digest.proofs.pressing import pressing
from digest.regions import add_region, apply_preset
from digest.rendering.mailing import render
from digest.rendering.urls import Urls
from digest.tables import METADATA
from subscribers import ListData, add_list
from tests.conftest import KEYS

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
COUNT, DAYS, MEASURED = 100_000, 365, 5_000
REGIONS = {  # topic -> what the newsroom's tags call it
    "south-caucasus": "South Caucasus",
    "central-asia": "Central Asia",
    "middle-east": "Middle East",
    "eastern-europe": "Eastern Europe",
    **{f"region-{number}": f"Region {number}" for number in range(6)},
}
SETS = 50
URLS = Urls("https://digest.example.org", KEYS)
PLACES = ("Tbilisi", "Yerevan", "Kyiv", "Baku", "Cairo", "Germany", "French", "Turkey", "Kazakh", "Moldova")


def articles(count: int) -> Iterator[ArticleData]:
    """Yield made-up articles of a year, 400 words each; a third carries no region and is placed by its text."""
    dice = Random(20261124)  # noqa: S311 - dice for a benchmark, not a secret
    words = ["".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=dice.randint(3, 9))) for _ in range(5_000)]
    for number in range(count):
        tags = [dice.choice(words[:200]), *([dice.choice(tuple(REGIONS.values()))] if number % 3 else [])]
        yield ArticleData.model_validate(
            {
                "url": f"https://example.org/news/{number}",
                "guid": str(number),
                "headline": " ".join([*dice.choices(words, k=7), dice.choice(PLACES)]),
                "standfirst": " ".join(dice.choices(words, k=25)),
                "body": " ".join([*dice.choices(words, k=380), *dice.choices(PLACES, k=8)]),
                "published_at": NOW - timedelta(days=DAYS * dice.random()),
                "categories": tags,
                "authors": [dice.choice(words[:60])],
                "image": {"url": f"https://example.org/{number}.jpg", "alt": "x"},
            }
        )


def main() -> None:
    """Print what each costs."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/bench.db", StillClock(NOW))
        METADATA.create_all(database.engine)
        _set_up(database)
        _import(database)
        _draft(database, PictureStore(Path(folder) / "pictures", "https://digest.example.org"))
        _look(database)
        database.close()


def _set_up(database: Database) -> None:
    with database.writing() as session:
        apply_preset(session, "starter")
        publications.add(
            session, publications.checked(id="p", name="P", sender_address="a@example.org", postal_address="x")
        )
        for number, (region, name) in enumerate(REGIONS.items()):
            if region.startswith("region"):
                add_region(session, {"id": region, "names": {"en": name}, "parent": "world"})
            add_list(session, ListData(id=region, name=region, family="p", topic=region, position=number))


def _import(database: Database) -> None:
    terms = Import(source="feed", at=NOW, backlog=True)
    made = list(articles(MEASURED))
    begun = perf_counter()
    store_in_chunks(database, made, terms)
    stored = perf_counter() - begun
    begun = perf_counter()
    sorted(made, key=lambda one: one.body)
    sorting = perf_counter() - begun
    sys.stdout.write(
        f"import: {MEASURED} articles, {MEASURED / stored:,.0f} a second; sorting them by text takes "
        f"{sorting * 1000:.0f} ms: {stored / sorting:.0f}x\n"
    )
    store_in_chunks(database, articles(COUNT), terms)


def _draft(database: Database, pictures: PictureStore) -> None:
    sets = list(islice(combinations(REGIONS, 3), SETS))
    drafts, picks, mails = [], [], []
    plans: list[EditionPlan] = []
    for minute in range(3):
        as_of = NOW + timedelta(minutes=minute)
        begun = perf_counter()
        issue = drafting.draft(database, "p", as_of=as_of, at=NOW, pictures=pictures)
        drafts.append(perf_counter() - begun)
        with database.reading() as session:
            builder = Builder(drafting.recipe(session, session.merge(issue)))
        plans = [builder.build(lists) for lists in sets]
        picks.append(perf_counter() - begun)
        mails += [_rendering(plan) for plan in plans]
    stories = sum(len(section.stories) for section in plans[0].sections)
    sys.stdout.write(
        f"draft from {COUNT:,} stored articles in {len(REGIONS)} regions: {min(drafts):.2f} s; with {SETS} editions "
        f"{min(picks):.2f} s; rendering an edition of {stories} stories: {median(mails) * 1000:.1f} ms, at best "
        f"{min(mails) * 1000:.1f} ms\n"
    )


def _rendering(plan: EditionPlan) -> float:
    """Return the seconds of CPU that one mail takes: the machine is shared, and one mail is short."""
    begun = process_time()
    render(plan, URLS)
    return process_time() - begun


def _look(database: Database) -> None:
    begun = perf_counter()
    comparing.compare(database, NOW)
    all_new = perf_counter() - begun
    begun = perf_counter()
    comparing.compare(database, NOW)
    with database.reading() as session:
        pages.due(session, NOW, pressing(NOW))
    idle = perf_counter() - begun
    sys.stdout.write(
        f"comparing the last 60 days of {COUNT:,} articles: {all_new:.1f} s; with nothing new, "
        f"and which pages are due: {idle * 1000:.0f} ms\n"
    )
