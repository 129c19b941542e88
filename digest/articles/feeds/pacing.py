"""Works out when a feed is asked again: by its own cadence, what its server asks for, and after failures. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256

LONGEST = timedelta(hours=6)  # between two tries, whatever servers and failures say; a longer cadence of ours holds
DAY = timedelta(days=1)
# How long a worker has a feed for itself. No schedule gives a time with a microsecond in it: by it a claim is told.
LEASE = timedelta(minutes=10, microseconds=1)
JITTER = 0.1  # so that feeds that were added together are not asked together
MAX_AGE = re.compile(r"(?:\A|[,\s])max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
TTL = re.compile(rb"<ttl>\s*(\d{1,7})\s*</ttl>", re.IGNORECASE)  # minutes, RSS 2.0
HEAD = 20_000  # bytes
NOTHING = timedelta()
PAUSED = datetime(9999, 1, 1, tzinfo=UTC)  # when a feed is asked next that nobody shall ask until it is resumed


def claimed(tried_at: datetime | None, next_at: datetime, at: datetime) -> bool:
    """Tell whether somebody is fetching a feed right now."""
    return tried_at is not None and next_at == tried_at + LEASE and at < next_at


def fresh_for(headers: Mapping[str, str], body: bytes) -> timedelta:
    """Return how long an answer says that it stays as it is: Cache-Control max-age (RFC 9111), or ttl of RSS."""
    control = headers.get("cache-control", "")
    age = MAX_AGE.search(control)
    ttl = TTL.search(body[:HEAD])
    seconds = int(age.group(1)) if age and "no-cache" not in control.lower() else 0
    minutes = int(ttl.group(1)) if ttl else 0
    return min(LONGEST, timedelta(seconds=max(seconds, minutes * 60)))


def retry_after(headers: Mapping[str, str], at: datetime) -> timedelta:
    """Return how long a server asks us to stay away (RFC 9110, 10.2.3: seconds or a date), at most a day."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal() and value.isascii():
        return min(DAY, timedelta(seconds=int(value[:9])))
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return NOTHING
    wait = until.replace(tzinfo=until.tzinfo or UTC) - at
    return max(NOTHING, min(DAY, timedelta(seconds=wait // timedelta(seconds=1))))


def after_success(feed_id: str, every_minutes: int, at: datetime, fresh: timedelta = NOTHING) -> datetime:
    """Return when a feed that was had is asked again. ``fresh``: see ``fresh_for``; it only makes the wait longer."""
    return _later(feed_id, at, max(timedelta(minutes=every_minutes), fresh))


def after_failure(feed_id: str, every_minutes: int, failures: int, at: datetime, wait: timedelta = NOTHING) -> datetime:
    """Return when a feed that failed so many times in a row is asked again: each time later, up to 6 hours.

    ``wait``: see ``retry_after``; it only makes the wait longer.
    """
    every = timedelta(minutes=every_minutes)
    backed_off = min(max(LONGEST, every), every * 2 ** min(failures - 1, 10))
    return max(_later(feed_id, at, backed_off), at + wait)


def _later(feed_id: str, at: datetime, interval: timedelta) -> datetime:
    """Return the end of an interval, up to a tenth later: the same for the same feed and time."""
    draw = int.from_bytes(sha256(f"{feed_id} {at.isoformat()}".encode()).digest()[:4]) / 2**32
    return at + timedelta(seconds=round(interval.total_seconds() * (1 + JITTER * draw)))
