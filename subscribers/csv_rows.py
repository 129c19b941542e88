"""Reading a CSV file of subscribers: rows in, wishes or one error a row out. Knows no database."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from subscribers.addresses import normalise
from subscribers.errors import BadAddress, BadFile, BadZone, SubscribersError
from subscribers.listing import ListData
from subscribers.zones import zone_of

COLUMNS: Final = ("address", "name", "language", "lists", "consent_at", "consent_source", "zone")
GUARDED: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for a formula
_ALSO: Final = {
    "email": "address",
    "e-mail": "address",
    "email_address": "address",
    "lang": "language",
    "list": "lists",
    "consent_date": "consent_at",
    "timezone": "zone",
    "time_zone": "zone",
    "tz": "zone",
}
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that could not be imported (or, as a warning, not all of it), and why."""

    line: int
    message: str


@dataclass(slots=True)
class Wish:
    """What one row asks for."""

    line: int
    address: str
    name: str
    language: str
    lists: tuple[ListData, ...]
    consent_at: datetime | None
    consent_source: str
    zone: str = ""
    warning: str = ""  # what of the row was not taken; the rest was


@dataclass(slots=True)
class Reading:
    """How a file is to be read: which lists there are, and what holds where a row does not say.

    ``mapping``: their column -> ours (one of COLUMNS). ``lists``: where given, the rows' own lists are not looked at.
    """

    known: Sequence[ListData]
    at: datetime
    lists: Sequence[ListData] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    consent_at: datetime | None = None
    consent_source: str = ""
    ignored: tuple[str, ...] = ()  # filled in: columns that mean nothing to us
    _cells: dict[str, tuple[ListData, ...]] = field(default_factory=dict)

    def rows(self, lines: Iterable[str]) -> Iterator[Wish | RowError]:
        """Read a file's lines. Raises BadFile if the header names no address."""
        records = _records(lines)
        cells = self._columns(next(records, (1, [])))
        for line, record in records:
            if isinstance(record, str):
                yield RowError(line, record)
            elif any(record):
                yield self._wish(line, [_unguarded(cell) for cell in record], cells)

    def _columns(self, header: tuple[int, list[str] | str]) -> dict[str, int]:
        names = header[1] if isinstance(header[1], list) else []
        given = {their.strip().casefold(): our for their, our in self.mapping.items()}
        found: dict[str, int] = {}
        ignored = []
        for place, name in enumerate(names):
            plain = name.strip().lstrip("\ufeff").casefold()
            column = given.pop(plain, "") or _ALSO.get(plain.replace(" ", "_"), plain.replace(" ", "_"))
            if column in COLUMNS:
                found.setdefault(column, place)
            else:
                ignored.append(name)
        self._check_columns(names, found, given)
        self.ignored = tuple(ignored)
        return found

    def _check_columns(self, names: Sequence[str], found: Mapping[str, int], unused: Mapping[str, str]) -> None:
        if any(ord(letter) < ord(" ") and letter not in "\n\r\t" for name in names for letter in name):
            raise BadFile(
                "The file is no CSV text: its first line holds control characters. Export it as CSV, in UTF-8."
            )
        has = ", ".join(names) or "nothing"
        wrong = [our for our in self.mapping.values() if our not in COLUMNS]
        if wrong:
            raise BadFile(f"There is no column {wrong[0]!r} to map to. Ours are: {', '.join(COLUMNS)}.")
        if unused:
            raise BadFile(f"The file has no column {next(iter(unused))!r} to map. It has: {has}.")
        if "address" not in found:
            raise BadFile(f"The file's first line must name a column email or address. It has: {has}.")
        if not self.lists and "lists" not in found:
            raise BadFile("Say which lists the readers are for: a column lists, or the option --list.")

    def _wish(self, line: int, record: Sequence[str], cells: Mapping[str, int]) -> Wish | RowError:
        def cell(column: str) -> str:
            place = cells.get(column, len(record))
            return record[place].strip() if place < len(record) else ""

        if any("\ufffd" in text for text in record):
            return RowError(line, "The row is not UTF-8 text. Save the file as UTF-8, or name its --encoding.")
        try:
            lists = self.lists or self._lists(cell("lists"))
            language = _language(cell("language")) or lists[0].language
            consent_at = _moment(cell("consent_at"), self.at) or self.consent_at
            address = normalise(cell("address"))
        except BadAddress as error:
            return RowError(line, str(error) if cell("address") else "There is no address.")
        except SubscribersError as error:
            return RowError(line, str(error))
        source = cell("consent_source") or self.consent_source
        zone, warning = _zone(cell("zone"))
        return Wish(line, address, cell("name"), language, tuple(lists), consent_at, source, zone, warning)

    def _lists(self, cell: str) -> tuple[ListData, ...]:
        """Return the lists that a cell names by id, name or topic. Raises SubscribersError."""
        if cell not in self._cells:
            names = [part.strip() for part in re.split(r"[|;,]", cell) if part.strip()]
            if not names:
                raise SubscribersError("The row names no list.")
            found = [self._list(name) for name in names]
            self._cells[cell] = tuple(sorted(set(found), key=lambda data: (data.family, data.position, data.id)))
        return self._cells[cell]

    def _list(self, name: str) -> ListData:
        tests: tuple[Callable[[ListData], str], ...] = (
            lambda data: data.id,
            lambda data: data.name,
            lambda data: data.topic,
        )
        for test in tests:
            hits = [data for data in self.known if data.open and test(data).casefold() == name.casefold()]
            if len(hits) == 1:
                return hits[0]
        raise SubscribersError(f"There is no open list {name[:80]!r}, or more than one.")


def _records(lines: Iterable[str]) -> Iterator[tuple[int, list[str] | str]]:
    """Yield (line number, cells), or (line number, sentence) for what is no row.

    A quotation mark that is never closed would swallow all rows up to the next one: a record over many lines that
    has not as many cells as the header, or an address in one of them, is read again, each line by itself.
    """
    held: list[str] = []
    source = iter(lines)
    first = next(source, "")
    delimiter = max(",;\t", key=first.count)

    def kept() -> Iterator[str]:
        for line in chain([first], source):
            held.append(line)
            yield line

    reader = csv.reader(kept(), delimiter=delimiter, strict=True)
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
        swallowed = any("\n" in cell and "@" in cell for cell in record)
        if len(held) > 1 and (swallowed or len(record) != width):
            yield from _one_by_one(held, start, delimiter)
        else:
            yield start, record


def _one_by_one(lines: Sequence[str], start: int, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    for place, line in enumerate(lines):
        try:
            yield start + place, next(csv.reader([line], delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            yield start + place, f"The line is not CSV: {error}."


def _unguarded(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:2] in GUARDED else cell


def _language(text: str) -> str:
    if text and _LANGUAGE.fullmatch(text) is None:
        raise SubscribersError(f"{text[:20]!r} is not a language. Write its code: en, de, pt-BR.")
    return text


def _zone(text: str) -> tuple[str, str]:
    """Return (zone, warning): a wrong zone costs nobody their mail, it comes at the publication's own hour."""
    try:
        return zone_of(text), ""
    except BadZone as error:
        return "", f"{error} The reader was imported without one."


def _moment(text: str, at: datetime) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SubscribersError(f"{text[:40]!r} is not a date. Write 2026-11-24 or 2026-11-24T07:00+01:00.") from error
    moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    if moment > at:
        raise SubscribersError(f"The consent's date {text[:40]} lies in the future.")
    return moment
