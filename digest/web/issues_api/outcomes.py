"""What the API answers about changes, sendings and all that is around the issues: the shapes of these bodies."""

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from digest.issues.models import IssueStatus
from digest.web.issues_api.shapes import Approved, Shape


class Changed(Shape):
    """An issue after a change."""

    number: int
    version: int
    status: IssueStatus
    changed: bool = Field(description="false: it was so already, and an approval still holds.")


class Approval(Approved):
    """An approval, and what may come next."""

    number: int
    readers: int


class UncertainBatch(Shape):
    """Deliveries whose fate nobody knows."""

    batch: int
    deliveries: int
    handed_over_at: datetime | None
    error: str


class Ledger(Shape):
    """Where a sending stands. The sum of the deliveries is always the frozen audience."""

    number: int
    version: int
    status: IssueStatus
    held: str
    failed: str
    send_at: datetime | None
    undo_until: datetime | None
    audience: int | None
    deliveries: dict[str, int]
    sum: int
    whole: bool = Field(description="Whether the sum is the audience; anything else must never be.")
    waiting: str = Field(description="What it waits for; empty: nothing.")
    uncertain_batches: list[UncertainBatch]


class Settled(Ledger):
    """Where a sending stands after a decision."""

    settled: int = Field(description="Deliveries that were settled by it.")


class Tested(Shape):
    """A test that was sent."""

    to: str
    edition: UUID
    subject: str


class Publication(Shape):
    """A publication."""

    id: str
    name: str
    language: str
    sender_name: str
    sender_address: str
    cadence: str
    zone: str
    cutoff: str
    review: str
    send: str
    skip_dates: list[str]
    unapproved: str
    clicks: str
    companion: str
    four_eyes: bool
    test_required: bool


class Publications(Shape):
    """All publications."""

    items: list[Publication]


class MailingList(Shape):
    """A list one can subscribe to."""

    id: str
    name: str
    description: str
    publication: str = Field(validation_alias="family")
    region: str = Field(validation_alias="topic")
    language: str
    position: int
    open: bool
    readers: int


class Lists(Shape):
    """The lists in the newsroom's order."""

    items: list[MailingList]


class Region(Shape):
    """A place the newsroom covers."""

    id: str
    parent: str | None = Field(validation_alias="parent_id")
    names: dict[str, str]
    countries: list[str]
    aliases: list[str]


class Regions(Shape):
    """All regions; they form a tree."""

    items: list[Region]


class Run(Shape):
    """A planned run."""

    publication: str
    day: date = Field(description="Of the sending, in the publication's zone.")
    cutoff: datetime
    review: datetime
    send: datetime
    runs: bool
    why_not: str
    note: str


class Schedule(Shape):
    """The runs ahead, by their cut-off."""

    items: list[Run]
