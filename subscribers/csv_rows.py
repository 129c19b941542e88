"""Reading a CSV file of subscribers: rows in, wishes or one error a row out. Knows no database."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from subscribers.addresses import normalise
from subscribers.csv_files import records
from subscribers.errors import BadAddress, BadFile, BadZone, SubscribersError
from subscribers.listing import ListData
from subscribers.moments import moment_of
from subscribers.networks import network_of
from subscribers.systems import (
    BANS,
    BOUNCED,
    COLUMNS,
    CONFIRMED,
    NOTHING,
    PLAIN,
    STRANGER,
    WORDS,
    System,
    file_state,
    row_state,
    system_of,
)
from subscribers.zones import zone_of

GUARDED: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would take for a formula
LONGEST_NAME: Final = 300  # letters
MOST_NAMES: Final = 40  # names of lists that we have not, of which one file tells
KEPT_CELLS: Final = 10_000  # different ways to name lists that are remembered
IPV4_PARTS: Final = 4
_OCTETS: Final = frozenset(str(number) for number in range(256))
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_BETWEEN = re.compile(r'[|;,](?=(?:[^"]*"[^"]*")*[^"]*$)')  # not within quotation marks: Mailchimp's "VIP","A, B"


def guarded(cell: str) -> str:
    """Keep a spreadsheet from taking a cell for a formula."""
    return f"'{cell}" if cell.startswith(GUARDED) else cell


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that could not be imported (or, as a warning, not all of it), and why."""

    line: int
    message: str
    cells: tuple[str, ...] = field(default=(), compare=False, repr=False)  # the row as it stands in the file

    def row(self) -> list[str]:
        """Return a row for a file of errors: line, sentence, and the row itself, safe to open in a spreadsheet."""
        return [str(self.line), *(guarded(cell) for cell in (self.message, *self.cells))]


@dataclass(slots=True)
class Wish:
    """What one row asks for."""

    line: int
    address: str
    name: str
    language: str
    lists: Sequence[ListData]
    consent_at: datetime | None
    consent_source: str
    zone: str = ""
    warning: str = ""  # what of the row was not taken; the rest was
    state: str = CONFIRMED  # or unconfirmed, ended, a reason for a ban, stranger
    left_at: datetime | None = None  # when they left, bounced or complained, where the row says so
    network: str = ""


