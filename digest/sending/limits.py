"""What an account may send in a second, an hour and a day; and the warm-up of a new sending domain. Pure."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

DAY: Final = timedelta(days=1)
MOST_DAYS: Final = 60  # a plan is not made for longer: an issue is old by then


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A daily ceiling that grows, for a domain that mailbox providers do not know yet. Days are those of UTC."""

    begins: date
    first: int = 500  # mails on the first day
    factor: float = 2.0  # so many times more on each day after it
    until: int = 100_000  # beyond this there is no ceiling any more

    def number(self, day: date) -> int:
        """Return which day of the warm-up it is; a day before it begins counts as the first."""
        return max(0, (day - self.begins).days) + 1

    def allows(self, day: date) -> int | None:
        """Return how many mails may leave on a day; None: the warm-up is over."""
        steps = self.number(day) - 1
        if math.log(self.first) + steps * math.log(self.factor) > math.log(self.until) + 1e-9:
            return None
        return int(self.first * self.factor**steps + 1e-6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many mails an account may send, over all workers; None: as many as there are."""

    per_hour: int | None = None
    per_day: int | None = None
    warm_up: WarmUp | None = None

    def of_day(self, day: date) -> int | None:
        """Return how many mails may leave on a day, of UTC."""
        found = [one for one in (self.per_day, self.warm_up.allows(day) if self.warm_up else None) if one is not None]
        return min(found, default=None)

    def said(self, day: date) -> str:
        """Return in words what holds on a day: "warm-up day 3 allows 2,000"; "" where nothing does."""
        most, warm = self.of_day(day), self.warm_up.allows(day) if self.warm_up else None
        if most is None:
            return ""
        if self.warm_up and warm == most:
            return f"warm-up day {self.warm_up.number(day)} allows {most:,}"
        return f"{most:,} a day are allowed"

    def in_words(self, day: date) -> str:
        """Return all that holds on a day, for people; "" where nothing does."""
        hourly = f"{self.per_hour:,} an hour are allowed" if self.per_hour is not None else ""
        return ", ".join(one for one in (hourly, self.said(day)) if one)


def spread(readers: int, begins: date, allows: Callable[[date], int | None]) -> Iterator[int]:
    """Yield how many of the readers get it on each day, from a day on, until all have it.

    ``allows``: how many may on a day; None: all that are left.
    """
    left, day = readers, begins
    for number in range(MOST_DAYS):
        most = allows(day)
        count = left if most is None or number == MOST_DAYS - 1 else min(left, max(0, most))
        yield count
        left, day = left - count, day + DAY
        if not left:
            return
