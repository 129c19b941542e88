"""What a report is worked out from: plain values, as gathered from the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from digest.reports.heat import Mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An issue of which something went out."""

    number: int
    id: str
    status: str
    once: bool  # a special issue
    as_of: datetime
    sent_at: datetime  # when the first delivery was accepted
    until: datetime  # the end of the time in which leaving is counted
    audience: int | None


@dataclass(frozen=True, slots=True)
class Counted:
    """So many deliveries of an edition stand like this."""

    issue: int
    edition: int
    state: str
    outcome: str | None  # delivered | deferred | bounced | complained; None: nothing came back
    deliveries: int


@dataclass(frozen=True, slots=True)
class Placement:
    """A story at a place of an issue, over all its editions."""

    issue: int
    article: str
    list_id: str
    region: str
    place: int
    delivered: int
    expected: float
    clicks: int  # human


@dataclass(frozen=True, slots=True)
class Clicked:
    """So many clicks on an issue's links, as somebody's or something's."""

    issue: int
    within: int | None  # the first of hours.UNTIL, after the first accepted delivery, that they came in; None: later
    state: str  # human | machine
    clicks: int


@dataclass(frozen=True, slots=True)
class Votes:
    """How often readers of an issue pressed one of the three buttons."""

    issue: int
    value: int
    count: int


@dataclass(frozen=True, slots=True)
class Left:
    """Readers of an edition who ended a list after it."""

    issue: int
    edition: int
    list_id: str
    readers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A story that could have stood in an issue, and how much attention it got there. ``exposure``: sum of theta."""

    issue: int
    key: str
    countries: tuple[str, ...]
    authors: tuple[str, ...]
    desk: str
    exposure: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything a report is worked out from. Issues: the one reported on last, those before it in their order."""

    publication: str
    publication_name: str
    zone: str
    at: datetime
    issues: Sequence[Sent]
    editions: Mapping[int, tuple[str, ...]]  # edition -> its lists
    deliveries: Sequence[Counted]
    placements: Sequence[Placement]
    clicked: Sequence[Clicked]
    votes: Sequence[Votes]
    left: Sequence[Left]
    lists: Mapping[str, str]  # id -> name, in the newsroom's order
    regions: Mapping[str, str]  # id -> name
    list_regions: Mapping[str, str]  # list -> region
    headlines: Mapping[str, str]  # article -> headline, of the issue reported on
    mail: Mail | None  # the issue's edition with most readers; None where none went out
    standing: Sequence[Standing]  # of the last issues
    standing_issues: Sequence[int]

    @property
    def issue(self) -> Sent:
        """Return the issue reported on."""
        return self.issues[-1]
