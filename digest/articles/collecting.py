"""Takes articles in from a file or an address: opens it, has it read, has it stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from digest.articles.canonical import canonical_url
from digest.articles.feeds import tags
from digest.articles.feeds.addresses import feed_id
from digest.articles.importing import reading
from digest.articles.importing.data import ArticleData, RowError
from digest.articles.importing.reading import Origin
from digest.articles.pictures.store import PictureStore
from digest.articles.places import locating
from digest.articles.storing import Import, StoreReport, is_first_import, store_in_chunks
from digest.database import Database
from digest.errors import BadInput
from digest.fetching import Fetcher

OK = 200


@dataclass(frozen=True)
class Batch:
    """What one file or address held.

    ``feed``: it brings its newest articles again and again. ``page``: it is an article's own page.
    """

    origin: Origin
    items: list[ArticleData | RowError]
    feed: bool
    page: bool = False

    @property
    def source(self) -> str:
        """Return the key of the source where none was given: a feed's address, a page's host, or the file's name."""
        if self.page and self.origin.url:
            return canonical_url(self.origin.url).partition("/")[0]
        if self.origin.url:
            return feed_id(self.origin.name)
        return self.origin.path.stem if self.origin.path else "stdin"


def given(name: str, content: bytes) -> tuple[Origin, bytes]:
    """Return an origin that is neither a file nor an address."""
    return Origin(name), content


def open_origin(name: str, fetcher: Fetcher) -> tuple[Origin, bytes]:
    """Fetch an address, or read a file. Raises BadInput with a sentence."""
    if name.startswith(("http://", "https://")):
        fetched = fetcher.get(name)
        if fetched.status != OK:
            raise BadInput(f"It answered with status {fetched.status}, so nothing was imported.")
        return Origin(name, url=fetched.url, content_type=fetched.headers.get("content-type", "").lower()), fetched.body
    path = Path(name)
    try:
        if path.stat().st_size > reading.LARGEST:
            raise BadInput(f"It has over {reading.LARGEST // 1_000_000} MB. Split it.")
        return Origin(name, path=path), path.read_bytes()
    except OSError as error:
        raise BadInput(f"It cannot be read: {error.strerror}.") from error


def read(content: bytes, origin: Origin, pictures: PictureStore | None = None) -> Batch:
    """Read all articles of an origin. Raises BadInput where nothing of it can be read."""
    items = list(reading.read(content, origin, pictures))
    return Batch(origin, items, reading.is_feed(content), reading.is_page(content, origin.content_type))


def store(
    database: Database,
    batch: Batch,
    terms: Import,
    *,
    backlog: bool | None = None,
    targets: Mapping[str, tuple[str, str]] | None = None,
    done: Callable[[int], None] = lambda _: None,
) -> StoreReport:
    """Store what was read. An empty source in ``terms`` is filled in; a file may overrule other sources' texts.

    ``backlog``: see ``Import``; None: at the first import of a feed, or into an empty database. ``targets``: what
    tags of this source mean, see ``meanings.parse_map``: kept for all its articles, those stored before too.
    """
    source = terms.source or batch.source
    say_meanings(database, source, targets or {}, terms.at)
    with database.reading() as session:
        first = is_first_import(session, source if batch.feed else None)
    settled = replace(
        terms,
        source=source,
        backlog=first if backlog is None else backlog,
        overrule=not batch.feed and not batch.origin.url,
    )
    return store_in_chunks(database, batch.items, settled, done)


def say_meanings(database: Database, source: str, targets: Mapping[str, tuple[str, str]], at: datetime) -> list[UUID]:
    """Keep what tags of a source mean, and return the articles that this moved."""
    with database.writing() as session:
        news = tags.set_targets(session, source, targets, at)
    return locating.locate(database, source=source) if news else []
