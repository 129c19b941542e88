"""What the API answers: the shapes of its bodies, from which its own description is made."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from digest.issues.models import IssueStatus


class Shape(BaseModel):
    """A body, or a part of one."""

    model_config = ConfigDict(from_attributes=True)


class Problem(BaseModel):
    """What does not work (RFC 9457)."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "/api/docs#not-found",
                "title": "There is no such thing",
                "status": 404,
                "detail": "There is no issue 99. GET /api/issues lists those there are.",
                "instance": "/api/issues/99",
                "error": "There is no issue 99. GET /api/issues lists those there are.",
            }
        },
    )

    type: str = Field(description="Where the page of the API says more, as a relative address.")
    title: str
    status: int
    detail: str = Field(description="A sentence: what, where, how to mend it.")
    instance: str = Field(description="The path that was asked.")
    error: str = Field(description="The same as detail, for clients of before.")
    errors: list[dict[str, Any]] = Field(
        default_factory=list, description="Each fault: detail, and pointer (into the body) or parameter."
    )
    version: int | None = Field(default=None, description="Of a conflict: the version that the issue has now.")
    texts: list[dict[str, Any]] = Field(
        default_factory=list, description="Of a conflict about texts: name, article, list, yours, stored."
    )


class IssueLine(Shape):
    """An issue in short."""

    id: UUID
    number: int
    publication: str = Field(validation_alias="publication_id")
    status: IssueStatus
    version: int = Field(description="Raised by every change; also the ETag of the issue.")
    revision: int
    once: bool = Field(description="A special issue, outside the schedule.")
    as_of: datetime = Field(description="The cut-off.")
    send_at: datetime | None
    undo_until: datetime | None = Field(description="Until then a sending is called back without a trace.")
    held: str = Field(description="Why it is held back; empty where it is not.")
    failed: str = Field(description="Why its sending stopped; empty where it did not.")
    audience: int | None = Field(validation_alias="audience_size", description="Readers, once it is frozen.")
    created_at: datetime
    changed_at: datetime


class IssuePage(Shape):
    """A page of issues, the newest first."""

    items: list[IssueLine]
    next: str | None = Field(description="The cursor of the next page; null on the last.")


class Points(Shape):
    """A score by its parts."""

    editor: float
    reading: float
    freshness: float
    region: float
    likeness: float
    total: float


class Other(Shape):
    """Another article that tells the same story."""

    article_id: str
    url: str
    headline: str


class Story(Shape):
    """A story at its place."""

    article_id: UUID
    url: str
    headline: str
    place: int = Field(description="From the top of the whole mail; the lead is 1.")
    block: str = Field(description="lead, section, brief, popular or correction.")
    region: str
    also_in: list[str]
    also: list[Other]
    editors_choice: bool
    badge_printed: bool
    pinned: bool
    points: Points
    why: str = Field(description="One sentence: why it stands here.")
    list: str = Field(description="The list whose section it stands in.")


class Section(Shape):
    """The stories of one region."""

    region: str
    heading: str
    stories: list[Story]
    briefs: list[Story]
    borrowed: bool
    list: str


class Check(Shape):
    """One thing that was looked at."""

    level: str = Field(description="red blocks an approval; amber wants a reason; not_checked; green.")
    group: str
    code: str = Field(description="What a reason is given for.")
    sentence: str
    place: str
    remedy: str


class EditionLine(Shape):
    """An edition in short."""

    id: UUID
    lists: list[str]
    language: str
    without: list[str] = Field(description="Stories that a sibling leaves out, since these readers had them.")
    readers: int
    subject: str
    preheader: str
    html_bytes: int


class Edition(EditionLine):
    """An edition as readers get it, with made-up personal values."""

    html: str
    text: str


class Approved(Shape):
    """An approval that holds."""

    who: str
    at: datetime
    version: int
    proof: str = Field(validation_alias="content_hash")
    accepted: dict[str, str] = Field(description="Amber checks that were accepted: code and reason.")


class SourceChange(Shape):
    """What the newsroom changed in an article since it was drafted."""

    article_id: str
    headline: str
    changed: dict[str, Any]
    own: list[str]


class Text(Shape):
    """A text of the issue: as somebody set it (value), and as it reads in the largest edition (original)."""

    name: str
    value: str
    original: str


class IssueWhole(IssueLine):
    """An issue with its largest edition, what the checks found, and its editions."""

    name: str = Field(description="Of the publication.")
    deadline: datetime | None = Field(description="Until when editors may look.")
    lists: list[str] = Field(description="Of the edition that is shown: the one with most readers.")
    language: str
    subject: str
    preheader: str
    note: str
    lead: Story | None
    sections: list[Section]
    corrections: list[Story]
    popular: list[Story]
    empty_regions: list[str]
    texts: list[Text]
    edits: dict[str, Any] = Field(description="What editors changed, over the ranking and the articles' texts.")
    source_changed: list[SourceChange]
    proof: str | None = Field(description="The hash that an approval binds to; null: the editions are not made.")
    checks: list[Check]
    editions: list[EditionLine]
    approval: Approved | None


class Checked(Shape):
    """The editions as they were just made, and what the checks found."""

    number: int
    version: int
    status: IssueStatus
    proof: str
    checks: list[Check]
    editions: list[EditionLine]


class Candidate(Shape):
    """An article that stands in the issue, or could."""

    article_id: UUID
    url: str
    headline: str
    editors_choice: bool
    place: int | None = Field(description="From the top of the largest edition; null: it does not stand.")
    block: str | None
    points: Points | None = Field(description="null: it was not weighed.")
    why: str = Field(description="Why it stands there, or why it was left out.")


class CandidatePage(Shape):
    """A page of candidates: those that stand, then those left out, by points."""

    items: list[Candidate]
    next: str | None = Field(description="The cursor of the next page; null on the last.")
    version: int


class Entry(Shape):
    """An entry of the history."""

    id: int
    at: datetime
    who: str
    what: str
    before: Any
    after: Any
    can_restore: bool


class HistoryPage(Shape):
    """A page of the history, the newest first."""

    items: list[Entry]
    next: str | None = Field(description="The cursor of the next page; null on the last.")


class Comment(Shape):
    """A comment."""

    id: int
    article_id: UUID | None
    at: datetime
    who: str
    text: str
    resolved_at: datetime | None
    resolved_by: str


class Comments(Shape):
    """The comments on an issue, open ones first."""

    items: list[Comment]
