"""Holding a reader's mail back until a day they choose: all of it, and nothing of it comes later."""

from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlmodel import Session

from subscribers.audience import PERSON
from subscribers.consent import number_of
from subscribers.errors import BadDay

LONGEST: Final = timedelta(days=366)  # who wants no mail for longer leaves, and is not forgotten in a table


def days(now: datetime, zone: str) -> tuple[date, date]:
    """Return the first and the last day that mail can be held back until, in a zone ("": UTC)."""
    today = now.astimezone(ZoneInfo(zone or "UTC")).date()
    return today + timedelta(days=1), today + LONGEST


def start_of(text: str, now: datetime, zone: str) -> datetime:
    """Return the instant at which a day begins in a zone ("": UTC); from then on mail comes again. Raises BadDay."""
    first, last = days(now, zone)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not first <= day <= last:
        raise BadDay("Choose a day from tomorrow on, and within a year.")
    place = ZoneInfo(zone or "UTC")
    return datetime(day.year, day.month, day.day, tzinfo=place).astimezone(now.tzinfo)


def pause(session: Session, *, ref: str, until: datetime | None) -> None:
    """Hold all mail of a reader back until an instant; None lets it come again. A ref of nobody is no error."""
    number = number_of(session, ref)
    if number is not None:
        session.execute(update(PERSON).where(PERSON.c.id == number).values(paused_until=until))
