"""Opening CSV files of unknown encoding and separator: bytes in, records out, one at a time, in flat memory."""

import codecs
import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import IO, Final

DELIMITERS: Final = ",;\t"
LONGEST_FIELD: Final = 16_000_000  # characters of a cell; the standard library's own limit (131,072) would lose notes
BLOCK: Final = 1 << 20  # bytes read at a time
BOMS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
HEAD: Final = 400  # bytes by which UTF-16 without a mark is told
MANY: Final = 4  # one zero byte in so many is UTF-16, not a stray NUL
MOSTLY: Final = 0.6  # of the letters beyond ASCII stand in words: a Cyrillic code page
_WINDOWS_LETTERS: Final = re.compile(rb"[\xc0-\xff\xa8\xb8]+")
_WORD: Final = 3  # letters

Record = tuple[int, list[str] | str]  # the line it starts on, and its cells, or a sentence that says why it is none


@dataclass(frozen=True, slots=True)
class Survey:
    """What a look through a file tells: how its letters are written, and about how many rows it has."""

    encoding: str
    rows: int


def survey(file: IO[bytes]) -> Survey:
    """Look through a binary file from where it stands.

    The encoding is told by the byte order mark, else UTF-16 by its zero bytes, else UTF-8, else a code page of
    Windows: cp1251 where letters beyond ASCII stand in words, cp1252 where they stand mostly alone. A file that is
    UTF-8 but for a few bytes is UTF-8; what cannot be read in it shows as U+FFFD.
    """
    head = file.read(BLOCK)
    marked = _by_mark(head)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rows = good = bad = alone = in_words = 0
    for block in chain([head], iter(lambda: file.read(BLOCK), b"")):
        rows += block.count(b"\n")
        if marked or block.isascii():
            continue
        text = decoder.decode(block)
        broken = text.count("\ufffd")
        good, bad = good + len(text) - len(text.encode("ascii", "ignore")) - broken, bad + broken
        for letters in _WINDOWS_LETTERS.findall(block) if broken else ():
            alone, in_words = (alone, in_words + len(letters)) if len(letters) >= _WORD else (alone + 1, in_words)
    windows = "cp1251" if in_words > (alone + in_words) * MOSTLY else "cp1252"
    return Survey(marked or ("utf-8" if good >= bad else windows), max(0, rows - 1))


def _by_mark(head: bytes) -> str:
    for mark, encoding in BOMS:
        if head.startswith(mark):
            return encoding
    start = head[:HEAD]
    if start.count(0) <= len(start) // MANY:
        return ""
    return "utf-16-le" if start[1::2].count(0) >= start[::2].count(0) else "utf-16-be"


def lines_of(text: IO[str]) -> Iterator[str]:
    """Yield the lines of a text file opened with ``newline=""``; one without an end comes in pieces."""
    return iter(partial(text.readline, LONGEST_FIELD), "")


def records(lines: Iterable[str]) -> Iterator[Record]:
    """Yield the records of a CSV file: (line number, cells), or (line number, sentence) for what is no row.

    Comma, semicolon and tab are told apart by the first line. NUL bytes are left out. A quotation mark that is never
    closed would swallow all rows up to the next one: a record over many lines that has not as many cells as the
    header, or an address and a separator in one of them, is read again, each line by itself.
    """
    csv.field_size_limit(LONGEST_FIELD)  # of the whole process; nobody else wants it smaller
    held: list[str] = []
    source = iter(lines)
    first = next(source, "").replace("\0", "")
    delimiter = max(DELIMITERS, key=first.count)
    reader = csv.reader(_kept(chain([first], source), held.append), delimiter=delimiter, strict=True)
    width = 0
    while True:
        start = reader.line_num + 1
        held.clear()
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield from _one_by_one(held, start, delimiter)
            continue
        width = width or len(record)
        if len(held) > 1 and (len(record) != width or any(_swallowed(cell, delimiter) for cell in record)):
            yield from _one_by_one(held, start, delimiter)
        else:
            yield start, record


def _swallowed(cell: str, delimiter: str) -> bool:
    """Say whether a cell over several lines looks like one that ran on into the next rows."""
    return "\n" in cell and "@" in cell and delimiter in cell


def _kept(lines: Iterable[str], keep: Callable[[str], None]) -> Iterator[str]:
    for line in lines:
        clean = line.replace("\0", "") if "\0" in line else line
        keep(clean)
        yield clean


def _one_by_one(lines: Sequence[str], start: int, delimiter: str) -> Iterator[Record]:
    for place, line in enumerate(lines):
        try:
            yield start + place, next(csv.reader([line], delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            yield start + place, f"The line is not CSV: {error}."
