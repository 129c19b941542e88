"""A newsroom with a weekly and the daily it is the companion of, and what its readers were brought, story by story."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from digest.clock import StillClock
from digest.database import Database
from digest.issues import publications
from digest.issues.models import Issue
from digest.proofs.models import Edition, EditionStory
from digest.rendering.urls import Urls
from digest.sending import control, work
from digest.sending.models import table
from subscribers import Keys, ListData, add_list, find
from subscribers.models import Subscriber
from tests.issues import newsroom
from tests.sending import approved
from tests.sending.fakes import Never, Scripted, means
from tests.sending.newsroom import DELIVERY
from tests.sending.newsroom import KEYS as MEANS_KEYS

MONDAY = datetime.fromisoformat("2026-11-23T00:00:00+00:00")
DAY = timedelta(days=1)
URLS = Urls("https://digest.example.org", MEANS_KEYS)
STORY, EDITION, PERSON = table(EditionStory), table(Edition), table(Subscriber)
HOURS = {"daily": 7, "weekly": 8}


def daily(database: Database) -> None:
    """Add a daily at seven with a list for each of the three regions: d-sc, d-ee, d-ca."""
    fields = {"id": "daily", "name": "The Daily", "cadence": "daily", "cutoff": "0 5 * * *", "send": "0 7 * * *"}
    with database.writing() as session:
        publications.add(session, publications.checked(**newsroom.publication(**fields | {"zone": "UTC"})))
        for position, (list_id, name, region) in enumerate(newsroom.LISTS):
            one = ListData(id=f"d-{list_id}", name=f"{name} daily", family="daily", topic=region, position=position)
            add_list(session, one)


def found(database: Database, *, repeats: bool = False) -> None:
    """Found the newsroom: a weekly on Mondays at eight whose companion is a daily at seven."""
    newsroom.found(database, zone="UTC")
    daily(database)
    with database.writing() as session:
        publications.change(session, "weekly", {"companion": "daily", "repeats_daily": str(repeats).lower()})


def publish(database: Database, at: datetime, prefix: str, number: int = 3) -> None:
    """Publish some stories of each region, and one of two, in the hours before."""
    rows = [
        newsroom.article(f"{prefix}-{region}-{n}", hours=1 + n, at=at, regions={region: "tag"})
        for region in ("south-caucasus", "eastern-europe", "central-asia")
        for n in range(number)
    ]
    both = {"south-caucasus": "tag", "central-asia": "tag"}
    newsroom.publish(database, [*rows, newsroom.article(f"{prefix}-shared", hours=2, at=at, regions=both)])


def approve(database: Database, publication: str, day: datetime, clock: StillClock) -> UUID:
    """Draft, proof and approve a publication's issue of a day, two hours before it leaves."""
    clock.at = day + timedelta(hours=HOURS[publication] - 2)
    return approved.approve(database, clock.at, publication, URLS)


def send(database: Database, issue: UUID, at: datetime, clock: StillClock) -> str:
    """Send an approved issue at an instant; returns how it ended."""
    clock.at = at
    control.send(database, issue, who="editor", at=at, undo=timedelta(0))
    return str(work.drain(means(database, clock, Scripted()), issue, Never()))


def issue_of(database: Database, publication: str, day: datetime, clock: StillClock) -> UUID:
    """Make and send a publication's issue of a day at its hour; returns it."""
    made = approve(database, publication, day, clock)
    send(database, made, day + timedelta(hours=HOURS[publication]), clock)
    return made


def number(database: Database, address: str, keys: Keys = newsroom.KEYS) -> int:
    """Return a reader's number."""
    with database.reading() as session:
        data = find(session, keys, address)
        assert data is not None
        return int(session.execute(select(PERSON.c.id).where(PERSON.c.ref == UUID(str(data.ref)))).scalar_one())


def brought(database: Database, issue: UUID | None = None) -> Mapping[int, Collection[tuple[str, str, str]]]:
    """Return reader -> (publication, list, story) of all mail that was accepted, in the order it left."""
    found_: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    issues = table(Issue)
    query = (
        select(DELIVERY.c.subscriber_id, issues.c.publication_id, STORY.c.list_id, STORY.c.story_key)
        .join(STORY, STORY.c.edition_number == DELIVERY.c.edition_number)
        .join(issues, issues.c.number == DELIVERY.c.issue_number)
        .where(DELIVERY.c.state == "accepted", STORY.c.block != "correction")
        .order_by(DELIVERY.c.issue_number, STORY.c.place)
    )
    with database.reading() as session:
        for who, publication, where, key in session.execute(
            query if issue is None else query.where(issues.c.id == issue)
        ):
            found_[who].append((publication, where, key))
    return found_
