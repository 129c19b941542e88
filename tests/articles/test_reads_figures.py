"""The counts and the days in reports of reads, as every locale writes them."""

from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

import pytest

from digest.articles.reads import Days, Period
from digest.articles.reads.days import in_name, of_cell, stated
from digest.articles.reads.figures import count
from digest.errors import BadInput
from tests.conftest import NOW

WEEK = Days(date(2026, 11, 16), date(2026, 11, 22))


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("0", 0), ("17", 17), ("17.0", 17), ("17,00", 17), ("1,234", 1234), ("1.234", 1234), ("1 234 567", 1234567),
        ("1\u202f234", 1234), ("1\u00a0234", 1234), ("1'234", 1234), ("1’234", 1234), ("12,34,567", 1234567),
        ("1.234,00", 1234), ("1,234.0", 1234), ("١٢٣٤", 1234), ("١٬٢٣٤", 1234), ("2000000000", 2_000_000_000),
    ],
)  # fmt: skip
def test_counts_are_read_as_every_locale_writes_them(cell, number):
    """Whatever groups the digits, and with a fraction of nothing."""
    assert count(cell, "views") == number


@pytest.mark.parametrize(
    "cell", ["", "-", "many", "-3", "1.5", "0.123", "1,23", "1,234.567", "1.234.56", "1e5", "NaN", "Infinity", "∞", "²",
             "2000000001", "9" * 5_000, "1,234,56", "0x10", "12%"],
)  # fmt: skip
def test_what_is_no_whole_number_is_refused(cell):
    """Rather than read a thousand times too high or too low."""
    with pytest.raises(BadInput, match="no whole number"):
        count(cell, "views")


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (["# 20261116-20261122"], WEEK),
        (["# Nov 16, 2026 - Nov 22, 2026"], WEEK),
        (["# 16. November 2026 – 22. November 2026"], WEEK),
        (["# 16 de noviembre de 2026 - 22 de noviembre de 2026"], WEEK),
        (["# Du 16 novembre 2026 au 22 novembre 2026"], WEEK),
        (["# 16 ноября 2026 г. - 22 ноября 2026 г."], WEEK),
        (["# Start date: 2026-11-16", "# x", "# End date: 2026-11-22"], WEEK),
        (["# Created 2026-11-24", "# von: 20261116", "# bis: 20261122"], WEEK),
        (["# Date de début : 20261116", "# Date de fin : 20261122"], WEEK),
        (["# Account: 20261399", "# 20261116"], None),
        (["# 20261116-20261122", "# 20250101-20250102"], WEEK),
        (["# Property 20261122202611"], None),
        ([], None),
    ],
)
def test_comment_lines_state_the_days(lines, days):
    """As digits or in words, in one line or in two, in any language; not every number is a date."""
    assert stated(lines) == days


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("imported_pages_20261116_20261122.csv", WEEK),
        ("Plausible export x.org 2026-11-16  to 2026-11-22 .zip", WEEK),
        ("pages-2026-11-23.csv", None),
        ("pages.csv", None),
    ],
)
def test_names_of_files_state_the_days(name, days):
    """By two dates; one alone may be that of the export."""
    assert in_name(name) == days


def test_cells_state_days():
    """A day, a time of a day, two days, a month; or nothing."""
    assert str(of_cell("2026-12")) == "2026-12-01 to 2026-12-31"
    assert str(of_cell("2026-11-22 00:00:00")) == "2026-11-22"
    assert of_cell("2026-13") is None
    assert of_cell("20261301") is None
    assert of_cell("") is None


def test_days_are_of_the_zone_of_the_site_and_end_now():
    """Monday in Tbilisi begins on Sunday evening in UTC; a day that is not over ends now; none begins tomorrow."""
    today = Days(date(2026, 11, 24), date(2026, 11, 24))
    assert Period.of(WEEK, ZoneInfo("Asia/Tbilisi"), NOW) == Period(
        NOW - timedelta(days=8, hours=10), NOW - timedelta(days=1, hours=10)
    )
    assert Period.of(today, UTC, NOW) == Period(NOW - timedelta(hours=6), NOW)
    with pytest.raises(BadInput, match="in the future"):
        Period.of(Days(date(2026, 11, 25), date(2026, 11, 25)), UTC, NOW)
