"""The tables of who receives what, and who agreed to it."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, Column, Index, String, Table, UniqueConstraint, text
from sqlmodel import Field, SQLModel


class SubscriptionState(StrEnum):
    """A person's standing on one list."""

    unconfirmed = "unconfirmed"
    confirmed = "confirmed"
    ended = "ended"


class SuppressionReason(StrEnum):
    """Why an address must not be mailed."""

    hard_bounce = "hard_bounce"
    complaint = "complaint"
    by_hand = "by_hand"
    erased = "erased"


class Subscriber(SQLModel, table=True):
    """A person with an address. The integer key is for joins; ``ref`` is what links carry."""

    id: int | None = Field(default=None, primary_key=True)
    ref: UUID = Field(default_factory=uuid4, unique=True)
    address: str  # as it is written to; "" once erased
    address_key: str = Field(unique=True)  # keyed hash of the normalised address
    name: str = ""
    language: str = "en"
    zone: str = ""  # IANA time zone; "" is that of what is sent
    created_at: datetime
    paused_until: datetime | None = None
    clicks_agreed_at: datetime | None = None  # when they agreed that their own clicks are counted
    seen_at: datetime | None = None  # when they last pressed a button on a page of their own
    erased_at: datetime | None = None


class MailingList(SQLModel, table=True):
    """What one can subscribe to. ``family`` and ``topic`` are opaque here (a publication and a region, to digest)."""

    __tablename__ = "list"

    id: str = Field(primary_key=True)  # a slug
    name: str
    description: str = ""
    family: str = Field(index=True)
    topic: str
    language: str = "en"
    position: int = 0  # the newsroom's order
    open: bool = True  # can be subscribed to


class Subscription(SQLModel, table=True):
    """One subscriber on one list."""

    __table_args__ = (
        Index("ix_subscription_list_state", "list_id", "state"),
        Index(
            "ix_subscription_waiting",
            "changed_at",
            sqlite_where=text("state = 'unconfirmed'"),
            postgresql_where=text("state = 'unconfirmed'"),
        ),
    )

    subscriber_id: int = Field(foreign_key="subscriber.id", primary_key=True)
    list_id: str = Field(foreign_key="list.id", primary_key=True)
    state: SubscriptionState = Field(sa_type=String)
    position: int = 0  # the reader's own order, where they chose one
    changed_at: datetime


class Consent(SQLModel, table=True):
    """Who agreed to what, when, in which words. Rows are only ever added."""

    id: int | None = Field(default=None, primary_key=True)
    subscriber_id: int = Field(foreign_key="subscriber.id", index=True)
    list_id: str
    action: str  # asked | confirmed | ended; with list_id "": clicks agreed | clicks ended | moved
    at: datetime
    source: str  # import:FILE, form, one-click, page, command
    wording: str = ""
    network: str = Field(default="", sa_column_kwargs={"server_default": ""})  # it came from, cut to /24 or /48


class Ask(SQLModel, table=True):
    """What somebody asked for in the name of an address, and only its mailbox can confirm."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)  # what the link carries
    subscriber_id: int = Field(foreign_key="subscriber.id", index=True)
    lists: str  # list ids, sorted, joined by a blank
    name: str = ""  # theirs once confirmed, if they had none
    at: datetime = Field(index=True)
    confirmed_at: datetime | None = None


class Move(SQLModel, table=True):
    """A new address that a reader asked for; nothing changes before its mailbox says yes."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    subscriber_id: int = Field(foreign_key="subscriber.id", index=True)
    address: str
    address_key: str
    at: datetime = Field(index=True)
    done_at: datetime | None = None


class ReaderMail(SQLModel, table=True):
    """A mail that anybody could make us send to an address, kept for a day to send not too many."""

    __table_args__ = (Index("ix_readermail_address", "address_key", "kind", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    address_key: str
    kind: str  # confirm | link
    at: datetime = Field(index=True)


class QuietAsk(SQLModel, table=True):
    """A reader who was silent for long and is asked, once, whether the mail is still wanted; then perhaps paused."""

    __table_args__ = (Index("ix_quietask_family_at", "family", "at"),)

    subscriber_id: int = Field(foreign_key="subscriber.id", primary_key=True)
    family: str = Field(primary_key=True)
    at: datetime  # when they were chosen
    asked_at: datetime | None = None  # when the mail was taken; without it nothing follows
    answered_at: datetime | None = None
    paused_at: datetime | None = None
    paused_until: datetime | None = None  # what was written into ``Subscriber.paused_until`` then
    told_at: datetime | None = None  # that it is paused


class Suppression(SQLModel, table=True):
    """An address that must not be mailed, by the hash of it, so that it outlives the person's erasure."""

    address_key: str = Field(primary_key=True)
    reason: SuppressionReason = Field(sa_type=String)
    at: datetime
    note: str = ""


class ReaderFile(SQLModel, table=True):
    """A file of readers, or of addresses that must not be mailed, brought to be imported; and how far that is."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)  # the file is called by it
    kind: str  # readers | bans
    name: str  # as it was called where it came from
    who: str  # brought it
    size: int  # bytes
    encoding: str
    rows: int  # about how many
    state: str  # new | counting | waiting | stopped | done | failed
    # What was chosen: system, mapping, values, lists, consent_at, consent_source, wording, confirmed, reason.
    chosen: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    line: int = 0  # the last one that is done, or counted
    counts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))  # of what is done
    counted: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))  # by a whole trial
    broken: int = 0  # bytes of the file of broken rows that hold
    problem: str = ""  # why it cannot be imported, in a sentence
    created_at: datetime
    changed_at: datetime
    worker: UUID | None = None  # who is at it
    lease_until: datetime | None = None


class Audience(SQLModel, table=True):
    """An ordered set of lists of one family. Rows are few and never change."""

    __table_args__ = (UniqueConstraint("family", "lists"),)

    id: int | None = Field(default=None, primary_key=True)
    family: str
    lists: str  # list ids in order, joined by a blank


class SubscriberAudience(SQLModel, table=True):
    """The ordered set of confirmed lists of one subscriber in one family; no row when there is none."""

    __table_args__ = (Index("ix_subscriber_audience_audience", "audience_id"),)

    family: str = Field(primary_key=True)
    subscriber_id: int = Field(foreign_key="subscriber.id", primary_key=True)
    audience_id: int = Field(foreign_key="audience.id")


def table(model: type[SQLModel]) -> Table:
    """Return the table of a model, for Core statements."""
    return SQLModel.metadata.tables[str(model.__tablename__)]
