"""Reads the dates of feeds and files: ISO 8601, e-mail dates, and what systems write instead of them."""

import re
from datetime import UTC, datetime, timedelta, timezone

LONGEST = 100  # characters; a date has some 30
CENTURY = 69  # two digits from here on are of the 20th century, as in RFC 822 readers
EPOCH = re.compile(r"\d{10}(?:\d{3})?\Z")
ISO = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?|(?P<month2>\d{2})(?P<day2>\d{2}))?"
    r"(?: ?[T ] ?(?P<time>.+)|Z|[+-]\d{2}:\d{2})?\Z",
    re.IGNORECASE,
)
NUMERIC = re.compile(r"(?P<a>\d{1,4})(?P<mark>[./-])(?P<b>\d{1,2})(?P=mark)(?P<c>\d{1,4})\.?,?(?:[T ]+(?P<time>.+))?\Z")
TIME = re.compile(
    r"(?<!\d)(?P<hour>\d{1,2})[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{1,2})(?:[.,]\d+)?)?\s*(?P<half>[ap]\.?m\b\.?)?",
    re.IGNORECASE,
)
BASIC_TIME = re.compile(r"(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?:[.,]\d+)?(?![\d:])(?P<half>)")
OFFSET = re.compile(r"([+-])\s?(\d{1,2})(?::?(\d{2}))?(?!\d)")  # in what stands behind the time
WEEKDAY = re.compile(r"[^\W\d_]{2,15}\.?,? +(?=\d)")
COUNTERS = str.maketrans({"年": "-", "月": "-", "日": " ", "년": "-", "월": "-", "일": " "})
WORD = re.compile(r"[^\W\d_]+", re.UNICODE)
NUMBER = re.compile(r"\d+")
ZONES = {  # hours; letters that mean two zones (IST, AMT, BST in Dhaka) are left out or are the European ones
    "ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "mez": 1, "cest": 2, "mesz": 2,
    "eet": 2, "eest": 3, "msk": 3, "мск": 3, "msd": 4, "trt": 3, "azt": 4, "get": 4, "samt": 4, "yekt": 5, "pkt": 5,
    "wib": 7, "ict": 7, "hkt": 8, "sgt": 8, "awst": 8, "jst": 9, "kst": 9, "acst": 9.5, "aest": 10, "aedt": 11,
    "nzst": 12, "nzdt": 13, "nst": -3.5, "ndt": -2.5, "ast": -4, "adt": -3, "est": -5, "edt": -4, "et": -5, "cst": -6,
    "cdt": -5, "ct": -6, "mst": -7, "mdt": -6, "mt": -7, "pst": -8, "pdt": -7, "pt": -8, "akst": -9, "akdt": -8,
    "hst": -10, "brt": -3, "art": -3, "clt": -4,
}  # fmt: skip
# The first letters by which a month is told, in English, German, French, Spanish, Italian, Portuguese, Dutch, Polish,
# Russian, Ukrainian, Turkish, Greek and Hungarian; longer ones first where they differ late (mar/mai, jun/jul).
MONTHS = (
    "jan ene gen sty янв січ oca ιαν 一月",
    "feb fév fev lut фев лют şub sub φεβ",
    "mar mär maa mrt мар бер μάρ μαρ már",
    "apr avr abr kwi апр кві nis απρ ápr",
    "may mai mei mag maj май мая тра μαϊ μάι μαι máj",
    "jun juin giu cze июн чер haz ιούν ιουν jún",
    "jul juil lug lip июл лип tem ιούλ ιουλ júl",
    "aug aoû aou ago sie авг сер ağu agu αύγ αυγ",
    "sep set wrz сен вер eyl σεπ szep",
    "oct okt out ott paź paz окт жов eki οκτ",
    "nov lis ноя лис kas νοέ νοε",
    "dec dez déc dic gru дек гру ara δεκ",
)
LETTERS = {word: number for number, words in enumerate(MONTHS, 1) for word in words.split()}
LENGTHS = sorted({len(word) for word in LETTERS}, reverse=True)


