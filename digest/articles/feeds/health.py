"""Says how feeds fare: in words, which are dead, and the alarm when one dies or comes back."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlmodel import Session, col, or_, select

from digest.articles.feeds.addresses import called
from digest.articles.feeds.models import Feed
from digest.articles.feeds.pacing import PAUSED

DEAD_AFTER = 3  # failures in a row
GONE = "Its address is gone for good (410)"  # how the error of such a feed begins

TOO_OFTEN = "The site asks us to come less often"


class Health(StrEnum):
    """How a feed fares."""

    fine = "fine"
    new = "new"  # not had yet
    failing = "failing"  # fewer than three times in a row
    dead = "dead"
    gone = "gone"  # its server says that it will not come back
    paused = "paused"  # nobody asks it until it is resumed


ALARMING = frozenset({Health.dead, Health.gone})


class WithAlarm(Protocol):
    """What may carry an alarm: a poll that was made."""

    @property
    def alarm(self) -> str:
        """Return the alarm, or ""."""
        ...


def health(feed: Feed) -> Health:
    """Return how a feed fares."""
    if feed.next_at == PAUSED:
        return Health.paused
    if feed.failures and feed.error.startswith(GONE):
        return Health.gone
    if feed.failures >= DEAD_AFTER:
        return Health.dead
    if feed.failures:
        return Health.failing
    return Health.new if feed.succeeded_at is None else Health.fine


def words(feed: Feed) -> str:
    """Return how a feed fares, for people."""
    state = health(feed)
    if state is Health.paused:
        return f"paused: not asked until somebody resumes it, {_last_fine(feed)}"
    if state is Health.new:
        return "new: not fetched yet"
    if state is Health.fine:
        return f"fine: {counted(feed.items, 'item')}, fetched {_shown(feed.succeeded_at)}"
    return f"{state}: {counted(feed.failures, 'failure')} in a row, {_last_fine(feed)}. {feed.error}"


def dead(session: Session) -> list[Feed]:
    """Return the feeds that editors must look at: three or more failures in a row, or gone for good."""
    broken = or_(col(Feed.failures) >= DEAD_AFTER, col(Feed.error).startswith(GONE))
    asked = col(Feed.next_at) < PAUSED
    return list(session.exec(select(Feed).where(broken, col(Feed.failures) > 0, asked).order_by(col(Feed.id))))


def alarm(before: Feed, after: Feed) -> str:
    """Return what is to be said once: when a feed has died on this poll, or is back; else "".

    ``before`` and ``after``: the feed as it was stored before the poll and after it.
    """
    was, now = health(before), health(after)
    if now in ALARMING and was not in ALARMING:
        return f"The feed {called(after)} is {now}, {counted(after.failures, 'failure')} in a row. {after.error}"
    if was in ALARMING and now not in ALARMING:
        return f"The feed {called(after)} is back after {counted(before.failures, 'failure')}, {_last_fine(before)}."
    return ""


def alarms(polls: Iterable[WithAlarm]) -> list[str]:
    """Return the alarms of some polls."""
    return [one.alarm for one in polls if one.alarm]


def _last_fine(feed: Feed) -> str:
    return f"last fine {_shown(feed.succeeded_at)}" if feed.succeeded_at else "never fine yet"


def _shown(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"


def counted(number: int, word: str) -> str:
    """Return "1 item" or "1,204 items"."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
