"""The shape of a report: tables with named columns, which terminal, page, CSV and JSON all show. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from digest.reports.rates import Rate, Times

Kind = Literal["text", "count", "number", "rate", "times", "permille"]

NOT_COUNTED: Final = "not counted"
FEW: Final = "too few to say"


Value = int | float | Rate | Times | None


@dataclass(frozen=True, slots=True)
class Figure:
    """A value of a kind of its own, in a column of many kinds."""

    value: Value
    kind: Kind


Cell = str | Figure | Value


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key for machines, its heading for people, and what its values are.

    ``counted``: None means that nobody counted, which is not 0. Else None means that there is none.
    """

    key: str
    heading: str
    kind: Kind = "text"
    counted: bool = False
    interval: bool = False  # values have one


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under columns, with what a person should know of them. ``bar``: the column that is drawn."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    bar: str = ""
    label: str = ""  # the column that names a bar
    said: tuple[str, ...] = ()  # the columns said beside a bar
    empty: str = "There is nothing to show yet."

    def column(self, key: str) -> tuple[Column, int]:
        """Return a column and its place."""
        place = next(number for number, one in enumerate(self.columns) if one.key == key)
        return self.columns[place], place

    def values(self, key: str) -> list[Cell]:
        """Return the values of a column."""
        _, place = self.column(key)
        return [row[place] for row in self.rows]

    def as_json(self) -> list[Mapping[str, Any]]:
        """Return the rows as plain data."""
        keys = [one.key for one in self.columns]
        return [{key: _plain(cell) for key, cell in zip(keys, row, strict=True)} for row in self.rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One measure over the issues: what is drawn as a line."""

    key: str
    title: str
    kind: Kind
    issues: tuple[str, ...]
    values: tuple[float | None, ...]  # None: not counted
    median: float | None  # of the earlier ones


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an issue brought, ready to be shown."""

    title: str
    head: Mapping[str, Any]  # the issue, as data
    opening: tuple[str, ...]  # sentences under the title
    notes: tuple[str, ...]  # what is not counted, and what is still coming
    tables: tuple[Table, ...]
    lines: tuple[Line, ...]
    mail: str = ""  # a page: the mail with its clicks drawn on it
    mail_note: str = ""

    def table(self, key: str) -> Table:
        """Return a table."""
        return next(one for one in self.tables if one.key == key)

    def as_json(self) -> Mapping[str, Any]:
        """Return it as plain data: the same keys for every issue."""
        return {**self.head, "notes": list(self.notes)} | {one.key: one.as_json() for one in self.tables}


def said(cell: Cell, column: Column) -> str:
    """Return a value in words for people."""
    if isinstance(cell, Figure):
        return said(cell.value, Column(column.key, column.heading, cell.kind, column.counted))
    if cell is None:
        return NOT_COUNTED if column.counted else "–"
    if isinstance(cell, Rate):
        return _rate(cell, column.kind)
    if isinstance(cell, Times):
        return FEW if cell.few else f"{cell.value:.2f}x ({cell.low:.2f} to {cell.high:.2f})"
    return cell if isinstance(cell, str) else number(cell, column.kind)


def number(value: float, kind: Kind) -> str:
    """Return a number in words for people."""
    if kind == "count":
        return f"{value:,.0f}"
    if kind == "rate":
        return f"{value * 100:.{_digits(value * 100)}f} %"
    if kind == "permille":
        return f"{value * 1000:.{_digits(value * 1000)}f} in 1,000"
    if kind == "times":
        return f"{value:.2f}x"
    return f"{value:,.{2 - min(2, max(0, _digits_before(value) - 1))}f}"


def size(cell: Cell) -> float | None:
    """Return the number of a value, as it is drawn and compared; None where nobody counted, or too little."""
    if isinstance(cell, Figure):
        return size(cell.value)
    if isinstance(cell, Rate | Times):
        return None if cell.few else cell.value
    return float(cell) if isinstance(cell, int | float) else None


def _rate(cell: Rate, kind: Kind) -> str:
    if cell.few:
        return f"{FEW} ({cell.hits:,} of {cell.of:,})"
    factor, unit = (1000, " in 1,000") if kind == "permille" else (100, " %")
    digits = _digits(cell.value * factor)
    low, high = cell.low * factor, cell.high * factor
    return f"{cell.value * factor:.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"


def _digits_before(value: float) -> int:
    return len(str(int(abs(value))))


def _digits(shown: float) -> int:
    return 1 if shown >= 10 or shown == 0 else 2  # noqa: PLR2004 - three figures say enough


def _plain(cell: Cell) -> Any:
    if isinstance(cell, Figure):
        return _plain(cell.value)
    if isinstance(cell, Rate | Times):
        return cell.as_json()
    return round(cell, 6) if isinstance(cell, float) else cell