def read_date(text: str) -> datetime | None:
    """Return the moment a text names, aware (UTC where it names no zone), or None where it names none for certain.

    Reads ISO 8601 with blanks or without marks, e-mail dates with names of zones, seconds since 1970, and dates
    with the names of months in a dozen languages. ``03/04/2026`` is none: it is two dates.
    """
    given = " ".join(text[: LONGEST + 1].translate(COUNTERS).split())
    if not given or len(given) > LONGEST:
        return None
    try:
        if EPOCH.match(given):
            return datetime.fromtimestamp(int(given[:10]), UTC)
        if "년" in text:
            given = given.replace("- ", "-")
        plain = WEEKDAY.sub("", given, count=1) if WEEKDAY.match(given) else given
        return _iso(plain) or _numeric(plain) or _worded(given)
    except (ValueError, OverflowError):
        return None


def _iso(text: str) -> datetime | None:
    found = ISO.match(text)
    if not found:
        return None
    month, day = found["month"] or found["month2"], found["day"] or found["day2"]
    return _moment(int(found["year"]), int(month or 1), int(day or 1), found["time"] or "")


def _numeric(text: str) -> datetime | None:
    """Read 24.11.2026, 2026/11/24, and 11/24/2026 where only one order of the two is a date."""
    found = NUMERIC.match(text)
    if not found:
        return None
    first, second, third = int(found["a"]), int(found["b"]), int(found["c"])
    if len(found["a"]) == 4:  # noqa: PLR2004 - a year
        return _moment(first, second, third, found["time"] or "")
    year = _year(third, len(found["c"]))
    if found["mark"] == ".":
        return _moment(year, second, first, found["time"] or "")
    fitting = {(month, day) for month, day in ((first, second), (second, first)) if month <= 12}  # noqa: PLR2004
    return _moment(year, *fitting.pop(), found["time"] or "") if len(fitting) == 1 else None


def _worded(text: str) -> datetime | None:
    """Read a date with the name of a month in it, in whatever order it stands."""
    time = TIME.search(text)
    rest = text[: time.start()] + " " + OFFSET.sub("", text[time.end() :], count=1) if time else text
    months = [(one.start(), number) for one in WORD.finditer(rest) if (number := _month(one.group()))]
    numbers = [one for one in NUMBER.finditer(rest) if len(one.group()) <= 4]  # noqa: PLR2004 - the longest is a year
    if not months or len(numbers) < 2:  # noqa: PLR2004 - a day and a year
        return None
    place, month = months[-1]  # what stands before may be a day of the week: mardi, maandag
    long = [one for one in numbers if len(one.group()) == 4]  # noqa: PLR2004
    year = long[0] if long else next((one for one in numbers[1:] if one.start() > place), numbers[1])
    day = next(one for one in numbers if one is not year)
    at = text[time.start() :] if time else ""
    return _moment(_year(int(year.group()), len(year.group())), month, int(day.group()), at)


def _moment(year: int, month: int, day: int, time: str) -> datetime | None:
    """Put date and time together; hour 24 and a leap second are the next day and minute."""
    found = TIME.match(time) or BASIC_TIME.match(time)
    if time and not found:
        return None if NUMBER.match(time) else datetime(year, month, day, tzinfo=_zone(time))
    hour, minute, second = (int(found[part] or 0) if found else 0 for part in ("hour", "minute", "second"))
    half = (found["half"] or "").lower() if found else ""
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    if hour > 24 or minute > 59 or second > 60:  # noqa: PLR2004
        return None
    zone = _zone(time[found.end() :]) if found else UTC
    return datetime(year, month, day, tzinfo=zone) + timedelta(hours=hour, minutes=minute, seconds=second)


def _zone(text: str) -> timezone:
    found = OFFSET.search(text)
    if found:
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        if len(found[2]) == 1 or minutes < 24 * 60:
            return timezone(timedelta(minutes=minutes if found[1] == "+" else -minutes))
    named = (ZONES[word] for word in (one.lower() for one in WORD.findall(text)) if word in ZONES)
    return timezone(timedelta(hours=next(named, 0)))


def _year(number: int, digits: int) -> int:
    return number if digits > 2 else number + (1900 if number >= CENTURY else 2000)  # noqa: PLR2004


def _month(word: str) -> int | None:
    lowered = word.lower()
    return next((LETTERS[lowered[:size]] for size in LENGTHS if lowered[:size] in LETTERS), None)