@dataclass(slots=True)
class Reading:
    """How a file is to be read: which lists there are, and what holds where a row does not say.

    ``mapping``: their column -> ours (one of COLUMNS, or ``-``). ``values``: a value in a column of lists -> the id
    or name of a list, or ``-``. ``lists``: where given, the rows' own lists are not looked at. ``system``: whose
    export it is; "" tells it by the headings. ``file_name``: Mailchimp says by it who these people are.
    """

    known: Sequence[ListData]
    at: datetime
    lists: Sequence[ListData] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    consent_at: datetime | None = None
    consent_source: str = ""
    system_name: str = ""
    file_name: str = ""
    system: System = PLAIN  # filled in, as all that follows
    headings: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()  # their heading, ours ("" for none), in the file's order
    unknown: dict[str, int] = field(default_factory=dict)  # what rows call lists and is none -> in how many rows
    _words: Mapping[str, str] = field(default_factory=dict)
    _state: str = CONFIRMED
    _places: tuple[tuple[str, int], ...] = ()
    _width: int = 0
    _blank: dict[str, str] = field(default_factory=lambda: dict.fromkeys(COLUMNS, ""))
    _named: dict[str, tuple[ListData, ...]] = field(default_factory=dict)

    def rows(self, lines: Iterable[str], after: int = 0) -> Iterator[Wish | RowError]:
        """Read a file's lines, but for those up to ``after``. Raises BadFile if the header names no address."""
        source = records(lines)
        self._read_header(next(source, (1, [])))
        for line, record in source:
            if line <= after:
                continue
            if isinstance(record, str):
                yield RowError(line, record)
            elif any(record):
                wish = self._row(line, record)
                yield wish if isinstance(wish, Wish) else RowError(line, wish, tuple(record))

    def _read_header(self, header: tuple[int, list[str] | str]) -> None:
        names = header[1] if isinstance(header[1], list) else []
        plain = [name.strip().lstrip("\ufeff").casefold() for name in names]
        self.headings, self.system = tuple(names), system_of(plain, self.system_name)
        given = {their.strip().casefold(): our for their, our in self.mapping.items()}
        places: dict[str, int] = {}
        meant = []
        for place, heading in enumerate(plain):
            asked = heading in given
            column = given.pop(heading) if asked else self.system.column(heading)
            if column in COLUMNS and (asked or column not in places):
                places[column] = place
            meant.append(column if places.get(column) == place else "")
        self.columns = tuple((name, our) for name, our in zip(names, meant, strict=True))
        self._words = {**WORDS, **(self.system.words or {})}
        self._state = file_state(self.system, frozenset(places), self.file_name)
        self._check_columns(names, places, given)
        self._places, self._width = tuple(places.items()), len(names)

    def _check_columns(self, names: Sequence[str], found: Mapping[str, int], unused: Mapping[str, str]) -> None:
        if any(ord(letter) < ord(" ") and letter not in "\n\r\t" for name in names for letter in name):
            raise BadFile(
                "The file is no CSV text: its first line holds control characters. Export it as CSV, in UTF-8."
            )
        has = ", ".join(names) or "nothing"
        wrong = [our for our in self.mapping.values() if our not in (*COLUMNS, NOTHING)]
        if wrong:
            raise BadFile(f"There is no column {wrong[0]!r} to map to. Ours are: {', '.join(COLUMNS)}.")
        if unused:
            raise BadFile(f"The file has no column {next(iter(unused))!r} to map. It has: {has}.")
        if "address" not in found:
            raise BadFile(f"The file's first line must name a column email or address. It has: {has}.")
        if not self.lists and "lists" not in found and self._state not in {BOUNCED, STRANGER}:
            raise BadFile(
                "Say which lists the readers are for: by a column of lists, or name lists for all rows "
                "(at the command line: --list)."
            )
        if self.lists and "lists" in self.mapping.values():
            raise BadFile("Either name the lists with --list, or map a column to lists; not both.")

    def _row(self, line: int, record: Sequence[str]) -> Wish | str:
        """Return what a row asks for, or a sentence that says why it cannot be read."""
        if "\ufffd" in "".join(record):
            return "The row is not UTF-8 text. Save the file as UTF-8, or name its --encoding."
        cells = self._cells_of(record)
        state = self._state
        if cells["status"] or cells["left_at"] or cells["bounced_at"] or cells["reason"]:
            found = row_state(self._words, cells, state)
            if found is None:
                return _unknown_state(cells["status"])
            state = found
        try:
            return self._wish(line, cells, state)
        except BadAddress as error:
            return str(error) if cells["address"] else "There is no address."
        except SubscribersError as error:
            return str(error)

    def _cells_of(self, record: Sequence[str]) -> dict[str, str]:
        """Return a row's cells by our columns; those that the file has not are empty."""
        if len(record) < self._width:
            record = [*record, *[""] * (self._width - len(record))]
        cells = self._blank.copy()
        for column, place in self._places:
            cell = record[place]
            if cell:
                if cell[0] == "'":
                    cell = _unguarded(cell)
                cells[column] = cell.strip()
        return cells

    def _wish(self, line: int, cells: Mapping[str, str], state: str) -> Wish:
        lists: Sequence[ListData] = ()
        if state not in BANS and state != STRANGER:
            lists = self.lists or self._lists(cells["lists"])
        language = _language(cells["language"]) or (lists[0].language if lists else "en")
        opted = cells["opted_at"]
        said = cells["consent_at"] or opted
        consent_at = _moment(said, self.at) if said else self.consent_at
        address = normalise(cells["address"])
        source = cells["consent_source"] or (f"{self.system.title} sign-up form" if opted else self.consent_source)
        name, zone = cells["name"] or f"{cells['first_name']} {cells['last_name']}".strip(), cells["zone"]
        wish = Wish(line, address, name, language, lists, consent_at, source, "", "", state)
        if zone:
            wish.zone, wish.warning = _zone(zone)
        if len(name) > LONGEST_NAME:
            wish.name, wish.warning = "", f"The name has more than {LONGEST_NAME} letters, and was left out."
        if state != CONFIRMED:
            wish.left_at = _past(cells["bounced_at"] or cells["left_at"] or cells["changed_at"], self.at)
        if cells["network"]:
            wish.network = _network(cells["network"])
        return wish

    def _lists(self, cell: str) -> tuple[ListData, ...]:
        """Return the lists that a cell names by id, name or topic. Raises SubscribersError."""
        if cell not in self._named:
            if len(self._named) > KEPT_CELLS:
                self._named.clear()
            wanted = {their.strip().casefold(): our for their, our in self.values.items()}
            names = [wanted.get(part.casefold(), part) for part in _parts(cell)]
            found = [self._list(name) for name in self._noted(names) if name != NOTHING]
            if not found:
                raise SubscribersError("The row names no list.")
            self._named[cell] = tuple(sorted(set(found), key=lambda data: (data.family, data.position, data.id)))
        return self._named[cell]

    def _noted(self, names: Sequence[str]) -> Sequence[str]:
        """Note which of these names are no lists, so that somebody can say what they mean."""
        for name in names:
            if (
                name != NOTHING
                and self._found(name) is None
                and (name in self.unknown or len(self.unknown) < MOST_NAMES)
            ):
                self.unknown[name] = self.unknown.get(name, 0) + 1
        return names

    def _found(self, name: str) -> ListData | None:
        tests: tuple[Callable[[ListData], str], ...] = (
            lambda data: data.id,
            lambda data: data.name,
            lambda data: data.topic,
        )
        for test in tests:
            hits = [data for data in self.known if data.open and test(data).casefold() == name.casefold()]
            if len(hits) == 1:
                return hits[0]
        return None

    def _list(self, name: str) -> ListData:
        found = self._found(name)
        if found is not None:
            return found
        raise SubscribersError(
            f"There is no open list {name[:80]!r}, or more than one. Say what it is with --value '{name[:80]}=LIST', "
            "or pass over it with LIST as -."
        )


