"""Stores imported articles, each once however often and from wherever it comes; one bad one never loses others."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from digest.articles.canonical import NOTHING_KEPT
from digest.articles.identity import ADDRESSES, ARTICLES, Incoming, Known, incoming
from digest.articles.importing.categories import folded, region_names
from digest.articles.importing.data import ArticleData, RowError
from digest.articles.uniting import fresh, united
from digest.articles.upserting import insert_new
from digest.database import Database
from digest.errors import BadInput
from digest.regions import all_regions, get_region

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
    query = select(ARTICLES.c.id).limit(1)
    return session.execute(query if source is None else query.where(ARTICLES.c.source == source)).first() is None


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
        report = StoreReport()
        ready = list(self._ready(session, chunk, report))
        known = Known.load(session, ready, self._terms.source)
        new: dict[UUID, None] = {}
        changed: dict[UUID, None] = {}
        addresses: list[dict[str, Any]] = []
        for one in ready:
            article = self._take(known, one, new, changed, report)
            addresses += known.new_addresses(one, article)
        insert_new(session, ARTICLES, [known.rows[article] for article in new])
        insert_new(session, ADDRESSES, addresses)
        if changed:
            rows = [known.rows[article] | {"row_id": article, "imported_at": self._terms.at} for article in changed]
            statement = update(ARTICLES).where(ARTICLES.c.id == bindparam("row_id"))
            session.connection().execute(statement, rows)
        session.expire_all()  # what was loaded before may have changed
        report.new, report.updated = len(new), len(changed)
        report.unchanged = len(ready) - len(new) - len(changed)
        return report

    def _take(
        self, known: Known, one: Incoming, new: dict[UUID, None], changed: dict[UUID, None], report: StoreReport
    ) -> UUID:
        terms = self._terms
        found = known.find(one, guid_tells=self._guid_tells(one))
        if found is None:
            row = fresh(one, source=terms.source, at=terms.at, backlog=terms.backlog, language=terms.language)
            known.add(row, terms.source)
            found = UUID(str(row["id"]))
            new[found] = None
            report.undated += one.data.published_at is None
            return found
        stored = known.rows[found]
        owner = terms.overrule or stored["source"] == terms.source
        row = united(stored, one, source=terms.source, at=terms.at, owner=owner)
        if row != stored:
            known.rows[found] = row
            if found not in new:
                changed[found] = None
        return found

    def _guid_tells(self, one: Incoming) -> bool:
        """Tell whether a guid names one article: some feeds give every item the same one."""
        guid = one.data.guid
        return guid is not None and self._guids.setdefault(guid, one.canonical) == one.canonical

    def _ready(self, session: Session, chunk: list[Item], report: StoreReport) -> Iterator[Incoming]:
        if self._terms.region is not None:
            get_region(session, self._terms.region)
        names = region_names(all_regions(session))
        for item in chunk:
            if isinstance(item, RowError):
                (report.warnings if item.kept else report.errors).append(item)
                continue
            regions, unknown = self._placed(item, names)
            try:
                yield incoming(item, self._terms.keep, regions)
            except BadInput as error:
                report.errors.append(RowError(item.url, str(error)))
                continue
            report.warnings += [_unknown_region(item, name, names) for name in unknown]

    def _placed(self, item: ArticleData, names: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
        """Return the regions of an article with their evidence, and what it is tagged with that is no region."""
        found = {names[folded(name)]: "tag" for name in item.regions if folded(name) in names}
        unknown = [name for name in item.regions if folded(name) not in names]
        if not found and self._terms.region is not None:
            found = {self._terms.region: "feed"}
        return found, unknown


def _unknown_region(item: ArticleData, name: str, names: Mapping[str, str]) -> RowError:
    known = ", ".join(dict.fromkeys(names.values())) or "none yet; run `digest regions preset starter`"
    return RowError(item.url, f"There is no region {name!r}; stored without it. Regions: {known}.", kept=True)
