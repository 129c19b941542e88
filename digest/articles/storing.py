"""Stores imported articles, each once however often and from wherever it comes; one bad one never loses others."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Session

from digest.articles.canonical import NOTHING_KEPT
from digest.articles.clusters.settling import settle
from digest.articles.feeds import tags
from digest.articles.feeds.meanings import folded
from digest.articles.identity import ADDRESSES, ARTICLES, SOURCES, Incoming, Known, incoming
from digest.articles.importing.data import ArticleData, RowError
from digest.articles.models import ArticleWords
from digest.articles.places.locating import Placing
from digest.articles.uniting import COMPARED, fresh, said, standing, united, with_signals
from digest.articles.upserting import insert_new
from digest.database import Database
from digest.errors import BadInput
from digest.regions import get_region

CHUNK = 500  # articles of one transaction: about half a second
Item = ArticleData | RowError


@dataclass
class StoreReport:
    """What became of an import: how many articles were new, changed, or as they were; and what went wrong."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    undated: int = 0  # of the new ones: had no date, count as published when they were imported
    errors: list[RowError] = field(default_factory=list)  # these articles were not stored
    warnings: list[RowError] = field(default_factory=list)  # these were, without something

    @property
    def stored(self) -> int:
        """Return how many articles of the import are in the database now."""
        return self.new + self.updated + self.unchanged

    def add(self, other: "StoreReport") -> None:
        """Count another report in."""
        self.new += other.new
        self.updated += other.updated
        self.unchanged += other.unchanged
        self.undated += other.undated
        self.errors += other.errors
        self.warnings += other.warnings


@dataclass(frozen=True, kw_only=True)
class Import:
    """The terms of one import.

    ``source``: key of the feed or file; guids count within it. ``at``: now. ``language``: of articles that do not
    say. ``region``: where articles without a region of their own belong (evidence "feed"). ``backlog``: articles
    older than now are not new, see ``uniting.fresh``. ``overrule``: texts of articles from other sources may be
    changed, too (a person imports a file). ``keep``: see ``canonical_url``.
    """

    source: str
    at: datetime
    language: str = "en"
    region: str | None = None
    backlog: bool = False
    overrule: bool = False
    keep: Mapping[str, frozenset[str]] = field(default_factory=lambda: NOTHING_KEPT)


def store(
    session: Session,
    items: Iterable[Item],
    *,
    source: str,
    at: datetime,
    language: str = "en",
    region: str | None = None,
    backlog: bool = False,
    overrule: bool = False,
    keep: Mapping[str, frozenset[str]] = NOTHING_KEPT,
) -> StoreReport:
    """Store imported articles in the transaction of a session; see ``Import`` for the terms.

    Storing the same articles again changes nothing. Raises NotFound where ``region`` is not known.
    """
    terms = Import(
        source=source, at=at, language=language, region=region, backlog=backlog, overrule=overrule, keep=keep
    )
    writer = _Writer(terms)
    report = StoreReport()
    for chunk in _chunks(items):
        report.add(writer.write(session, chunk))
    return report


def store_in_chunks(
    database: Database, items: Iterable[Item], terms: Import, done: Callable[[int], None] = lambda _: None
) -> StoreReport:
    """Store imported articles in short transactions of their own. ``done`` is told how many more are stored."""
    writer = _Writer(terms)
    report = StoreReport()
    for chunk in _chunks(items):
        with database.writing() as session:
            part = writer.write(session, chunk)
        report.add(part)
        done(len(chunk))
    return report


def is_first_import(session: Session, source: str | None = None) -> bool:
    """Tell whether nothing of a source (default: of any) was stored yet."""
    query = select(SOURCES.c.article_id).limit(1)
    return session.execute(query if source is None else query.where(SOURCES.c.source == source)).first() is None


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    walk = iter(items)
    while chunk := list(islice(walk, CHUNK)):
        yield chunk


class _Writer:
    """Writes chunks of one import; remembers over all of them which guids it met."""

    def __init__(self, terms: Import) -> None:
        self._terms = terms
        self._guids: dict[str, str] = {}  # guid -> the first canonical URL that came with it

    def write(self, session: Session, chunk: list[Item]) -> StoreReport:
        if self._terms.region is not None:
            get_region(session, self._terms.region)
        report = StoreReport()
        work = _Chunk(session, self._terms)
        for one in self._ready(work, chunk, report):
            work.ready.append(one)
        report.warnings += _collapsed(work.ready)
        work.load()
        for one in work.ready:
            report.undated += work.take(one, guid_tells=self._guid_tells(one))
        work.save()
        report.new, report.updated = len(work.new), len(work.changed)
        report.unchanged = len(work.ready) - len(work.new) - len(work.changed)
        return report

    def _guid_tells(self, one: Incoming) -> bool:
        """Tell whether a guid names one article: some feeds give every item the same one."""
        guid = one.data.guid
        return guid is not None and self._guids.setdefault(guid, one.canonical) == one.canonical

    def _ready(self, work: "_Chunk", chunk: list[Item], report: StoreReport) -> Iterator[Incoming]:
        names = work.placing.names
        for item in chunk:
            if isinstance(item, RowError):
                (report.warnings if item.kept else report.errors).append(item)
                continue
            regions = tuple(dict.fromkeys(names[folded(name)] for name in item.regions if folded(name) in names))
            try:
                yield incoming(item, self._terms.keep, regions)
            except BadInput as error:
                report.errors.append(RowError(item.url, str(error)))
                continue
            unknown = (name for name in item.regions if folded(name) not in names)
            report.warnings += [_unknown_region(item, name, names) for name in unknown]


