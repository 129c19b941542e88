"""A small newsroom for tests: a publication, three lists, articles of the last week, and a few readers."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlmodel import Session, col

from digest.articles.models import Article, article_id
from digest.database import Database
from digest.issues import publications
from digest.issues.models import Issue, IssueStatus
from digest.proofs.models import Edition, EditionAudience
from digest.regions import apply_preset
from digest.sending.models import Delivery, DeliveryState
from subscribers import Keys, ListData, add_list, find, recipients, subscribe
from tests.conftest import NOW, STRONG

KEYS = Keys(secret=STRONG, old=(), address=STRONG[::-1])
WEEK = timedelta(days=7)
LISTS = (
    ("sc", "South Caucasus", "south-caucasus"),
    ("ee", "Eastern Europe", "eastern-europe"),
    ("ca", "Central Asia", "central-asia"),
)


def found(database: Database, **changes: Any) -> None:
    """Found the newsroom: regions, the publication "weekly", and its three lists."""
    with database.writing() as session:
        apply_preset(session, "starter")
        publications.add(session, publications.checked(**publication(**changes)))
        for position, (list_id, name, region) in enumerate(LISTS):
            add_list(
                session,
                ListData(id=list_id, name=name, family="weekly", topic=region, position=position, language="en"),
            )


def publication(**changes: Any) -> dict[str, Any]:
    """Return the fields of the publication."""
    return {
        "id": "weekly",
        "name": "The Meridian",
        "sender_address": "digest@meridian.example",
        "postal_address": "1 Main Street, 1000 Brussels",
        "zone": "Europe/Brussels",
    } | changes


def article(slug: str, *, hours: float = 10, at: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """Return the row of an article published some hours before ``at``."""
    canonical = f"meridian.example/{slug}"
    published = at - timedelta(hours=hours)
    row = {
        "id": article_id(canonical),
        "canonical_url": canonical,
        "url": f"https://meridian.example/{slug}",
        "headline": f"Headline of {slug} which is long enough to read",
        "standfirst": f"What happened at {slug}, told in a sentence that says it all.",
        "published_at": published,
        "first_seen_at": published,
        "imported_at": published,
        "regions": {"south-caucasus": "tag"},
        "authors": [f"author of {slug}"],
        "topics": [f"topic of {slug}"],
    }
    return row | changes


def publish(database: Database, rows: Iterable[dict[str, Any]]) -> None:
    """Store articles."""
    with database.writing() as session:
        session.add_all([Article.model_validate(row) for row in rows])


def change(database: Database, slug: str, **values: Any) -> None:
    """Change a stored article behind everybody's back."""
    with database.writing() as session:
        key = article_id(f"meridian.example/{slug}")
        session.execute(update(Article).where(col(Article.id) == key).values(**values))


def a_week(at: datetime = NOW, prefix: str = "") -> list[dict[str, Any]]:
    """Return the articles of one week: five of each region, some badged, some with pictures, one shared."""
    rows = [
        article(
            f"{prefix}{region}-{number}",
            hours=5 + 20 * number,
            at=at,
            regions={region: "tag"},
            editors_choice=number == 1,
            image_url=f"https://meridian.example/{number}.jpg" if number % 2 else "",
            image_alt="What is seen",
        )
        for region in ("south-caucasus", "eastern-europe", "central-asia")
        for number in range(5)
    ]
    rows.append(article(f"{prefix}shared", hours=7, at=at, regions={"south-caucasus": "tag", "central-asia": "tag"}))
    return rows


def reader(database: Database, address: str, *lists: str, at: datetime = NOW) -> None:
    """Let somebody subscribe, confirmed."""
    with database.writing() as session:
        subscribe(
            session, KEYS, address=address, lists=list(lists), at=at, source="test", wording="yes", confirmed=True
        )


def person(session: Session, address: str) -> str:
    """Return the ref of a reader."""
    data = find(session, KEYS, address)
    assert data is not None
    return str(data.ref)


def sent(database: Database, issue: Issue, at: datetime, family: str = "weekly") -> None:
    """Pretend that an issue with a proof went out: each reader has accepted the edition of their lists."""
    with database.writing() as session:
        held = session.get_one(Issue, issue.id)
        held.audience_size = _write(session, held, at, DeliveryState.accepted, family)
        held.first_accepted_at = at
        held.status = IssueStatus.sent
        session.add(held)


def freezing(database: Database, issue: Issue, at: datetime) -> None:
    """Write the ledger of an issue with a proof as freezing does, before it looks who had what."""
    with database.writing() as session:
        _write(session, session.get_one(Issue, issue.id), at, DeliveryState.freezing)


def _write(session: Session, issue: Issue, at: datetime, state: DeliveryState, family: str = "weekly") -> int:
    readers = session.execute(recipients(family, at)).all()
    audiences = select(col(EditionAudience.audience_id), col(EditionAudience.edition_number)).where(
        col(EditionAudience.issue_number) == issue.number
    )
    made = {row.audience_id: row.edition_number for row in session.execute(audiences)}
    rows = [
        _delivery(issue.number, subscriber, made[audience], state)
        for subscriber, audience in readers
        if audience in made
    ]
    if rows:
        session.execute(insert(Delivery), rows)
    return len(rows)


def _delivery(issue: int, subscriber: int, edition: int, state: DeliveryState) -> dict[str, Any]:
    row = {"issue_number": issue, "subscriber_id": subscriber, "edition_number": edition}
    return row | {"state": state, "attempts": 1 if state == DeliveryState.accepted else 0}


def edition_of(session: Session, issue: Issue, *lists: str, without: int = 0) -> Edition:
    """Return the stored edition of these lists."""
    editions: list[Edition] = list(session.execute(select(Edition).where(col(Edition.issue_id) == issue.id)).scalars())
    for edition in editions:
        if tuple(edition.lists) == lists and len(edition.without) == without:
            return edition
    raise AssertionError(lists)
