"""Stores the figures of a report of reads, each once however often it is imported."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from sqlmodel import Session

from digest.articles.canonical import NOTHING_KEPT, canonical_url, names_an_article
from digest.articles.identity import articles_at
from digest.articles.importing.data import RowError
from digest.articles.models import Reads
from digest.articles.reads.rows import Days, Period, ReadRow
from digest.articles.upserting import upsert
from digest.database import Database
from digest.errors import BadInput

READS = Reads.__table__  # type: ignore[attr-defined]
Row = ReadRow | RowError


@dataclass
class Unknown:
    """A page that is no imported article: its address, its views in the report, its best rank."""

    url: str
    views: int = 0
    rank: int | None = None


@dataclass
class ReadsReport:
    """What became of an import of reads."""

    found: set[UUID] = field(default_factory=set)  # articles whose figures are stored now
    pages: dict[str, Unknown] = field(default_factory=dict)  # by canonical URL: front page, topic pages, or mistakes
    errors: list[RowError] = field(default_factory=list)
    periods: int = 0
    first: datetime | None = None  # the time that all its periods cover
    last: datetime | None = None

    @property
    def articles(self) -> int:
        """Return how many articles have figures."""
        return len(self.found)

    @property
    def unknown(self) -> list[str]:
        """Return the addresses of pages that are no imported article."""
        return [page.url for page in self.pages.values()]

    def most_read_unknown(self, most: int = 5) -> list[Unknown]:
        """Return the unknown pages that were read most, front pages aside: they show what is wrong with addresses."""
        pages = (page for canonical, page in self.pages.items() if names_an_article(canonical))
        return sorted(pages, key=lambda page: (-page.views, page.rank or 0, page.url))[:most]

    def note_unknown(self, canonical: str, row: ReadRow) -> None:
        """Count a page that is no article."""
        page = self.pages.setdefault(canonical, Unknown(row.url))
        page.views += row.views or 0
        page.rank = _least(page.rank, row.rank)

    def note_period(self, period: Period) -> None:
        """Count a period whose figures are stored."""
        self.periods += 1
        self.first = period.start if self.first is None else min(self.first, period.start)
        self.last = period.end if self.last is None else max(self.last, period.end)


def import_report(
    database: Database,
    rows: Iterable[Row],
    *,
    source: str,
    period: Period | None,
    zone: tzinfo,
    now: datetime,
    keep: Mapping[str, frozenset[str]] = NOTHING_KEPT,
) -> ReadsReport:
    """Store the rows of a report, a transaction for each day where it counts by day, in days of a time zone.

    ``period``: of rows without days of their own; for a report by day, other days are left out. Raises BadInput
    where neither says what time the figures are of.
    """
    report = ReadsReport()
    for days, part in sorted(_by_days(rows).items(), key=lambda item: item[0] or ()):
        try:
            when = Period.of(days, zone, now) if days else period
        except BadInput as error:
            report.errors.append(RowError(str(days), str(error)))
            continue
        if when is None:
            raise BadInput("The report does not say what days it is of. Say so: --from 2026-11-16 --to 2026-11-23.")
        if days and period and not (period.start <= when.start and when.end <= period.end):
            continue
        with database.writing() as session:
            import_reads(session, part, source=source, period=when, keep=keep, report=report)
    return report


def _by_days(rows: Iterable[Row]) -> dict[Days | None, list[Row]]:
    """Group rows by their days; errors go with the first group, so that they need no period of their own."""
    grouped: dict[Days | None, list[Row]] = defaultdict(list)
    errors: list[Row] = []
    for row in rows:
        if isinstance(row, RowError):
            errors.append(row)
        else:
            grouped[row.days].append(row)
    first = next(iter(grouped), None)
    if errors or not grouped:
        grouped[first] = [*errors, *grouped[first]]
    return grouped


def import_reads(
    session: Session,
    rows: Iterable[Row],
    *,
    source: str,
    period: Period,
    keep: Mapping[str, frozenset[str]] = NOTHING_KEPT,
    report: ReadsReport | None = None,
) -> ReadsReport:
    """Store the figures of one period; importing it again changes nothing, a corrected one replaces it.

    Pages with several addresses of one article add up. The length of a "most read" list is its greatest rank.
    ``report``: one to go on with.
    """
    report = report or ReadsReport()
    pages = list(_pages(rows, keep, report))
    known = articles_at(session, (canonical for canonical, _ in pages))
    length = max((row.rank for _, row in pages if row.rank is not None), default=None)
    figures: dict[UUID, dict[str, Any]] = {}
    for canonical, row in pages:
        article = known.get(canonical)
        if article is None:
            report.note_unknown(canonical, row)
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
    report.found |= figures.keys()
    report.note_period(period)
    return report


def _pages(
    rows: Iterable[Row], keep: Mapping[str, frozenset[str]], report: ReadsReport
) -> Iterator[tuple[str, ReadRow]]:
    for row in rows:
        if isinstance(row, RowError):
            report.errors.append(row)
            continue
        try:
            yield canonical_url(row.url, keep), row
        except BadInput as error:
            report.errors.append(RowError(row.where or row.url, str(error)))


def _sum(first: int | None, second: int | None) -> int | None:
    return second if first is None else first + (second or 0)


def _least(first: int | None, second: int | None) -> int | None:
    return min((one for one in (first, second) if one is not None), default=None)
