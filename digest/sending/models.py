"""The tables of stage 6: the ledger of deliveries, the batches in which they leave, and the pacer."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, Index, String, Table, text
from sqlmodel import Field, SQLModel


class DeliveryState(StrEnum):
    """Where one delivery stands. Each is in exactly one; the sum is always the frozen audience."""

    freezing = "freezing"
    queued = "queued"
    claimed = "claimed"
    accepted = "accepted"
    rejected = "rejected"
    suppressed = "suppressed"
    withdrawn = "withdrawn"
    uncertain = "uncertain"
    cancelled = "cancelled"


class BatchState(StrEnum):
    """Where one batch stands."""

    formed = "formed"  # half of a batch that was refused: its members are known, no worker holds it yet
    claimed = "claimed"  # a worker holds it under a lease; nothing has left
    handed_over = "handed_over"  # the call may have been made
    repeating = "repeating"  # unknown outcome; the sealed bytes go again under the same key
    settled = "settled"  # every member has its answer
    uncertain = "uncertain"  # unknown outcome; its members wait for evidence or a person
    returned = "returned"  # given back with nothing taken; its members were queued again


class Delivery(SQLModel, table=True):
    """One edition to one subscriber. Integer keys: this table has rows by the million."""

    __table_args__ = (
        Index(
            "ix_delivery_queued",
            "issue_number",
            "next_attempt_at",
            "edition_number",
            "subscriber_id",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_delivery_batch",
            "batch_number",
            sqlite_where=text("batch_number IS NOT NULL"),
            postgresql_where=text("batch_number IS NOT NULL"),
        ),
        Index("ix_delivery_edition", "edition_number"),
        Index(  # those to look after; an OR, since SQLite takes it then for either of the two
            "ix_delivery_trouble",
            "state",
            "settled_at",
            "issue_number",
            sqlite_where=text("state = 'rejected' OR state = 'uncertain'"),
            postgresql_where=text("state = 'rejected' OR state = 'uncertain'"),
        ),
        {"sqlite_with_rowid": False},
    )

    issue_number: int = Field(primary_key=True)
    subscriber_id: int = Field(primary_key=True)
    edition_number: int
    state: DeliveryState = Field(sa_type=String)
    outcome: str | None = None  # delivered | deferred | bounced | complained: what came back later
    batch_number: int | None = None
    attempts: int = 0  # calls that ended without an answer for it
    first_failed_at: datetime | None = None  # when the first of them ended: after 24 hours no more are made
    next_attempt_at: datetime | None = None
    reason: str | None = None
    provider_message_id: str | None = None
    settled_at: datetime | None = None
    outcome_at: datetime | None = None  # when the outcome came about, as the provider says


class Batch(SQLModel, table=True):
    """The deliveries handed over in one provider call: all of one edition."""

    __table_args__ = (
        Index("ix_batch_issue_state", "issue_number", "state"),
        Index("ix_batch_settled", "settled_at", "state", "size"),  # how many left lately, without a look at the rows
    )

    number: int | None = Field(default=None, primary_key=True)
    id: UUID = Field(unique=True)  # made before the call: the idempotency key
    issue_number: int
    edition_number: int
    account: str  # the provider account it belongs to, for good
    state: BatchState = Field(sa_type=String)
    fence: int = 1  # raised by every new claim: a late worker cannot open anything again
    lease_until: datetime | None = None
    handed_over_at: datetime | None = None
    next_attempt_at: datetime | None = None
    attempts: int = 0
    size: int = 0
    sealed: list[dict[str, Any]] | None = Field(default=None, sa_column=Column(JSON))  # members, addresses, slot values
    payload_hash: str | None = None
    error: str | None = None
    created_at: datetime
    settled_at: datetime | None = None


class Pacer(SQLModel, table=True):
    """When a provider account may be called next, for all workers together."""

    account: str = Field(primary_key=True)
    next_at: float = 0.0  # seconds since the epoch
    halted: str = ""  # why nothing may be sent by it (key refused); "" when it may
    # Mails counted in the hour and on the day (numbers since the epoch, UTC), for accounts that have a limit.
    hour: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    hour_used: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    day: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    day_used: int = Field(default=0, sa_column_kwargs={"server_default": "0"})


def table(model: type[SQLModel]) -> Table:
    """Return the table of a model, for Core statements."""
    return SQLModel.metadata.tables[str(model.__tablename__)]
