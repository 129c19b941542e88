"""The table of mails to editors that are about no issue: of cut-offs at which none was drafted."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel


class RunMail(SQLModel, table=True):
    """A mail about a run without an issue, to one address. Unique: nobody is told of a run twice, whoever ticks."""

    __table_args__ = (UniqueConstraint("run_id", "kind", "address"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="run.id", index=True)
    kind: str  # missed: nothing was drafted for it | stuck: it could not be drafted yet
    reason: str = ""  # why it is stuck, when the mail was queued
    address: str  # of an editor, or ALERT_URL
    created_at: datetime
    sent_at: datetime | None = None
    attempts: int = 0
    next_at: datetime | None = Field(default=None, index=True)  # when to try; None: done with
    error: str = ""
