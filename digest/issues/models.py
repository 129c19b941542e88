"""The tables of stage 3: publications, their runs, and issues with the inputs and edits they are built from."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, String, UniqueConstraint
from sqlmodel import Field, SQLModel


class IssueStatus(StrEnum):
    """How far an issue is (design: "An issue's life"). Allowed moves stand in lifecycle.py."""

    planned = "planned"
    draft = "draft"
    in_review = "in_review"
    approved = "approved"
    scheduled = "scheduled"
    freezing = "freezing"
    sending = "sending"
    paused = "paused"
    sent = "sent"
    cancelled = "cancelled"
    skipped = "skipped"


class Publication(SQLModel, table=True):
    """A recurring newsletter: name, sender, cadence, schedule, template."""

    id: str = Field(primary_key=True)  # a slug; the subscribers' "family"
    name: str
    language: str = "en"
    sender_name: str
    sender_address: str
    reply_to: str = ""
    postal_address: str
    website: str = ""
    logo_url: str = ""
    logo_dark_url: str = ""
    editor_name: str = ""
    editor_role: str = ""
    editors: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # who gets the draft
    template: str = "digest"
    cadence: str = "weekly"  # weekly | daily: picks the window and half-life
    every: int = 1  # 2: every second run, counted from ``starts_on``
    starts_on: str = ""  # ISO date in the zone; no run before it
    skip_dates: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # of sending, ISO
    zone: str = "UTC"  # IANA
    cutoff: str = "0 6 * * 1"  # cron, wall time in the zone
    review: str = ""  # until when editors look at the draft; "" is the sending
    remind_minutes: int = 60  # so long before the end of the review those who have not approved are reminded
    send: str = "0 8 * * 1"
    reader_zones: bool = False  # each reader gets it at the wall time of the sending in their own zone
    companion: str = ""  # a daily whose readers get this one instead on its day
    repeats_daily: bool = False  # stories of the companion may stand here again, labelled
    unapproved: str = "hold"  # hold | send (if all green)
    grace_hours: float = 6.0
    empty: str = "skip"  # skip | send | hold | borrow: what to do with a thin issue
    minimum_stories: int = 1
    section_stories: int = 4
    section_briefs: int = 3
    clicks: str = "anonymous"  # off | anonymous | personal (of those who agreed): ruling 19
    archive: str = "noindex"  # off | noindex | public: who finds the pages of issues that were sent
    reader_order: bool = True  # readers may put their lists into an order of their own
    quiet_days: int = 0  # silent for so long, a reader who agreed to be counted is asked once; 0: nobody is
    quiet_grace: int = 14  # days without an answer, then their mail is paused
    account: str = ""  # the provider account it is sent by; "" is the one the settings name
    list_accounts: dict[str, str] = Field(
        default_factory=dict, sa_column=Column(JSON, nullable=False)
    )  # list -> account
    four_eyes: bool = False  # who approves must not be the last who changed the issue
    test_required: bool = False  # no approval before a test of what is approved was sent
    testers: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # who may get tests
    house_bylines: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))


class Run(SQLModel, table=True):
    """One planned run of a publication. Unique: two workers cannot start the same Monday twice."""

    __table_args__ = (UniqueConstraint("publication_id", "planned_at"),)

    id: int | None = Field(default=None, primary_key=True)
    publication_id: str = Field(foreign_key="publication.id")
    planned_at: datetime  # the cut-off, UTC
    send_at: datetime
    issue_id: UUID | None = None
    outcome: str = ""  # drafted | held | skipped | late, with the reason after a colon
    told_at: datetime | None = None  # when the editors were told that nothing was drafted
    created_at: datetime


class EditorMail(SQLModel, table=True):
    """A mail about an issue to one of its editors. Unique: nobody is told the same twice, whoever ticks."""

    __table_args__ = (UniqueConstraint("issue_id", "kind", "occasion", "address"),)

    id: int | None = Field(default=None, primary_key=True)
    issue_id: UUID = Field(foreign_key="issue.id", index=True)
    kind: str  # draft | reminder | outcome
    occasion: str = ""  # tells mails of one kind apart: the version of the draft, how it ended
    address: str
    created_at: datetime
    sent_at: datetime | None = None
    attempts: int = 0
    next_at: datetime | None = Field(default=None, index=True)  # when to try; None: done with
    error: str = ""


class Issue(SQLModel, table=True):
    """One dated number of a publication.

    Everything it is built from is stored with it (``frame``, ``edits``, its ``IssueCandidate`` rows), so that
    building it again, at any time, gives the same bytes.
    """

    id: UUID = Field(primary_key=True)  # uuid5 of publication, cut-off and kind: see building.issue_id
    number: int = Field(unique=True)  # short key used inside the ledger
    publication_id: str = Field(foreign_key="publication.id", index=True)
    as_of: datetime  # the cut-off: the instant the ranking is worked out for
    send_at: datetime | None = None
    once: bool = False  # a special issue, outside the schedule
    status: IssueStatus = Field(default=IssueStatus.draft, sa_type=String, index=True)
    version: int = 1  # raised by every change: compare and swap
    revision: int = 1  # raised when a paused issue is changed for those still queued
    frame: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    edits: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    held: str = ""  # reason; "" when not held
    failed: str = ""  # reason the sending stopped, or failed in part
    undo_until: datetime | None = None
    freeze_cursor: int = 0
    audience_size: int | None = None  # rows frozen
    first_accepted_at: datetime | None = None  # from then on its stories count as sent
    created_at: datetime
    changed_at: datetime


class NumberGap(SQLModel, table=True):
    """Numbers that are not given to new rows of a table any more: a restore may have forgotten who had them."""

    name: str = Field(primary_key=True)  # of the table
    up_to: int


class IssueCandidate(SQLModel, table=True):
    """One article as it was when the issue was drafted: its texts and the inputs of its points."""

    issue_id: UUID = Field(foreign_key="issue.id", primary_key=True)
    article_id: UUID = Field(primary_key=True)
    inputs: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class IssueLog(SQLModel, table=True):
    """Who did what to an issue, and when. Rows are only ever added."""

    id: int | None = Field(default=None, primary_key=True)
    issue_id: UUID = Field(foreign_key="issue.id", index=True)
    at: datetime
    who: str
    what: str
    before: Any = Field(default=None, sa_column=Column(JSON))
    after: Any = Field(default=None, sa_column=Column(JSON))


class Comment(SQLModel, table=True):
    """What somebody at the desk said about an issue, or a story of it, to the others."""

    id: int | None = Field(default=None, primary_key=True)
    issue_id: UUID = Field(foreign_key="issue.id", index=True)
    article_id: UUID | None = None  # the story it is about; None: the issue
    at: datetime
    who: str
    text: str
    resolved_at: datetime | None = None
    resolved_by: str = ""
