"""The layout of EB-NeRD, the log of Ekstra Bladet, exported to CSV or JSON lines.

See https://recsys.eb.dk/dataset/. Of an article only its id and ``published_time`` are read. Its
totals (``total_pageviews``, ``total_inviews``) were counted after the last impression: they know the future. The
articles of an impression are shuffled, as said in
https://github.com/ebanalyse/ebnerd-benchmark/blob/main/competition/doc/introduction.md
"""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from digest.errors import BadInput
from digest.evaluating.logs.impressions import Impression

LONGEST_CELL = 1_000_000  # characters: the articles of one impression take a thousandth of it
NAME = "EB-NeRD"
BEHAVIORS = ("user_id", "impression_time", "article_ids_inview", "article_ids_clicked")
ARTICLES = ("article_id", "published_time")
NOTES = ("Totals per article (total_pageviews and the like) are not read: they know the future.",)
_APART = re.compile(r"[\s,;|]+")
_MICROSECONDS, _MILLISECONDS = 1e14, 1e11  # a number of seconds is smaller until the year 5138


def impressions(file: Path) -> Iterator[Impression]:
    """Read the impressions in the order of the file."""
    for where, row in _rows(file, BEHAVIORS):
        yield Impression(
            _time(row["impression_time"], where),
            _id(row["user_id"]),
            _ids(row["article_ids_inview"], where),
            frozenset(_ids(row["article_ids_clicked"], where)),
        )


def published(file: Path) -> dict[str, datetime]:
    """Return when each article came out."""
    return {_id(row["article_id"]): _time(row["published_time"], where) for where, row in _rows(file, ARTICLES)}


def _rows(file: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield rows with where they stand, and all columns that are needed."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = _table(lines, file) if file.suffix == ".csv" else _json(lines, file)
        for number, row in rows:
            where = f"{file}, line {number}"
            if missing := [column for column in columns if column not in row]:
                raise BadInput(f"{where} has no {' and no '.join(missing)}. EB-NeRD has: {', '.join(columns)}.")
            yield where, row


def _table(lines: Iterator[str], file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    csv.field_size_limit(LONGEST_CELL)  # one for the whole process: others may have set another
    reader = csv.DictReader(lines)
    try:
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        raise BadInput(f"{file}, line {reader.line_num} is no CSV: {error}.") from error


def _json(lines: Iterator[str], file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise BadInput(f"{file}, line {number} is no JSON: {error}. It wants one object a line.") from error
            if not isinstance(row, dict):
                raise BadInput(f"{file}, line {number} is no JSON object. It wants one object a line.")
            yield number, row


def _id(value: object) -> str:
    """Return an id as text; tables made by way of floats write 9778668.0."""
    return str(value).removesuffix(".0")


def _ids(value: object, where: str) -> tuple[str, ...]:
    """Return the ids of a list: a JSON list, or text such as ``[1, 2]`` or ``[1 2]``."""
    if value is None:
        return ()
    if isinstance(value, list):
        return tuple(map(_id, value))
    text = str(value).strip().strip("[]()")
    if "..." in text or "…" in text:
        raise BadInput(f"{where}: the list of articles was cut short when it was exported ({text[:40]!r}).")
    return tuple(_id(one) for one in _APART.split(text) if one)


def _time(value: object, where: str) -> datetime:
    """Read ISO 8601 (UTC if it has no zone), or the seconds, milli- or microseconds since 1970 of a table."""
    try:
        if isinstance(value, int | float):
            divisor = 1e6 if value > _MICROSECONDS else 1e3 if value > _MILLISECONDS else 1
            return datetime.fromtimestamp(value / divisor, UTC)
        moment = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError) as error:
        raise BadInput(f"{where}: {value!r} is not a time such as 2023-05-21T21:06:50.") from error
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
