"""The tables of feeds: where they are, how they fared, and what the tags of each source mean."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, String
from sqlmodel import Field, SQLModel


class FeedKind(StrEnum):
    """What an address gives."""

    feed = "feed"  # RSS, Atom, RDF, JSON Feed, or our own JSON
    wordpress = "wordpress"  # WordPress REST API, /wp-json/wp/v2/posts
    ghost = "ghost"  # Ghost Content API, /ghost/api/content/posts/
    most_read = "most_read"  # a list of the most read articles: ranks, no articles


class Feed(SQLModel, table=True):
    """An address that is asked for articles again and again."""

    id: str = Field(primary_key=True)  # see addresses.feed_id; ``Article.source`` of what it brings
    url: str  # where it is asked now; a permanent redirect moves it
    kind: FeedKind = Field(default=FeedKind.feed, sa_type=String)
    name: str = ""
    region: str | None = Field(default=None, foreign_key="region.id")  # of articles that carry no other
    language: str = "en"  # of articles that do not say
    keep_query: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))  # see canonical_url
    every_minutes: int = 30
    added_at: datetime
    etag: str = ""
    last_modified: str = ""
    tried_at: datetime | None = None
    succeeded_at: datetime | None = None
    next_at: datetime = Field(index=True)  # not asked before
    failures: int = 0  # in a row
    error: str = ""  # of the last try, a sentence; "" after a success
    items: int = 0  # at the last success


class SourceTag(SQLModel, table=True):
    """What one tag of one source means. Without a meaning it waits in the inbox of unmapped tags."""

    source: str = Field(primary_key=True)  # ``Article.source``
    tag: str = Field(primary_key=True)  # as tags are compared, see meanings.folded
    label: str  # as it was written
    target: str = ""  # a region id, badge, evergreen, topic or ignore; "" is unmapped: counts as a topic
    articles: int = 0  # that were seen with it
    first_seen_at: datetime
    last_seen_at: datetime
