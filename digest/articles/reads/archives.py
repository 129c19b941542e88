"""Opens the ZIP files that Plausible exports, and finds the pages in them."""

import io
import lzma
import struct
import zlib
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from zipfile import BadZipFile, ZipFile, ZipInfo

from digest.articles.importing import sheets
from digest.articles.importing.data import RowError
from digest.articles.reads import days
from digest.articles.reads.rows import Days
from digest.errors import BadInput

MARK = b"PK\x03\x04"
LARGEST = 200_000_000  # bytes, unpacked
MOST_FILES = 1_000
BROKEN = (
    BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, LookupError, OverflowError,
    struct.error, zlib.error, lzma.LZMAError,
)  # fmt: skip # what the standard library raises for broken archives


@dataclass(frozen=True)
class Archive:
    """The reports of pages in a ZIP file, and the days its other files state."""

    pages: list[bytes]
    days: Days | None = None
    told_by: str = ""


def is_zip(content: bytes) -> bool:
    """Tell whether this is a ZIP file."""
    return content.startswith(MARK)


def opened(content: bytes) -> Archive:
    """Return the reports of pages of an export of Plausible, or the one report of any other. Raises BadInput.

    The export of a site has imported_pages_20261116_20261122.csv, by day; that of the dashboard has pages.csv, and
    visitors.csv whose dates say which days.
    """
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            return _archive(archive)
    except BROKEN as error:
        raise BadInput("The ZIP file cannot be opened: it is broken, or needs a password. Export it again.") from error


def _archive(archive: ZipFile) -> Archive:
    named = {_base(one.filename): one for one in archive.infolist()[:MOST_FILES] if not one.is_dir()}
    by_day = [one for name, one in named.items() if name.startswith("imported_pages") and name.endswith(".csv")]
    if by_day:
        return Archive([_content(archive, one) for one in by_day])
    tables = [one for name, one in named.items() if name.endswith((".csv", ".tsv", ".txt"))]
    page = named.get("pages.csv") or (tables[0] if len(tables) == 1 else None)
    if page is None:
        inside = ", ".join(sorted(named)[:10]) or "nothing"
        raise BadInput(f"The ZIP file holds no pages.csv and no imported_pages_....csv. It holds: {inside}.")
    visitors = named.get("visitors.csv")
    found = _daily(_content(archive, visitors)) if visitors else None
    return Archive([_content(archive, page)], found, "its visitors.csv" if found else "")


def _base(name: str) -> str:
    return name.rsplit("/", maxsplit=1)[-1].rsplit("\\", maxsplit=1)[-1].lower()


def _content(archive: ZipFile, one: ZipInfo) -> bytes:
    """Unpack one file, but never more than is allowed, whatever the archive says of its size."""
    with archive.open(one) as packed:
        content = packed.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise BadInput(f"{one.filename} has over {LARGEST // 1_000_000} MB unpacked. Export fewer days at a time.")
    return content


def _daily(content: bytes) -> Days | None:
    """Return the days of the dates in a graph of one row a day; None where its rows are hours, weeks or months."""
    _, rows = sheets.read(sheets.decode(content))
    cells = [row.cells.get("date", "") for row in rows if not isinstance(row, RowError)]
    found = [one.first for cell in cells if len(cell) <= len("2026-11-16") and (one := days.of_cell(cell))]
    steps = {later - first for first, later in pairwise(found)}
    return Days(found[0], found[-1]) if len(found) == len(cells) and steps == {timedelta(days=1)} else None
