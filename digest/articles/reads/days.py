"""Finds the days a report is of: in its comment lines, in its name, in a cell."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from functools import lru_cache

from digest.articles.reads.rows import Days

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "ru", "uk", "tr", "ar", "pl", "sv", "cs")
COMPACT = r"(?<!\d)(20\d\d)(\d\d)(\d\d)(?!\d)"
ISO = r"(?<!\d)(20\d\d)-(\d\d)-(\d\d)(?!\d)"
DAY_FIRST = r"(?<!\d)(\d{1,2})[.\s]*(?:de\s+|d['’]\s*)?([^\W\d_]{3,15})\.?,?\s+(?:de\s+)?(20\d\d)(?!\d)"
MONTH_FIRST = r"([^\W\d_]{3,15})\.?\s+(\d{1,2}),?\s+(20\d\d)(?!\d)"
ANY = re.compile(f"{COMPACT}|{ISO}|{DAY_FIRST}|{MONTH_FIRST}")
SAID = re.compile(r"[:：]\s*\S")
MONTH = re.compile(r"(20\d\d)-(\d\d)\Z")
DECEMBER = 12


def stated(comments: Sequence[str]) -> Days | None:
    """Return the days that comment lines of an export state, or None.

    A line with two dates states them (GA4 explorations: ``# 20261116-20261122``), else the first two lines that
    end in one (GA4 reports: ``# Start date: 20261116``, ``# End date: 20261122``, in any language).
    """
    ends: list[date] = []
    for line in comments:
        dates = list(_dates(line))
        if len(dates) > 1:
            return _ordered(dates[0], dates[1])
        if dates and SAID.search(line):
            ends += dates
    return _ordered(ends[0], ends[1]) if len(ends) > 1 else None


def in_name(name: str) -> Days | None:
    """Return the days that the name of a file states by two dates in it, or None."""
    dates = list(_dates(name.replace("_", " ")))
    return _ordered(dates[0], dates[1]) if len(dates) > 1 else None


def of_cell(cell: str) -> Days | None:
    """Return the days of a row: 20261116, 2026-11-16 (a time may follow), two such dates, or a month 2026-11."""
    month = MONTH.match(cell.strip())
    if month:
        return _month(int(month[1]), int(month[2]))
    dates = list(_dates(cell))
    return _ordered(dates[0], dates[-1]) if dates else None


def _ordered(first: date, second: date) -> Days:
    return Days(min(first, second), max(first, second))


def _month(year: int, month: int) -> Days | None:
    first = _date(year, month, 1)
    if first is None:
        return None
    after = date(year + month // DECEMBER, month % DECEMBER + 1, 1)
    return Days(first, date.fromordinal(after.toordinal() - 1))


def _dates(text: str) -> Iterator[date]:
    for found in ANY.finditer(text):
        compact, iso, day_first, month_first = (found.groups()[start : start + 3] for start in (0, 3, 6, 9))
        if compact[0] or iso[0]:
            year, month, day = (int(part) for part in (compact if compact[0] else iso))
        else:
            day = int(day_first[0] or month_first[1])
            month = _months().get((day_first[1] or month_first[0]).casefold(), 0)
            year = int(day_first[2] or month_first[2])
        moment = _date(year, month, day)
        if moment is not None:
            yield moment


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    """Return the names of months in the languages of the exports, from CLDR."""
    from babel.dates import get_month_names  # noqa: PLC0415 - only a report with months in words needs it

    found: dict[str, int] = {}
    for language in LANGUAGES:
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in get_month_names(width, context, language).items():
                    found.setdefault(str(name).casefold().rstrip("."), int(number))
    return found
