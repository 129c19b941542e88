"""A newsroom with a draft, two editors, readers of several sets of lists, and a clock that stands at the cut-off."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlmodel import select

from digest.articles.models import article_id
from digest.clock import StillClock
from digest.database import Database
from digest.issues import drafting
from digest.issues.models import EditorMail, Issue, Publication
from digest.proofs import making
from digest.proofs.relaxed import NOT_NEEDED
from digest.rendering.urls import Urls
from digest.sending.means import Means
from tests import databases
from tests.conftest import KEYS, NOW
from tests.issues import newsroom
from tests.sending import fakes
from tests.sending.fakes import Scripted

BASE = "https://mail.meridian.example"
ANNA, BELA = "anna@meridian.example", "bela@meridian.example"
SEND_AT = NOW + timedelta(hours=2)
REGIONS = ("south-caucasus", "eastern-europe", "central-asia")
HEADLINES = (
    "The dam keepers of Enguri want their snow back",
    "Hazelnut growers plant tea again, on a bet about rain",
    "A night train returns after thirty years, and nobody gets off",
    "The mayor who answers every letter by hand",
    "Wolves came down to the vineyards, and stayed for the harvest",
    "How a village school became the best radio station of the valley",
    "The last ferry pilot teaches the bridge builders",
    "Border guards share a bakery, though not a language",
)


def found(database: Database, **changes: Any) -> None:
    """Found it: articles of three regions (more than there is room for), and six readers."""
    if changes:
        _found(database, **changes)
    else:
        databases.become(database, _as_it_is)


def _as_it_is(database: Database) -> None:
    databases.tables(database)
    _found(database)


def _found(database: Database, **changes: Any) -> None:
    values = {"editors": [ANNA, BELA], "section_stories": 3, "section_briefs": 2} | changes
    later = {name: values.pop(name) for name in ("remind_minutes", "review") if name in values}
    newsroom.found(database, **values)
    change(database, **later)
    newsroom.publish(database, [article(region, number) for region in REGIONS for number in range(8)])
    for number, lists in enumerate((["sc", "ee", "ca"],) * 3 + (["sc"], ["ee", "ca"], ["ca"])):
        newsroom.reader(database, f"reader{number}@example.org", *lists, at=NOW - timedelta(days=40))


def article(region: str, number: int, **changes: Any) -> dict[str, Any]:
    """Return one of the articles; the lower its number, the more points."""
    name = region.replace("-", " ").title()
    values: dict[str, Any] = {
        "headline": f"{HEADLINES[number]} ({name})",
        "standfirst": "The reservoir is a third empty in November. Engineers who measured the ice by hand for forty "
        "years now do it by drone.",
        "kicker": "Report",
        "image_url": f"https://meridian.example/{number}.jpg" if number % 3 != 1 else "",
        "image_alt": "A dam in the snow, seen from the valley",
        "editors_choice": number == 0,
        "regions": {region: "tag"},
    }
    return newsroom.article(slug(region, number), hours=5 + 6 * number, **values | changes)


def slug(region: str, number: int) -> str:
    """Return the name of an article in its address."""
    return f"{region}-{number}"


def key(region: str, number: int) -> UUID:
    """Return the id of an article."""
    return article_id(f"meridian.example/{slug(region, number)}")


def change(database: Database, **values: Any) -> None:
    """Change the publication behind everybody's back."""
    with database.writing() as session:
        publication = session.get_one(Publication, "weekly")
        for name, value in values.items():
            setattr(publication, name, value)
        session.add(publication)


def draft(database: Database, *, at: datetime = NOW, send_at: datetime | None = SEND_AT) -> Issue:
    """Draft the issue as the tick does, and give it its hour."""
    issue = drafting.draft(database, "weekly", as_of=at, at=at)
    return set_issue(database, issue.id, send_at=send_at)


def set_issue(database: Database, issue_id: UUID, **values: Any) -> Issue:
    """Change an issue behind everybody's back."""
    with database.writing() as session:
        issue = session.get_one(Issue, issue_id)
        for name, value in values.items():
            setattr(issue, name, value)
        session.add(issue)
    return issue


def prove(database: Database, issue: Issue, at: datetime = NOW) -> None:
    """Make the editions, and check them."""
    making.make_proof(database, issue.id, urls=Urls(BASE, KEYS), at=at, relaxed=NOT_NEEDED)


def working(database: Database, provider: Any = None, clock: StillClock | None = None) -> tuple[Means, Scripted]:
    """Return the means, and the provider that keeps what it got."""
    used = provider or Scripted()
    usual = fakes.means(database, clock or StillClock(NOW), used)
    return replace(usual, base_url=BASE, relaxed=NOT_NEEDED, keys=KEYS), used


def mails(database: Database) -> Sequence[EditorMail]:
    """Return all rows, in the order they were made."""
    with database.reading() as session:
        return session.exec(select(EditorMail).order_by(EditorMail.id)).all()  # type: ignore[arg-type]


def keep(folder: Path, name: str, html: str) -> Path:
    """Write a page that a browser shall open."""
    file = folder / name
    file.write_text(html, encoding="utf-8")
    return file
