"""Imports what the newsroom's site counted: page views per article, or its "most read" list."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from sqlmodel import Session

from digest.articles.canonical import NOTHING_KEPT, canonical_url
from digest.articles.identity import articles_at
from digest.articles.importing import sheets
from digest.articles.importing.data import RowError
from digest.articles.models import Reads
from digest.articles.upserting import upsert
from digest.errors import BadInput

if TYPE_CHECKING:
    from uuid import UUID

READS = Reads.__table__  # type: ignore[attr-defined]
NUMBER = re.compile(r"\d+(\.0+)?\Z")
GROUPED = re.compile(r"\d{1,3}([,.'’ ]\d{3})+\Z")
MOST = 2_000_000_000  # what fits the column
BY_ORDER = "#"  # rank=#: the order of the lines is the ranking
FIELDS = ("url", "views", "rank")
PART = re.compile(r",(?=\s*(?:url|views|rank)\s*=)")  # names of columns may hold commas


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One page of a report: its address, and its views, or its rank in the list, or both."""

    url: str
    views: int | None = None
    rank: int | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """The time a report covers, half-open, aware UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise BadInput("The period of the reads must end after it starts: --from comes before --to.")


@dataclass
class ReadsReport:
    """What became of an import of reads."""

    articles: int = 0  # whose figures are stored now
    unknown: list[str] = field(default_factory=list)  # pages that are no imported article: front page, topic pages
    errors: list[RowError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a report hold what. ``rank`` may be ``#``: the order of the lines."""

    url: str
    views: str | None = None
    rank: str | None = None


def parse_columns(options: Sequence[str]) -> Columns:
    """Read ``url=COL``, ``views=COL``, ``rank=COL``: an option each, or several in one, parted by commas."""
    text = ",".join(options)
    parts = [part.partition("=") for option in options for part in PART.split(option)]
    named = {key.strip(): value.strip() for key, _, value in parts}
    unknown = [key for key in named if key not in FIELDS]
    if unknown or not named.get("url") or not (named.get("views") or named.get("rank")):
        raise BadInput(f"--map {text!r} cannot be read. Write --map url=PAGE,views=VIEWS, or url=PAGE,rank=RANK.")
    return Columns(named["url"], named.get("views") or None, named.get("rank") or None)


def read_csv(content: bytes, columns: Columns, site: str = "") -> Iterator[ReadRow | RowError]:
    """Yield each page of a CSV report (UTF-8, UTF-16 or cp1252), or what is wrong with its row.

    ``site``: the address that paths such as /news/story are meant from. Raises BadInput where a column is missing.
    """
    header, rows = sheets.read(sheets.decode(content))
    wanted = (columns.url, columns.views, columns.rank if columns.rank != BY_ORDER else None)
    for name in wanted:
        if name is not None and name not in header:
            raise BadInput(f"There is no column {name!r}. Columns: {', '.join(header)}.")
    order = 0
    for row in rows:
        order += 1
        if isinstance(row, RowError):
            yield row
            continue
        try:
            yield _row(row, columns, site, order)
        except BadInput as error:
            yield RowError(row.where, str(error))


def import_reads(
    session: Session,
    rows: Iterable[ReadRow | RowError],
    *,
    source: str,
    period: Period,
    keep: Mapping[str, frozenset[str]] = NOTHING_KEPT,
) -> ReadsReport:
    """Store the figures of one report; importing it again changes nothing, a corrected one replaces it.

    Pages with several addresses of one article add up. The length of a "most read" list is its greatest rank.
    """
    report = ReadsReport()
    pages = list(_pages(rows, keep, report))
    known = articles_at(session, (canonical for canonical, _ in pages))
    length = max((row.rank for _, row in pages if row.rank is not None), default=None)
    figures: dict[UUID, dict[str, Any]] = {}
    for canonical, row in pages:
        article = known.get(canonical)
        if article is None:
            report.unknown.append(row.url)
            continue
        before = figures.get(article, {"views": None, "rank": None})
        figures[article] = {"views": _sum(before["views"], row.views), "rank": _least(before["rank"], row.rank)}
    common = {"source": source, "period_start": period.start, "period_end": period.end}
    stored = [
        {"article_id": article} | common | found | {"rank_of": length if found["rank"] is not None else None}
        for article, found in figures.items()
    ]
    key = ("article_id", "source", "period_start", "period_end")
    upsert(session, READS, stored, key=key, update=("views", "rank", "rank_of"))
    report.articles = len(stored)
    return report


def _pages(
    rows: Iterable[ReadRow | RowError], keep: Mapping[str, frozenset[str]], report: ReadsReport
) -> Iterator[tuple[str, ReadRow]]:
    for row in rows:
        if isinstance(row, RowError):
            report.errors.append(row)
            continue
        try:
            yield canonical_url(row.url, keep), row
        except BadInput as error:
            report.errors.append(RowError(row.where or row.url, str(error)))


def _row(row: sheets.Row, columns: Columns, site: str, order: int) -> ReadRow:
    url = row.cells.get(columns.url, "")
    if not url:
        raise BadInput("It has no address.")
    views = _count(row.cells.get(columns.views, ""), "views") if columns.views else None
    rank = None
    if columns.rank:
        rank = order if columns.rank == BY_ORDER else _count(row.cells.get(columns.rank, ""), "rank")
    if rank == 0:
        raise BadInput("Its rank is 0; the most read has rank 1.")
    return ReadRow(urljoin(site, url) if site else url, views, rank, row.where)


def _count(cell: str, name: str) -> int:
    text = cell.replace("\u00a0", " ").replace("\u202f", " ").strip()
    if GROUPED.match(text):
        text = re.sub(r"\D", "", text)
    if not NUMBER.match(text) or len(text) > 20 or int(float(text)) > MOST:  # noqa: PLR2004
        raise BadInput(f"Its {name} is {cell!r}, no whole number.")
    return int(float(text))


def _sum(first: int | None, second: int | None) -> int | None:
    return second if first is None else first + (second or 0)


def _least(first: int | None, second: int | None) -> int | None:
    return min((one for one in (first, second) if one is not None), default=None)
