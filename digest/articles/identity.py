"""Decides which stored article an imported one is: by canonical URL, else guid within its source, else content."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from digest.articles.canonical import canonical_url, names_an_article
from digest.articles.importing.data import ArticleData
from digest.articles.models import Article, ArticleAddress, ArticleSource
from digest.errors import BadInput

SAME_DATE = timedelta(minutes=10)
TELLING_BODY = 200  # characters; with less, "Daily briefing" of Monday and of Tuesday would be one article
ARTICLES = Article.__table__  # type: ignore[attr-defined]
ADDRESSES = ArticleAddress.__table__  # type: ignore[attr-defined]
SOURCES = ArticleSource.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Incoming:
    """An imported article with everything it may be known by."""

    data: ArticleData
    canonical: str  # of its rel=canonical where given, else of its URL
    addresses: tuple[str, ...]  # all canonical forms it came under, the canonical one first
    content_hash: str
    regions: tuple[str, ...] = ()  # ids of those it is tagged with


def incoming(data: ArticleData, keep: Mapping[str, frozenset[str]], regions: tuple[str, ...] = ()) -> Incoming:
    """Work out what an imported article is known by. Raises BadInput where its URL names no article."""
    given = [canonical_url(url, keep) for url in (data.canonical_url, data.url) if url]
    addresses = tuple(dict.fromkeys(one for one in given if names_an_article(one)))
    if not addresses or not names_an_article(given[-1]):
        raise BadInput(f"{data.url} is the front page of a site, not the address of an article.")
    return Incoming(data, addresses[0], addresses, content_hash(data), regions)


def content_hash(data: ArticleData) -> str:
    """Return a hash that is the same for the same text under two addresses; "" where there is too little text.

    A short text counts only together with its day: regular pieces share headline and standfirst.
    """
    body = data.body or data.body_html
    parts: list[str] = [data.headline, data.standfirst, body]
    if len(body) < TELLING_BODY:
        if data.published_at is None or not (data.standfirst or body):
            return ""
        parts.append(_day(data.published_at))
    return sha256("\x1f".join(" ".join(part.casefold().split()) for part in parts).encode()).hexdigest()


def _day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d")


class Known:
    """The stored articles that a chunk of imported ones may be, found by any of their keys."""

    def __init__(self) -> None:
        self.rows: dict[UUID, dict[str, Any]] = {}
        self.said: dict[UUID, dict[str, dict[str, Any]]] = {}  # article -> source -> what it says
        self._address: dict[str, UUID] = {}
        self._guid: dict[str, UUID | None] = {}  # None: several articles carry it, so that it tells nothing
        self._content: dict[str, UUID] = {}

    @classmethod
    def load(cls, session: Session, chunk: Sequence[Incoming], source: str) -> "Known":
        """Read every stored article that shares a key with one of the chunk."""
        known = cls()
        addresses = {address for one in chunk for address in one.addresses}
        guids = {one.data.guid for one in chunk if one.data.guid}
        hashes = {one.content_hash for one in chunk if one.content_hash}
        others = session.execute(select(ADDRESSES).where(ADDRESSES.c.canonical_url.in_(addresses))).all()
        named = (SOURCES.c.source == source) & SOURCES.c.guid.in_(guids)
        named_so = session.execute(select(SOURCES.c.article_id, SOURCES.c.guid).where(named)).all()
        ids = {row.article_id for row in (*others, *named_so)}
        for condition in (
            ARTICLES.c.canonical_url.in_(addresses),
            ARTICLES.c.id.in_(ids),
            ARTICLES.c.content_hash.in_(hashes),
        ):
            for row in session.execute(select(ARTICLES).where(condition).order_by(ARTICLES.c.id)).mappings():
                known.add(dict(row))
        for one in named_so:
            known._name(one.guid, one.article_id)
        known._address.update((row.canonical_url, row.article_id) for row in others)
        known._load_said(session)
        return known

    def _load_said(self, session: Session) -> None:
        query = select(SOURCES).where(SOURCES.c.article_id.in_(self.rows))
        for row in session.execute(query).mappings():
            self.said.setdefault(row["article_id"], {})[row["source"]] = dict(row)

    def add(self, row: dict[str, Any]) -> None:
        """Take an article in; later ones are found by its keys."""
        article = row["id"]
        self.rows[article] = row
        self._address.setdefault(row["canonical_url"], article)
        if row["content_hash"]:
            self._content.setdefault(row["content_hash"], article)

    def take_said(self, article: UUID, row: dict[str, Any]) -> None:
        """Remember what the source of this import says of an article."""
        self.said.setdefault(article, {})[row["source"]] = row
        if row["guid"]:
            self._name(row["guid"], article)

    def _name(self, guid: str, article: UUID) -> None:
        same = self._guid.setdefault(guid, article) == article
        self._guid[guid] = article if same else None

    def find(self, one: Incoming, *, guid_tells: bool) -> UUID | None:
        """Return the id of the article that an imported one is, or None where it is new."""
        for address in one.addresses:
            if address in self._address:
                return self._address[address]
        named = self._guid.get(one.data.guid) if guid_tells and one.data.guid else None
        if named is not None and _plausible(self.rows[named], one.data):
            return named
        return self._content.get(one.content_hash) if one.content_hash else None

    def new_addresses(self, one: Incoming, article: UUID) -> Iterator[dict[str, Any]]:
        """Yield the addresses of an imported article that were not known, and know them from now on."""
        for address in one.addresses:
            if address not in self._address:
                self._address[address] = article
                yield {"canonical_url": address, "article_id": article}


def _plausible(stored: Mapping[str, Any], data: ArticleData) -> bool:
    """Tell whether a guid under a new address may name the same article: some feeds number their places by it."""
    if (data.guid or "").startswith(("http://", "https://", "tag:", "urn:")):
        return True
    known, given = stored["published_at"], data.published_at
    if given is None or abs(given - known) < SAME_DATE:
        return True
    return bool(_telling(stored["headline"]) & _telling(data.headline))


def _telling(headline: str) -> set[str]:
    return {word for word in headline.casefold().split() if len(word) > 4}  # noqa: PLR2004 - no "the" or "with"


def articles_at(session: Session, canonical: Iterable[str]) -> dict[str, UUID]:
    """Return the ids of the articles at canonical URLs, further addresses included; unknown ones are left out."""
    wanted = list(dict.fromkeys(canonical))
    found: dict[str, UUID] = {}
    for start in range(0, len(wanted), 1_000):
        part = wanted[start : start + 1_000]
        for url, article in (
            (ADDRESSES.c.canonical_url, ADDRESSES.c.article_id),
            (ARTICLES.c.canonical_url, ARTICLES.c.id),
        ):
            rows = session.execute(select(url, article).where(url.in_(part))).all()
            found.update((row[0], row[1]) for row in rows)
    return found
