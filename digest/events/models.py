"""The tables of stage 8: what providers told us, clicks on our own links, soft bounces in a row, and votes."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, String, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class EventState(StrEnum):
    """Where one stored event stands."""

    new = "new"  # not looked at yet
    waiting = "waiting"  # what it speaks of is not known yet: it came before its receipt
    applied = "applied"
    without_effect = "without_effect"  # of a mail that is not in the ledger: a test, a letter to an editor
    unknown = "unknown"  # of a kind that we have no word for: kept and counted


class WebhookEvent(SQLModel, table=True):
    """One thing a provider told us, stored once. ``raw`` is its own words, ``fields`` what we read in them."""

    __table_args__ = (
        UniqueConstraint("account", "event_id"),
        Index(
            "ix_webhookevent_due",
            "next_at",
            "id",
            sqlite_where=text("next_at IS NOT NULL"),
            postgresql_where=text("next_at IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    account: str  # the provider account it came from
    event_id: str  # the provider's own id of it, or a hash where it gives none
    kind: str  # EventKind
    state: EventState = Field(default=EventState.new, sa_type=String)
    occurred_at: datetime
    received_at: datetime = Field(index=True)
    next_at: datetime | None = None  # when it is to be applied; None: there is nothing more to do
    attempts: int = 0
    applied_at: datetime | None = None
    note: str = ""  # what came of it, in words
    fields: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    raw: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class SoftBounce(SQLModel, table=True):
    """A mail that could not be delivered for the time being: one row for each reader and issue, however often told."""

    subscriber_id: int = Field(primary_key=True)
    issue_number: int = Field(primary_key=True)
    at: datetime  # the latest


class Click(SQLModel, table=True):
    """One request for a link of a mail, as it came. Nothing is deleted but by age; machines are marked."""

    __table_args__ = (
        Index("ix_click_edition_at", "edition_number", "at"),
        Index("ix_click_new", "at", sqlite_where=text("state = 'new'"), postgresql_where=text("state = 'new'")),
    )

    id: int | None = Field(default=None, primary_key=True)
    edition_number: int
    place: int  # of the story in the edition; 0 is the hidden link that only machines follow
    at: datetime
    visitor: str  # a hash of edition, network and agent, salted anew each day; nobody's name
    subscriber_id: int | None = None  # only where the publication counts people and this one agreed
    method: str  # GET or HEAD
    sign: str = ""  # what gave it away as a machine's at once: "" or a word of events/machines.py
    state: str = "new"  # new | human | machine | again (the same visitor on the same story)


class Vote(SQLModel, table=True):
    """How many readers of an edition pressed one of the three buttons under it. Nobody's name is kept."""

    edition_number: int = Field(primary_key=True)
    value: int = Field(primary_key=True)  # 3 good, 2 fine, 1 not for me
    count: int = 0
    last_at: datetime
