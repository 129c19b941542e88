"""The tables of stage 5: editions with their stories and audiences, and approvals."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, SQLModel


class Edition(SQLModel, table=True):
    """An issue as the readers of one set of lists receive it. Rendered once; what is stored is what is sent."""

    id: UUID = Field(primary_key=True)  # uuid5 of issue, revision, ordered lists and left-out stories
    number: int = Field(unique=True)  # short key used inside the ledger
    issue_id: UUID = Field(foreign_key="issue.id", index=True)
    revision: int = 1
    lists: list[str] = Field(sa_column=Column(JSON, nullable=False))  # list ids in the readers' order
    set_key: str = Field(index=True)  # the same lists, sorted and joined by a blank: orders share a history
    language: str
    without: list[str] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )  # story keys a sibling lacks
    readers: int = 0  # counted when it was made
    made_at_freeze: bool = False
    subject: str
    preheader: str = ""
    html: str
    text: str
    headers: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))  # may hold slot marks
    marks: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))  # slot name -> mark
    html_bytes: int = 0  # with the slots filled by the longest values
    content_hash: str
    losers: list[str] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )  # articles there was no room for: carried to the set's next issue
    trimmed: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    created_at: datetime


class EditionAudience(SQLModel, table=True):
    """Which edition the readers of an audience (ordered set of lists) get. Many orders may share one edition."""

    __table_args__ = (UniqueConstraint("issue_number", "revision", "audience_id"),)

    id: int | None = Field(default=None, primary_key=True)
    issue_number: int
    revision: int = 1
    audience_id: int
    edition_number: int = Field(index=True)


class EditionStory(SQLModel, table=True):
    """One story at its place in one edition. Joined with the deliveries it tells who got what."""

    edition_number: int = Field(primary_key=True)
    place: int = Field(primary_key=True)  # from the top of the whole mail; the lead is 1
    issue_number: int = Field(index=True)
    article_id: UUID
    story_key: str = Field(index=True)  # the cluster, else the canonical URL: the same story under two addresses
    block: str  # lead | section | brief | popular | correction
    list_id: str
    region: str
    points: float


class ProofRecord(SQLModel, table=True):
    """When the editions of an issue's revision were made, from which version, and what the checks said."""

    __tablename__ = "proof"

    issue_id: UUID = Field(foreign_key="issue.id", primary_key=True)
    revision: int = Field(primary_key=True)
    version: int  # the issue's version it was made from; another one, and the proof is out of date
    content_hash: str  # over the recipe and all its editions
    readers: int = 0  # of all audiences then, those with nothing new included
    checks: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    made_at: datetime


class Approval(SQLModel, table=True):
    """Who approved which content. It binds to the hash: any later change lets it fall."""

    id: int | None = Field(default=None, primary_key=True)
    issue_id: UUID = Field(foreign_key="issue.id", index=True)
    revision: int = 1
    version: int  # the issue's version that was approved
    content_hash: str
    who: str
    at: datetime
    audience: dict[str, int] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))  # edition -> readers
    accepted: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))  # amber -> reason
    withdrawn_at: datetime | None = None