def _parts(cell: str) -> list[str]:
    """Return the names in a cell of lists: separated, in quotation marks, or the lists of a JSON object."""
    if cell.startswith("{"):
        try:
            inside = json.loads(cell).get("lists", [])
        except ValueError:
            inside = []
        return [str(one).strip() for one in inside] if isinstance(inside, list) else []
    parts = (part.strip().strip('"').replace("\\", "").strip() for part in _BETWEEN.split(cell))
    return [part for part in parts if part]


def _unguarded(cell: str) -> str:
    return cell[1:] if cell[1:2] in GUARDED else cell


def _unknown_state(word: str) -> str:
    return (
        f"{word[:40]!r} does not say how the reader stands. Write confirmed, unconfirmed or ended; or pass over the "
        "column with --map 'COLUMN=-'."
    )


def _network(address: str) -> str:
    """Return the network of an address, as ``network_of`` does; an IPv4 one in a tenth of the time."""
    parts = address.split(".")
    if len(parts) == IPV4_PARTS and _OCTETS.issuperset(parts):
        return f"{parts[0]}.{parts[1]}.{parts[2]}.0/24"
    return network_of(address)


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


def _past(text: str, at: datetime) -> datetime | None:
    """Return when somebody left, not after ``at``; None where that is not said in a way we read."""
    try:
        return min(moment_of(text), at) if text else None
    except ValueError:
        return None


@lru_cache(maxsize=1_000)  # many rows say the same day
def _moment(text: str, at: datetime) -> datetime:
    try:
        moment = moment_of(text)
    except ValueError as error:
        raise SubscribersError(f"{text[:40]!r} is not a date. Write 2026-11-24 or 2026-11-24T07:00+01:00.") from error
    if moment > at:
        raise SubscribersError(f"The consent's date {text[:40]} lies in the future.")
    return moment
