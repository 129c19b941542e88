"""The tables of stage 1: articles, their reading, and how each did in the mails it stood in."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import JSON, Column, Index, LargeBinary, String, UniqueConstraint
from sqlmodel import Field, SQLModel


class ArticleStatus(StrEnum):
    """Where an article stands with the newsroom."""

    published = "published"
    embargoed = "embargoed"
    unpublished = "unpublished"
    retracted = "retracted"


def article_id(canonical_url: str) -> UUID:
    """Return the id of the article at a canonical URL: the same in every database, so that issues replay."""
    return uuid5(NAMESPACE_URL, canonical_url)


class Article(SQLModel, table=True):
    """A piece the newsroom published. Build it with ``model_validate``: table models do not validate."""

    __table_args__ = (
        Index("ix_article_source_guid", "source", "guid"),
        Index("ix_article_content_hash", "content_hash"),
        Index("ix_article_evergreen", "evergreen", "published_at"),
        Index("ix_article_cluster", "cluster"),
    )

    id: UUID = Field(primary_key=True)
    canonical_url: str = Field(unique=True)  # identity; lower case, no scheme, see articles/canonical.py
    url: str  # where a click goes
    guid: str | None = None
    source: str = ""  # key of the feed or file it came from
    content_hash: str = ""

    headline: str
    standfirst: str = ""
    kicker: str = ""
    byline: str = ""
    authors: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    desk: str = ""
    place: str = ""
    source_line: str = ""
    correction: str = ""  # text of a correction; "" when there is none
    language: str = "en"  # BCP 47, lower case
    body: str = ""  # plain text, capped
    minutes: int | None = None

    image_url: str = ""
    image_alt: str = ""
    image_credit: str = ""
    image_width: int | None = None
    image_height: int | None = None

    published_at: datetime = Field(index=True)  # the earliest ever seen
    first_seen_at: datetime = Field(index=True)
    refreshed_at: datetime | None = Field(default=None, index=True)  # an editor marked a substantive update
    imported_at: datetime

    status: ArticleStatus = Field(default=ArticleStatus.published, sa_type=String)
    editors_choice: bool = False
    evergreen: bool = False
    regions: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))  # id -> evidence
    topics: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    cluster: str | None = None
    # What a person decided (status, editors_choice): field -> value. An import leaves these as they are.
    by_hand: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class ArticleAddress(SQLModel, table=True):
    """A further canonical URL that an article was seen under: a changed slug, or a second address of one story."""

    canonical_url: str = Field(primary_key=True)
    article_id: UUID = Field(foreign_key="article.id", index=True)


class ArticleSource(SQLModel, table=True):
    """What one source says of an article. Its regions, badge and topics are worked out from all its sources."""

    __table_args__ = (
        Index("ix_articlesource_source_guid", "source", "guid"),
        Index("ix_articlesource_cluster", "cluster"),
    )

    article_id: UUID = Field(foreign_key="article.id", primary_key=True)
    source: str = Field(primary_key=True)
    guid: str | None = None
    categories: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # as written
    regions: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # ids it is tagged with
    region: str | None = None  # where the source puts articles that carry no other
    topics: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    editors_choice: bool = False
    evergreen: bool = False
    cluster: str | None = None
    status: str | None = None  # what it said last; None: nothing
    seen_at: datetime


class ArticlePage(SQLModel, table=True):
    """What the page of an article said when it was last looked at."""

    article_id: UUID = Field(foreign_key="article.id", primary_key=True)
    looked_at: datetime
    next_at: datetime = Field(index=True)  # not looked at before
    failures: int = 0  # in a row; a page that cannot be had says nothing about the article
    says: str = ""  # "", gone (404, 410) or noindex


class ArticleWords(SQLModel, table=True):
    """A sample of an article's words, by which same stories are found. An article without one is not compared yet.

    ``words``: of 2-grams of its text, and of the words of its headline. ``language``: without country.
    """

    article_id: UUID = Field(foreign_key="article.id", primary_key=True)
    published_at: datetime = Field(index=True)
    language: str
    words: bytes = Field(sa_type=LargeBinary)  # sorted 32-bit hashes


class ArticlePair(SQLModel, table=True):
    """What is known of two articles: that they tell one story, or might, or do not. The first id is the smaller."""

    first: UUID = Field(foreign_key="article.id", primary_key=True)
    second: UUID = Field(foreign_key="article.id", primary_key=True, index=True)
    text: float | None = None  # share of 2-grams of the shorter text that the longer one holds; None: no link
    title: float | None = None  # likeness of the headlines; it only suggests
    verdict: str = ""  # of a person: same | apart | ""
    at: datetime
    who: str = ""


class Picture(SQLModel, table=True):
    """What became of a picture at an address: the files it was cut to, or why it could not be had."""

    url: str = Field(primary_key=True)
    lead: str = ""  # name of the file, at most 1280 px wide
    lead_width: int | None = None
    lead_height: int | None = None
    thumb: str = ""  # name of the file, 504 x 336 px
    error: str = ""  # a sentence
    failures: int = 0  # in a row
    tried_at: datetime
    next_at: datetime | None = Field(default=None, index=True)  # when to try again; None: settled


class ArticleLog(SQLModel, table=True):
    """Who changed what of an article by hand, and when. Rows are only ever added."""

    id: int | None = Field(default=None, primary_key=True)
    article_id: UUID = Field(foreign_key="article.id", index=True)
    at: datetime
    who: str
    what: str
    reason: str = ""
    before: Any = Field(default=None, sa_column=Column(JSON))
    after: Any = Field(default=None, sa_column=Column(JSON))


class Reads(SQLModel, table=True):
    """Page reads of one article in one period from one source, or its rank in a "most read" list.

    One row per (article, source, period): importing the same figures again counts once.
    """

    __table_args__ = (UniqueConstraint("article_id", "source", "period_start", "period_end"),)

    id: int | None = Field(default=None, primary_key=True)
    article_id: UUID = Field(foreign_key="article.id", index=True)
    source: str
    period_start: datetime
    period_end: datetime = Field(index=True)
    views: int | None = None
    rank: int | None = None  # 1 is the most read
    rank_of: int | None = None  # length of that list


class Exposure(SQLModel, table=True):
    """How often one article stood at one place of one edition, and the human clicks it brought there."""

    __table_args__ = (UniqueConstraint("article_id", "edition_number", "place"),)

    id: int | None = Field(default=None, primary_key=True)
    article_id: UUID = Field(foreign_key="article.id", index=True)
    list_id: str
    edition_number: int
    place: int
    sent_at: datetime = Field(index=True)
    delivered: int = 0
    expected: float = 0.0  # clicks that place would have brought an average story
    clicks: int = 0  # human ones
