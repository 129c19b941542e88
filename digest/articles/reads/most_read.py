"""Reads "most read" lists: lines, CSV, JSON or a feed, whose order or ranks are the ranking."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlmodel import Session

from digest.articles.canonical import NOTHING_KEPT
from digest.articles.importing import json_feed, reading, sheets
from digest.articles.importing.data import ArticleData, RowError
from digest.articles.reads.rows import Period, ReadRow
from digest.articles.reads.storing import ReadsReport, import_reads
from digest.articles.reads.tables import Columns, is_page, joined, read_csv, tables
from digest.articles.reads.words import ADDRESSES, RANKS, VIEWS, folded
from digest.errors import BadInput

LARGEST = 10_000_000  # bytes
MOST = 5_000  # places of a list
LIMIT = 2_000_000_000  # what fits the column
HOUR = timedelta(hours=1)
URLS = ("url", "link", "href", "permalink", "canonical_url", "path", "page")
RANK = ("rank", "position", "place")
COUNTS = ("views", "pageviews", "page_views", "hits", "count", "reads")
HOLDERS = ("articles", "items", "pages", "most_read", "mostRead", "popular", "posts", "results", "data", "list")
BULLET = re.compile(r"(?:\d{1,4}[.)]?|[-*•])\s+")  # 1. https://...


def most_read(content: bytes, site: str = "") -> list[ReadRow | RowError]:
    """Return the places of a "most read" list, 1 first, or what is wrong with one. Raises BadInput.

    ``content``: lines with an address each; CSV with a column for it; a JSON list of addresses, or of objects with
    ``url``; RSS, Atom or a JSON Feed. Ranks where they are given, else by views, else by order. ``site``: what paths
    are of. Views themselves are not given back: nobody says of how long a time they are.
    """
    return _ranked(entries(content, site))


def import_list(
    session: Session,
    rows: Sequence[ReadRow | RowError],
    *,
    source: str,
    at: datetime,
    keep: Mapping[str, frozenset[str]] = NOTHING_KEPT,
) -> ReadsReport:
    """Store a list that was read ``at`` a time; the newest list of a source is the one that counts."""
    return import_reads(session, rows, source=source, period=Period(at - HOUR, at), keep=keep)


def is_list(content: bytes) -> bool:
    """Tell whether this is a list rather than a report with columns: JSON, a feed, or lines of addresses."""
    head = sheets.decode(content[:20_000]).lstrip("\ufeff \r\n\t")
    if head.startswith(("<", "[", "{")):
        return True
    lines = list(_lines(head))
    return bool(lines) and is_page(lines[0]) and not any(mark in lines[0] for mark in ",;\t")


def entries(content: bytes, site: str = "") -> list[ReadRow | RowError]:
    """Return the entries of a list with the views or ranks it gives; by order where it gives neither."""
    if len(content) > LARGEST:
        raise BadInput(f"The list has over {LARGEST // 1_000_000} MB.")
    text = sheets.decode(content).lstrip("\ufeff \r\n\t")
    if not text:
        raise BadInput("The list is empty.")
    if text.startswith("<"):
        found = _of_feed(content, site)
    elif text.startswith(("[", "{")):
        found = _of_json(content, text, site)
    elif is_list(content):
        found = [ReadRow(joined(site, line), where=f"line {number}") for number, line in enumerate(_lines(text), 1)]
    else:
        found = _of_csv(content, site)
    if len(found) > MOST:
        raise BadInput(f"The list has {len(found):,} places; at most {MOST:,} are read.")
    return found if _given(found) else _in_order(found)


def _given(rows: Sequence[ReadRow | RowError]) -> bool:
    """Tell whether any row has a figure of its own."""
    return any(isinstance(row, ReadRow) and (row.rank is not None or row.views is not None) for row in rows)


def _in_order(rows: Sequence[ReadRow | RowError]) -> list[ReadRow | RowError]:
    return [
        ReadRow(row.url, rank=place, where=row.where) if isinstance(row, ReadRow) else row
        for place, row in enumerate(rows, start=1)
    ]


def _ranked(rows: Sequence[ReadRow | RowError]) -> list[ReadRow | RowError]:
    """Make views ranks, the most first; ranks that are given stay."""
    good = [row for row in rows if isinstance(row, ReadRow)]
    if not any(row.rank is not None for row in good):
        good.sort(key=lambda row: -(row.views or 0))
        good = [ReadRow(row.url, rank=place, where=row.where) for place, row in enumerate(good, start=1)]
    ranks = (ReadRow(row.url, rank=row.rank, where=row.where) for row in good if row.rank is not None)
    return [*ranks, *(row for row in rows if isinstance(row, RowError))]


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        plain = line.strip()
        if plain and not plain.startswith("#"):
            yield BULLET.sub("", plain, count=1)


def _of_feed(content: bytes, site: str) -> list[ReadRow | RowError]:
    """Take the links of a feed in its order. A broken item is told of, and what only lacks something is taken."""
    if not reading.is_feed(content):
        raise BadInput("The list is a web page or another XML document, not a feed. Give the address of the list.")
    found: list[ReadRow | RowError] = []
    for item in reading.read(content, reading.Origin("The list", url=site)):
        if isinstance(item, ArticleData):
            found.append(ReadRow(item.url, where=f"item {len(found) + 1}"))
        elif not item.kept:
            found.append(item)
    return found


def _of_json(content: bytes, text: str, site: str) -> list[ReadRow | RowError]:
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"The list is no JSON: {error}.") from error
    if json_feed.is_feed(data):
        return _of_feed(content, site)
    if isinstance(data, dict):
        data = next((data[name] for name in HOLDERS if isinstance(data.get(name), list)), None)
    if not isinstance(data, list):
        raise BadInput('The JSON holds no list. Write ["https://example.org/story"] or [{"url": ..., "rank": 1}].')
    return [entry(one, f"entry {number}", site) for number, one in enumerate(data[: MOST + 1], start=1)]


def entry(one: Any, where: str, site: str = "") -> ReadRow | RowError:
    """Return the page that a JSON value names: an address, or an object with ``url``, and ``rank`` or ``views``."""
    values = {"url": one} if isinstance(one, str) else one
    if not isinstance(values, dict):
        return RowError(where, 'It is neither an address nor an object with "url".')
    url = next((values[name] for name in URLS if isinstance(values.get(name), str) and values[name]), None)
    if url is None:
        return RowError(where, 'It has no "url".')
    try:
        rank, views = _number(values, RANK), _number(values, COUNTS)
    except BadInput as error:
        return RowError(where, str(error))
    if rank == 0:
        return RowError(where, "Its rank is 0; the most read has rank 1.")
    return ReadRow(joined(site, url), views, rank, where)


def _number(values: Mapping[str, Any], names: Sequence[str]) -> int | None:
    name = next((name for name in names if values.get(name) is not None), None)
    return None if name is None else _whole(values[name], name)


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or not 0 <= value <= LIMIT:
        raise BadInput(f"Its {name} is {str(value)[:40]!r}, no whole number from 0 to {LIMIT:,}.")
    return int(value)


def _of_csv(content: bytes, site: str) -> list[ReadRow | RowError]:
    table = next(tables(sheets.decode(content)), None)
    names = {folded(name): name for name in table.header} if table else {}
    page = next((names[name] for name in names if name in ADDRESSES), None)
    if page is None:
        shown = ", ".join(names.values()) or "none"
        raise BadInput(f"The list names no addresses: one a line, or a column url. Columns: {shown[:300]}.")
    rank = next((names[name] for name in names if name in RANKS), None)
    views = next((names[name] for name in names if name in VIEWS), None)
    return list(read_csv(content, Columns(page, views, rank), site))
