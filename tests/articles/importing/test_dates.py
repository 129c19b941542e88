"""Dates are read as feeds write them, and never guessed."""

from datetime import UTC, datetime

import pytest

from digest.articles.importing.dates import read_date

TEN = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T10:00:00Z",
        "2026-11-23 10:00:00",
        " 2026-11-23T12:00:00.123456789 +02:00 ",
        "20261123T100000Z",
        "2026-11-23T13:00+0300",
        "Mon, 23 Nov 2026 10:00:00 GMT",
        "Mon, 23 Nov 26 05:00 EST",
        "23 Nov 2026 13:00:00 MSK",
        "Mon Nov 23 10:00:00 2026",
        "Mon Nov 23 13:00:00 +0300 2026",
        "Mon Nov 23 02:00:00 PST 2026",
        "Monday, 23-Nov-26 10:00:00 GMT",
        "Nov 23, 2026 10:00 AM",
        "Monday, November 23rd, 2026 5:00 am EST",
        "lun., 23 nov. 2026 11:00:00 +0100",
        "Montag, 23. November 2026, 11:00 Uhr MEZ",
        "lunes, 23 noviembre 2026 10:00",
        "Пн, 23 ноября 2026, 13:00 МСК",
        "Δευ, 23 Νοέ 2026 10:00:00 GMT",
        "23.11.2026 10:00",
        "2026/11/23 10:00",
        "Mon, 2026/11/23 10:00:00",
        "11/23/2026 10:00",
        "23/11/2026 13:00 GMT+3",
        "2026年11月23日 10:00",
        "2026년 11월 23일 10:00",
        "2026-11-23T10:00:00+25:00",
        "1795428000",
        "1795428000000",
    ],
)
def test_one_moment_is_written_in_many_ways(text):
    """ISO 8601, e-mail, Unix, with months in words of many languages and zones by name or number."""
    moment = read_date(text)
    assert moment is not None
    assert moment.replace(microsecond=0) == TEN


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23T10:00:60Z", datetime(2026, 11, 23, 10, 1, tzinfo=UTC)),
        ("Mon, 23 Nov 2026 24:00:00 GMT", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026-11-23Z", datetime(2026, 11, 23, tzinfo=UTC)),
        ("mar., 24 nov. 2026", datetime(2026, 11, 24, tzinfo=UTC)),
        ("23-Nov-98", datetime(1998, 11, 23, tzinfo=UTC)),
        ("Nov 23 at 12:05 pm, 2026", datetime(2026, 11, 23, 12, 5, tzinfo=UTC)),
        ("Nov 23, 2026 12:05 a.m.", datetime(2026, 11, 23, 0, 5, tzinfo=UTC)),
        ("05/05/2026", datetime(2026, 5, 5, tzinfo=UTC)),
        ("2026-11-23 EST", datetime(2026, 11, 23, 5, tzinfo=UTC)),
    ],
)
def test_odd_dates_mean_what_people_mean_by_them(text, moment):
    """Leap seconds, hour 24, days alone, a day of the week that looks like a month, two digits for a year."""
    assert read_date(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whenever",
        "03/04/2026",
        "31/31/2026",
        "Thu, 32 Dec 2026 10:00:00 GMT",
        "Thu, 31 Feb 2026 10:00:00 GMT",
        "23 Nov 2026 10:99",
        "Nov",
        "Nov 23",
        "2026-13-01",
        "2026-11-23 99",
        "9999-12-31T23:59:59-23:59" * 9,
        "9" * 1_000_000,
        "Jan 1 " * 100_000,
    ],
)
def test_what_is_no_date_for_certain_is_none(text):
    """Two dates in one, days no month has, words, and texts without an end."""
    assert read_date(text) is None
