"""What is sent to the API: the shapes of its bodies, strict, and where other members are refused."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Body, Header, Path, Query
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)

from digest.editors.orders import WORDS, ListId, Order, SetText, Words
from digest.issues.comments import LONGEST
from digest.issues.edits import ISSUE_TEXTS, STORY_TEXTS

MOST_EDITS = 200
YEARS = range(2000, 2200)


def _instant(value: Any) -> datetime:
    """Return an instant that is written as text with its zone, in UTC."""
    if not isinstance(value, str):
        raise ValueError("must be a text such as 2026-12-28T08:00:00Z")  # noqa: TRY004 - Pydantic wants a ValueError
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("must name its zone, as in 2026-12-28T08:00:00Z")
        moment = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("is no time that a calendar has") from error
    if moment.year not in YEARS:
        raise ValueError(f"must be in the years {YEARS.start} to {YEARS.stop - 1}")
    return moment


Instant = Annotated[datetime, BeforeValidator(_instant)]
Version = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
Flag = Annotated[bool, Field(strict=True)]
Line = Annotated[str, StringConstraints(pattern=WORDS, max_length=300)]

Issue = Annotated[int, Path(ge=1, le=2**31 - 1, description="The number of the issue.")]
Batch = Annotated[int, Path(ge=1, le=2**53 - 1, description="The number of the batch.")]
CommentId = Annotated[int, Path(ge=1, le=2**53 - 1, description="The id of the comment.")]
PublicationId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Limit = Annotated[int, Query(ge=1, le=100, description="The most that one page holds.")]
Cursor = Annotated[
    str | None, Query(max_length=100, pattern=r"^[A-Za-z0-9_-]+$", description="The member next of the page before.")
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=200,
        description='The ETag of the issue that was looked at, such as "7"; or * for any.',
    ),
]
RepeatKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="A text of your own, new for each order: the same again does nothing twice.",
    ),
]


class Given(BaseModel):
    """A body, strict."""

    model_config = ConfigDict(extra="forbid")


class OfVersion(Given):
    """A body that says what was looked at."""

    version: Version | None = Field(
        default=None, description="The version that was looked at; else the header If-Match says it."
    )


class Edits(OfVersion):
    """Several edits, done in their order, all or none."""

    edits: list[Annotated[Order, Field(discriminator="do")]] = Field(min_length=1, max_length=MOST_EDITS)


def _form(value: Any) -> str:
    if isinstance(value, list):
        return "list"
    return "several" if isinstance(value, dict) and "edits" in value else "one"


OneEdit = Annotated[Order, Field(discriminator="do")]
EditsBody = Annotated[
    Annotated[OneEdit, Tag("one")]
    | Annotated[Annotated[list[OneEdit], Field(min_length=1, max_length=MOST_EDITS)], Tag("list")]
    | Annotated[Edits, Tag("several")],
    Discriminator(_form),
    Body(
        description="One edit, or a list of them (both with If-Match), or an object with version and edits.",
        openapi_examples={
            "one": {
                "summary": "One edit, with the header If-Match",
                "value": {
                    "do": "pin",
                    "article": "0d6f1a3e-8f4e-5c0b-9f1e-0a1b2c3d4e5f",
                    "list": "south-caucasus",
                    "place": 1,
                },
            },
            "several": {
                "summary": "Several, with their version",
                "value": {
                    "version": 7,
                    "edits": [
                        {"do": "exclude", "article": "0d6f1a3e-8f4e-5c0b-9f1e-0a1b2c3d4e5f"},
                        {"do": "set", "what": "subject", "text": "What the dam keepers know"},
                    ],
                },
            },
        },
    ),
]


class Texts(OfVersion):
    """Texts of the issue, of one list's editions, or of a story; those that are not named stay as they are."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"version": 7, "subject": "What the dam keepers know"}}
    )

    article: UUID | None = Field(default=None, description="The story whose texts they are; null: the issue's.")
    list: ListId | None = Field(default=None, description="Only in this list's editions; null: everywhere.")
    subject: Words | None = None
    preheader: Words | None = None
    note: Words | None = None
    headline: Words | None = None
    standfirst: Words | None = None
    kicker: Words | None = None
    alt: Words | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "Texts":
        wrong = ISSUE_TEXTS if self.article else STORY_TEXTS
        if any(getattr(self, name) is not None for name in wrong):
            raise ValueError(f"{', '.join(wrong)} {'take no article' if self.article else 'need the article'}")
        if not self.orders:
            raise ValueError(f"names no text. Texts: {', '.join((*ISSUE_TEXTS, *STORY_TEXTS))}")
        return self

    @property
    def orders(self) -> Sequence[SetText]:
        """Return them as orders."""
        given = [(name, getattr(self, name)) for name in (*ISSUE_TEXTS, *STORY_TEXTS)]
        more = {"article": self.article, "list": self.list}
        return [
            SetText.model_validate({"do": "set", "what": name, "text": text} | more)
            for name, text in given
            if text is not None
        ]


class NewComment(Given):
    """A comment on the issue, or on a story of it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"text": "Is the dam really a third empty?"}}
    )

    text: Annotated[str, StringConstraints(pattern=WORDS, min_length=1, max_length=LONGEST)]
    article: UUID | None = Field(default=None, description="The story it is about; null: the issue.")


class NewDraft(Given):
    """A draft to make."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"once": True, "as_of": "2026-11-24T06:00:00Z"}}
    )

    once: Flag = Field(default=False, description="A special issue, outside the schedule.")
    as_of: Instant | None = Field(
        default=None, description="The cut-off, with its zone; null: now. The same again returns the same issue."
    )
    refresh: Flag = Field(default=False, description="Ask feeds, pages and pictures first; takes a while.")


class Anew(OfVersion):
    """Candidates to gather anew."""

    as_of: Instant | None = Field(default=None, description="The new cut-off, with its zone; null: now.")


class ToApprove(OfVersion):
    """What was looked at, and why it is good in spite of amber checks."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"version": 7, "proof": "9f86d081884c7d65...", "reasons": {"alt-missing": "A drawing"}}
        },
    )

    proof: Annotated[str, StringConstraints(pattern=r"^[0-9a-zA-Z.]{1,128}$")] = Field(
        description="The member proof of the issue, or of a check."
    )
    reasons: dict[Line, Line] = Field(
        default_factory=dict, max_length=100, description="Code of an amber check: why it is accepted."
    )


class ToSchedule(OfVersion):
    """When it leaves."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"version": 7, "at": "2026-11-24T08:00:00+01:00"}}
    )

    at: Instant = Field(description="The hour, with its zone.")


class ToPause(Given):
    """Why it is paused."""

    reason: Line = ""


class ToResolve(Given):
    """What became of uncertain deliveries: they have it; they do not and shall not; send it again, maybe twice."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"as": "accepted"}})

    as_: Literal["accepted", "rejected", "again"] = Field(alias="as")


class ToTest(Given):
    """A test to one of the testers, or to somebody who works at the desk."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"to": "anna@example.org"}})

    to: Annotated[str, StringConstraints(pattern=WORDS, min_length=3, max_length=254)]
    edition: UUID | None = Field(default=None, description="The id of the edition; null: the one with most readers.")