class _Chunk:
    """The articles of one transaction: what is stored of them, what changes, and what is new."""

    def __init__(self, session: Session, terms: Import) -> None:
        self.ready: list[Incoming] = []
        self.new: dict[UUID, None] = {}
        self.changed: dict[UUID, None] = {}
        self.placing = Placing(session)
        self._session = session
        self._terms = terms
        self._known = Known()
        self._addresses: list[dict[str, Any]] = []
        self._before: dict[UUID, dict[str, Any]] = {}
        self._said_new: dict[UUID, None] = {}
        self._said_changed: dict[UUID, None] = {}
        self._tags: list[str] = []
        self._regrouped: dict[UUID, None] = {}  # whose source says another cluster

    def load(self) -> None:
        """Read what is stored of the articles."""
        self._known = Known.load(self._session, self.ready, self._terms.source)
        self._before = dict(self._known.rows)

    def take(self, one: Incoming, *, guid_tells: bool) -> bool:
        """Unite one article with what is stored; tells whether it is new and has no date."""
        terms, known = self._terms, self._known
        found = known.find(one, guid_tells=guid_tells)
        if found is None:
            row = fresh(one, source=terms.source, at=terms.at, backlog=terms.backlog, language=terms.language)
            found = UUID(str(row["id"]))
            self.new[found] = None
            known.add(row)
        else:
            stored = known.rows[found]
            owner = terms.overrule or stored["source"] == terms.source
            row = united(stored, one, source=terms.source, at=terms.at, owner=owner)
        before = known.said.get(found, {}).get(terms.source)
        self._say(one, found)
        if found not in self.new:
            last = before["status"] if before else None
            row["status"] = standing(row["status"], known.said[found], terms.source, last)
        row = with_signals(row, self.placing.signals(row, known.said[found].values()))
        if found not in self.new and row != known.rows[found]:
            self.changed[found] = None
        known.rows[found] = row
        self._addresses += known.new_addresses(one, found)
        return found in self.new and one.data.published_at is None

    def _say(self, one: Incoming, article: UUID) -> None:
        """Note what this source says of an article now."""
        terms = self._terms
        before = self._known.said.get(article, {}).get(terms.source)
        row = said(one, before, source=terms.source, region=terms.region, at=terms.at) | {"article_id": article}
        if row == before:
            return
        if row["cluster"] != (before["cluster"] if before else None):
            self._regrouped[article] = None
        known_tags = before["categories"] if before else []
        self._tags += [tag for tag in row["categories"] if tag not in known_tags]
        if before is None:
            self._said_new[article] = None
        elif article not in self._said_new:
            self._said_changed[article] = None
        self._known.take_said(article, row)

    def save(self) -> None:
        """Write what is new and what changed."""
        session, rows, source = self._session, self._known.rows, self._terms.source
        insert_new(session, ARTICLES, [rows[article] for article in self.new])
        insert_new(session, ADDRESSES, self._addresses)
        insert_new(session, SOURCES, [self._known.said[one][source] for one in self._said_new])
        _update(session, ARTICLES, [rows[one] | {"imported_at": self._terms.at} for one in self.changed], ("id",))
        spoken = [self._known.said[one][source] for one in self._said_changed]
        _update(session, SOURCES, spoken, ("article_id", "source"))
        forget_words(session, [one for one in self.changed if self._reads_otherwise(one)])
        tags.seen(session, source, self._tags, self._terms.at)
        if self._regrouped:
            settle(session, list(self._regrouped))
        session.expire_all()  # what was loaded before may have changed

    def _reads_otherwise(self, article: UUID) -> bool:
        before, after = self._before.get(article), self._known.rows[article]
        return before is None or any(before[name] != after[name] for name in COMPARED)


def forget_words(session: Session, articles: Sequence[UUID]) -> None:
    """Have articles compared with others anew: their text changed."""
    words = ArticleWords.__table__  # type: ignore[attr-defined]
    if articles:
        session.execute(delete(words).where(words.c.article_id.in_(articles)))


def _update(session: Session, table: Any, rows: Sequence[Mapping[str, Any]], key: tuple[str, ...]) -> None:
    if not rows:
        return
    statement = update(table).where(*(table.c[name] == bindparam(f"the_{name}") for name in key))
    values = [dict(row) | {f"the_{name}": row[name] for name in key} for row in rows]
    session.connection().execute(statement, values)


def _collapsed(ready: Sequence[Incoming]) -> Iterator[RowError]:
    """Warn of articles that only a query tells apart: they count as one."""
    headlines: dict[str, set[str]] = {}
    for one in ready:
        if "?" in one.data.url and not one.data.canonical_url:
            headlines.setdefault(one.canonical, set()).add(one.data.headline)
    for canonical, found in headlines.items():
        if len(found) > 1:
            host = canonical.partition("/")[0]
            yield RowError(
                canonical,
                f"{len(found)} articles differ only in what follows the ?, so they count as one. If a key there names "
                f"articles, say so: --keep-query {host}=KEY.",
                kept=True,
            )


def _unknown_region(item: ArticleData, name: str, names: Mapping[str, str]) -> RowError:
    known = ", ".join(dict.fromkeys(names.values())) or "none yet; run `digest regions preset starter`"
    return RowError(item.url, f"There is no region {name!r}; stored without it. Regions: {known}.", kept=True)
