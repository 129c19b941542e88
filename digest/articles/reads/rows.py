"""What one line of a report of reads says, and the time it says it of."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from digest.errors import BadInput


class Days(NamedTuple):
    """Whole days, the last one included, in the time zone of the site."""

    first: date
    last: date

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One page of a report: its address, and its views, or its rank in the list, or both.

    ``days``: of this row alone, where a report counts day by day.
    """

    url: str
    views: int | None = None
    rank: int | None = None
    where: str = ""
    days: Days | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """The time a report covers, half-open, aware UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise BadInput("The period of the reads must end after it starts: --from comes before --to.")

    @classmethod
    def of(cls, days: Days, zone: tzinfo, now: datetime) -> "Period":
        """Return the time of whole days in a zone; what is not over yet ends now. Raises BadInput if none is past."""
        start = datetime.combine(days.first, time(), zone).astimezone(UTC)
        end = datetime.combine(days.last + timedelta(days=1), time(), zone).astimezone(UTC)
        if start >= now:
            raise BadInput(f"The reads are of {days}, which is in the future.")
        return cls(start, min(end, now))
