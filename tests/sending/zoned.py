"""Readers with time zones, for the newsroom of the tests, and an issue that reaches each at their own hour."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update

from digest.database import Database
from digest.issues.models import Publication
from digest.sending.models import table
from subscribers.models import Subscriber
from tests.sending import newsroom

PERSON, PUBLICATION = table(Subscriber), table(Publication)


def live_in(database: Database, zones: Mapping[int, str]) -> None:
    """Let readers, by number, live in these zones."""
    with database.writing() as session:
        for who, zone in zones.items():
            session.execute(update(PERSON).where(PERSON.c.id == who).values(zone=zone))


def publication(database: Database, zone: str, *, reader_zones: bool = True) -> None:
    """Let the weekly of the tests be sent by the clocks of a zone, to each reader by their own."""
    with database.writing() as session:
        session.execute(update(PUBLICATION).values(zone=zone, reader_zones=reader_zones))


def waits(database: Database) -> dict[int, datetime | None]:
    """Return subscriber -> what their delivery waits for."""
    with database.reading() as session:
        query = select(newsroom.DELIVERY.c.subscriber_id, newsroom.DELIVERY.c.next_attempt_at)
        return dict(session.execute(query).all())


def second_wave(database: Database, room: newsroom.Newsroom, readers: int, at: datetime) -> datetime:
    """Let readers with even numbers get an issue at an instant, all others when it leaves; returns the instant."""
    publication(database, "UTC")
    live_in(database, dict.fromkeys(range(2, readers + 1, 2), "Etc/GMT+1"))
    newsroom.set_issue(database, room.number, send_at=at - timedelta(hours=1))
    return at
