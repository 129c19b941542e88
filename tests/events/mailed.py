"""An issue that is out, with counted links to five stories; and the clicks on them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from digest.articles.popularity import EXPOSURES, Exposed, record_exposure
from digest.database import Database
from digest.events.clicking import Asked
from digest.events.models import Click
from digest.issues.models import IssueStatus, Publication
from digest.proofs.models import Edition, EditionStory
from digest.rendering import click_links
from digest.sending.models import table
from subscribers.models import Subscriber
from tests.conftest import NOW
from tests.sending import newsroom

KEYS = newsroom.KEYS
EDITION = 100
PLACES = 5
URL = "https://example.org/a"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
SENT = NOW - timedelta(hours=1)
CLICK, STORY = table(Click), table(EditionStory)


def token(place: int) -> str:
    """Return the token of a link of the edition."""
    link = click_links.path(KEYS, newsroom.edition_id(EDITION), place, URL)
    return link[len("/c/") : link.index("?")]


def make(
    database: Database, *, clicks: str = "anonymous", status: IssueStatus = IssueStatus.sent, readers: int = 4
) -> None:
    """Make the issue, its edition with links in it, and its ledger; nothing of it is noted with the articles."""
    room = newsroom.make(database, readers=readers)
    newsroom.queue(database, room)
    links = " ".join(token(place) for place in range(PLACES + 1))
    with database.writing() as session:
        story = session.execute(select(STORY)).mappings().one()
        rows = [{**story, "place": place, "story_key": f"story {place}"} for place in range(2, PLACES + 1)]
        session.execute(insert(STORY), rows)
        session.execute(update(Edition).values(html=f"<html><body>{links}</body></html>"))
        session.execute(update(Publication).values(clicks=clicks))
        session.execute(update(newsroom.DELIVERY).values(state="accepted", settled_at=SENT))
    newsroom.set_issue(database, status=status, first_accepted_at=None if status == IssueStatus.draft else SENT)


def note_places(database: Database, places: int = PLACES) -> None:
    """Note the exposure of the edition's places, as the end of a sending does."""
    row: dict[str, Any] = {
        "article_id": newsroom.ARTICLE,
        "list_id": "caucasus",
        "edition_number": EDITION,
        "sent_at": SENT,
    }
    rows = [Exposed(**row, place=place, delivered=4, expected=1.0) for place in range(1, places + 1)]
    with database.writing() as session:
        record_exposure(session, rows)


def asked(place: int = 1, at: datetime = NOW, **more: Any) -> Asked:
    """Return somebody's request for a link."""
    usual = {"edition": newsroom.edition_id(EDITION), "token": token(place), "method": "GET", "agent": CHROME}
    return Asked(**{**usual, "place": place, "at": at, "address": "203.0.113.7", **more})


def agree(database: Database, person: int, at: datetime | None = NOW) -> str:
    """Let a reader agree; returns the sign of them in their links."""
    with database.writing() as session:
        people = table(Subscriber)
        session.execute(update(people).where(people.c.id == person).values(clicks_agreed_at=at))
        ref = session.execute(select(people.c.ref).where(people.c.id == person)).scalar_one()
    return click_links.reader_signer(KEYS)(str(ref))


def stored(database: Database) -> list[Any]:
    """Return the clicks, in the order they came."""
    return newsroom.rows_of(database, CLICK)


def states(database: Database) -> list[tuple[int, str, str]]:
    """Return (place, state, sign) of the clicks."""
    return [(row.place, row.state, row.sign) for row in stored(database)]


def popular(database: Database) -> Mapping[int, int]:
    """Return place -> clicks that its article was told of, without the zeros."""
    return {row.place: row.clicks for row in newsroom.rows_of(database, EXPOSURES) if row.clicks}
