"""Reads are stored once, day by day where they come so; unknown pages show what is wrong with addresses."""

from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from digest.articles.importing.data import ArticleData, RowError
from digest.articles.models import Reads
from digest.articles.reads import Days, Period, ReadRow, ReadsReport, import_report
from digest.articles.storing import store
from digest.database import Database
from digest.errors import BadInput
from tests.conftest import BOTH, NOW

WEEK = Period(NOW - timedelta(days=7), NOW)


def day(number: int) -> Days:
    """Return a day of November."""
    return Days(date(2026, 11, number), date(2026, 11, number))


def load(
    database: Database, rows: list[ReadRow | RowError], period: Period | None = None, zone: str = ""
) -> ReadsReport:
    """Store rows as of one site."""
    place = ZoneInfo(zone) if zone else UTC
    return import_report(database, rows, source="site", period=period, zone=place, now=NOW)


def stored(database: Database) -> list[tuple[int | None, str]]:
    """Return views and the end of the period of all that is stored."""
    with database.reading() as session:
        rows = session.exec(select(Reads).order_by(Reads.period_end, Reads.id)).all()  # type: ignore[arg-type]
    return [(row.views, f"{row.period_end:%m-%d %H}") for row in rows]


@pytest.fixture
def articles(database: Database) -> None:
    """Store two articles."""
    items = [ArticleData.model_validate({"url": f"https://example.org/{name}", "headline": name}) for name in "ab"]
    with database.writing() as session:
        store(session, items, source="feed", at=NOW)


@BOTH
@pytest.mark.usefixtures("articles")
def test_each_day_is_a_period(database: Database):
    """Imported twice it counts once, a corrected day replaces that day; today ends now."""
    for views in (5, 6):
        report = load(
            database,
            [
                ReadRow("https://example.org/a", 3, days=day(22)),
                ReadRow("https://example.org/a?x=1", views, days=day(23)),
                ReadRow("https://example.org/a", 1, days=day(23)),
                ReadRow("https://example.org/b", 2, days=day(24)),
            ],
        )
        assert (report.articles, report.periods, report.first, report.last) == (2, 3, NOW - timedelta(hours=54), NOW)
    assert stored(database) == [(3, "11-23 00"), (7, "11-24 00"), (2, "11-24 06")]


@pytest.mark.usefixtures("articles")
def test_days_are_of_a_zone_and_may_be_chosen(database: Database):
    """Days outside of --from and --to are left out; a day to come is an error of that day."""
    rows: list[ReadRow | RowError] = [ReadRow("https://example.org/a", n, days=day(n)) for n in (10, 20, 22, 28)]
    report = load(database, rows, period=WEEK, zone="Asia/Tbilisi")
    assert stored(database) == [(20, "11-20 20"), (22, "11-22 20")]
    assert [str(error) for error in report.errors] == [
        "2026-11-28: The reads are of 2026-11-28, which is in the future."
    ]


@pytest.mark.usefixtures("articles")
def test_figures_without_a_time_are_refused(database: Database):
    """The sentence says how to name it; nothing is stored, and a file of errors only needs none."""
    with pytest.raises(BadInput, match="Say so: --from 2026-11-16"):
        load(database, [ReadRow("https://example.org/a", 1)])
    assert stored(database) == []
    report = load(database, [RowError("line 1", "Broken."), ReadRow("https://example.org/a", 1, days=day(22))])
    assert (len(report.errors), report.articles) == (1, 1)


@BOTH
@pytest.mark.usefixtures("articles")
def test_the_most_read_unknown_pages_are_named(database: Database):
    """Five at most, one per page however it was written, front pages aside."""
    rows: list[ReadRow | RowError] = [ReadRow(f"https://example.org/topic/{n}", n) for n in range(8)]
    rows += [ReadRow("http://www.example.org/topic/1/?x=1", 90), ReadRow("https://example.org/", 999)]
    report = load(database, [*rows, ReadRow("https://example.org/a", 1)], period=WEEK)
    assert (report.articles, len(report.unknown)) == (1, 9)
    assert [(page.url.rsplit("/", maxsplit=1)[-1], page.views) for page in report.most_read_unknown()] == [
        ("1", 91), ("7", 7), ("6", 6), ("5", 5), ("4", 4),
    ]  # fmt: skip
    ranks = load(database, [ReadRow(f"https://example.org/{n}", rank=9 - n) for n in range(8)], period=WEEK)
    assert [page.rank for page in ranks.most_read_unknown(2)] == [2, 3]
