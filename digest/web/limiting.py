"""Says whether somebody may do once more what costs or could be abused; counts in memory, per process."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from digest.clock import Clock

MOST_KEYS: Final = 10_000  # then those that are out of date are forgotten
RULES: Final = {
    "token": (30, timedelta(minutes=10)),  # wrong links from one network address
    "undo": (3, timedelta(days=1)),  # mails with an undo link to one reader
    "join-network": (60, timedelta(hours=1)),  # sign-ups and link requests from one network (/24, /48)
    "join-address": (10, timedelta(days=1)),  # sign-ups in the name of one address; the mails are limited apart
    "api": (1_200, timedelta(minutes=10)),  # requests of one key
    "wrong-key": (20, timedelta(minutes=10)),  # from one network address
    "sign-in": (30, timedelta(minutes=10)),  # tries from one network address
    "sign-in-as": (10, timedelta(minutes=10)),  # tries for one person
    "test": (20, timedelta(minutes=10)),  # test mails of one person
    "vote": (10, timedelta(hours=1)),  # votes on one edition from one network address
}


class Limiter:
    """Allows so many of a kind in so long a time. A key is "<kind> <who>"."""

    def __init__(self, clock: Clock, rules: Mapping[str, tuple[int, timedelta]] = RULES) -> None:
        self._clock = clock
        self._rules = rules
        self._seen: dict[str, deque[datetime]] = {}
        self._lock = Lock()

    def __call__(self, key: str) -> bool:
        """Return whether it may happen, and count it if so."""
        most, during = self._rules[key.partition(" ")[0]]
        now = self._clock.now()
        with self._lock:
            if len(self._seen) > MOST_KEYS:
                self._forget(now)
            times = self._seen.setdefault(key, deque())
            while times and times[0] <= now - during:
                times.popleft()
            if len(times) >= most:
                return False
            times.append(now)
            return True

    def _forget(self, now: datetime) -> None:
        longest = max(during for _, during in self._rules.values())
        self._seen = {key: times for key, times in self._seen.items() if times and times[-1] > now - longest}
