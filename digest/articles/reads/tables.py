"""Reads a table of reads whose columns are named, and finds the tables of a file that holds several."""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urljoin

from digest.articles.importing import sheets
from digest.articles.importing.data import RowError
from digest.articles.reads import days
from digest.articles.reads.figures import count, is_count
from digest.articles.reads.rows import ReadRow
from digest.errors import BadInput

BY_ORDER = "#"  # rank=#: the order of the lines is the ranking
FIELDS = ("url", "views", "rank", "date", "host")
PART = re.compile(r",(?=\s*(?:url|views|rank|date|host)\s*=)")  # names of columns may hold commas
SEPARATOR = re.compile(r"sep=.\Z", re.IGNORECASE)  # the first line of a CSV written for Excel
SAMPLE = 50  # rows by which a column is judged
MOST_TABLES, MOST_COMMENTS, LONGEST_COMMENT = 40, 200, 300
HOST = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?\Z")
WITH_HOST = re.compile(r"[\w-]+(\.[\w-]+)*\.[^\W\d_]{2,24}(:\d+)?/")  # www.example.org/news: the scheme is left out


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a report hold what. ``rank`` may be ``#``: the order of the lines.

    ``date``: a column with the day of the row; ``host``: one with the host that paths are of.
    """

    url: str
    views: str | None = None
    rank: str | None = None
    date: str | None = None
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a file: its text, with all else made empty lines; the comment lines before it; its first rows."""

    text: str
    comments: tuple[str, ...]
    header: tuple[str, ...]
    sample: tuple[sheets.Row, ...]


class NoPage(Exception):
    """A row that is of no page: a total, or "(not set)"."""


def parse_columns(options: Sequence[str]) -> Columns:
    """Read ``url=COL``, ``views=COL``, ``rank=COL``, ``date=COL``, ``host=COL``: an option each, or several in one."""
    text = ",".join(options)
    parts = [part.partition("=") for option in options for part in PART.split(option)]
    named = {key.strip(): value.strip() or None for key, _, value in parts}
    unknown = [key for key in named if key not in FIELDS]
    url = named.pop("url", None)
    if unknown or not url or not (named.get("views") or named.get("rank")):
        raise BadInput(f"--map {text!r} cannot be read. Write --map url=PAGE,views=VIEWS, or url=PAGE,rank=RANK.")
    return Columns(url, **named)


def read_csv(content: bytes, columns: Columns, site: str = "") -> Iterator[ReadRow | RowError]:
    """Yield each page of a CSV report in any usual encoding, or what is wrong with its row.

    ``site``: the address that paths such as /news/story are meant from. Raises BadInput where a column is missing.
    """
    header, rows = sheets.read(sheets.decode(content))
    for name in (columns.url, columns.views, columns.rank, columns.date, columns.host):
        if name not in (None, BY_ORDER) and name not in header:
            raise BadInput(f"There is no column {name!r}. Columns: {', '.join(header)}.")
    for order, row in enumerate(rows, start=1):
        if isinstance(row, RowError):
            yield row
            continue
        try:
            yield _row(row, columns, site, order)
        except BadInput as error:
            yield RowError(row.where, str(error))


def _row(row: sheets.Row, columns: Columns, site: str, order: int) -> ReadRow:
    page = row.cells.get(columns.url, "")
    if not page:
        raise BadInput("It has no address.")
    host = row.cells.get(columns.host, "") if columns.host else ""
    base = f"https://{host}" if HOST.match(host) else site
    return figures(row, columns, joined(base, page), order)


def figures(row: sheets.Row, columns: Columns, url: str, order: int) -> ReadRow:
    """Return what a row says of the page at ``url``. Raises BadInput with a sentence."""
    views = count(row.cells.get(columns.views, ""), "views") if columns.views else None
    rank = None
    if columns.rank:
        rank = order if columns.rank == BY_ORDER else count(row.cells.get(columns.rank, ""), "rank")
    if rank == 0:
        raise BadInput("Its rank is 0; the most read has rank 1.")
    day = days.of_cell(row.cells.get(columns.date, "")) if columns.date else None
    if columns.date and day is None:
        raise BadInput(f"Its date is {row.cells.get(columns.date, '')!r}; write 2026-11-23.")
    return ReadRow(url, views, rank, row.where, day)


def address(page: str, host: str, site: str) -> str:
    """Return the address of a page that an export names: whole, without its scheme, or a path of host or site.

    Raises NoPage where it names none, and BadInput where nobody said what site a path is of.
    """
    if page.startswith(("http://", "https://", "//")):
        return joined("https:", page)
    if page.startswith("/"):
        base = f"https://{host}" if HOST.match(host) else site
        if not base:
            raise BadInput(f"The report names paths such as {page}. Say of what site: --site https://example.org.")
        return base.rstrip("/") + page if base != site else joined(base, page)
    if WITH_HOST.match(page):
        return f"https://{page}"
    raise NoPage


def joined(base: str, page: str) -> str:
    """Return a page's address as meant from a base; as it is where there is none, or it is no address."""
    try:
        return urljoin(base, page)
    except ValueError:
        return page


def is_page(cell: str) -> bool:
    """Tell whether a cell holds a path or an address."""
    return cell.startswith(("/", "http://", "https://")) or WITH_HOST.match(cell) is not None


def tables(text: str) -> Iterator[Table]:
    """Yield the tables of a file: blocks that comment lines or empty lines part, each with its own header.

    A block whose first line holds a count goes on with the table before it.
    """
    lines = io.StringIO(text.lstrip("\ufeff").replace("\0", ""), newline="").readlines()
    comments: list[str] = []
    starts: list[tuple[int, tuple[str, ...]]] = []
    before = True  # the line before was no row
    for number, line in enumerate(lines):
        plain = line.strip()
        if plain.startswith("#") or not plain or SEPARATOR.match(plain):
            comments += [plain[:LONGEST_COMMENT]] if plain.startswith("#") and len(comments) < MOST_COMMENTS else []
            before = True
        elif before:
            before = False
            if not starts or (len(starts) < MOST_TABLES and not _has_count(plain)):
                starts.append((number, tuple(comments)))
    ends = [number for number, _ in starts[1:]] + [len(lines)]
    for (start, said), end in zip(starts, ends, strict=False):  # an empty file has no start
        yield _table("\n" * start + "".join(lines[start:end]), said)


def _has_count(line: str) -> bool:
    return any(is_count(cell.strip(' "')) for mark in sheets.DELIMITERS for cell in line.split(mark))


def _table(text: str, comments: tuple[str, ...]) -> Table:
    header, rows = sheets.read(text, surplus=True)
    sample = [row for row in islice(rows, SAMPLE) if isinstance(row, sheets.Row)]
    return Table(text, comments, tuple(header), tuple(sample))
