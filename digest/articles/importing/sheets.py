"""Reads text files of unknown encoding, and CSV in them, as newsrooms' systems export them."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.articles.importing.data import RowError
from digest.errors import BadInput

if TYPE_CHECKING:
    import _csv  # where the type of a reader lives

FIELD_LIMIT = 5_000_000  # characters in one cell; the standard library's own limit would lose long bodies
DELIMITERS = ",;\t"
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
JUDGED = 100_000  # bytes by which the code page is told
WINDOWS_LETTERS = re.compile(rb"[\xc0-\xff\xa8\xb8]+")
WINDOWS_WORDS = re.compile(rb"[\xc0-\xff\xa8\xb8]{3,}")
MOSTLY = 0.6  # of those letters


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sheet: the line it starts on (from 1), its cells by column name, and those beyond the header."""

    line: int
    cells: dict[str, str]
    surplus: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """Return what to call it in a message."""
        return f"line {self.line}"


def decode(content: bytes) -> str:
    """Return the text of a file: by its byte order mark, else UTF-16 by its zero bytes, else UTF-8, else of Windows.

    Which code page of Windows, its letters tell: Cyrillic ones stand in words, accented Latin ones mostly alone.
    """
    for mark, encoding in BOMS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    head = content[:200]
    if head.count(0) > len(head) // 4:
        return content.decode("utf-16-le" if head[1::2].count(0) >= head[::2].count(0) else "utf-16-be", "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(_of_windows(content[:JUDGED]), errors="replace")


def _of_windows(head: bytes) -> str:
    letters = sum(map(len, WINDOWS_LETTERS.findall(head)))
    in_words = sum(map(len, WINDOWS_WORDS.findall(head)))
    return "cp1251" if letters and in_words > letters * MOSTLY else "cp1252"


def read(text: str, *, surplus: bool = False) -> tuple[list[str], Iterator[Row | RowError]]:
    """Return the column names of a CSV text and its rows, one by one; a row that cannot be read is a RowError.

    Lines that start with ``#``, and empty ones, are skipped. Comma, semicolon and tab are told apart by the
    header. ``surplus``: a row with more cells than the header is one all the same. Raises BadInput where there is
    no header.
    """
    csv.field_size_limit(FIELD_LIMIT)
    lines = io.StringIO(text.lstrip("\ufeff").replace("\0", ""), newline="").readlines()
    start = next((number for number, one in enumerate(lines) if one.strip() and not one.startswith("#")), None)
    if start is None:
        raise BadInput("The file is empty: its first line must name the columns.")
    delimiter = max(DELIMITERS, key=lines[start].count)
    reader = csv.reader(lines[start:], delimiter=delimiter)
    header = [name.strip() for name in next(reader)]
    if any(ord(letter) < ord(" ") and letter not in "\n\r\t" for name in header for letter in name):
        raise BadInput("The file is no CSV text: its first line holds control characters. Export it as CSV, in UTF-8.")
    return header, _rows(reader, header, start, surplus=surplus)


def _rows(reader: "_csv.Reader", header: list[str], start: int, *, surplus: bool) -> Iterator[Row | RowError]:
    while True:
        line = start + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield RowError(f"line {line}", f"It is no CSV: {error}.")
            continue
        if not any(cell.strip() for cell in cells) or cells[0].startswith("#"):
            continue
        more = tuple(cell.strip() for cell in cells[len(header) :])
        if any(more) and not surplus:
            yield RowError(f"line {line}", "It has more cells than the header. Quote a text that holds the separator.")
            continue
        yield Row(line, {name: cell.strip() for name, cell in zip(header, cells, strict=False) if name}, more)
