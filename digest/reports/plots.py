"""Draws a report in a terminal: bars and lines in plain text, as wide as the window and no wider. Pure."""

import textwrap
import unicodedata
from collections.abc import Sequence
from math import log2
from typing import Final

from digest.reports.tables import NOT_COUNTED, Cell, Line, Report, Table, number, said, size

WIDEST: Final = 110  # columns: longer lines are hard to follow
NARROWEST: Final = 40
SIDE_BY_SIDE: Final = 60  # columns from which a measure and its value share a line
SHORTEST: Final = 10  # columns of a bar's name, at least
NARROW_BAR, WIDE_BAR = 13, 29  # columns
MOST: Final = 12  # bars of a table
SPAN: Final = 2.0  # doublings to each side of 1.00x
EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
MISSING: Final = "not counted or too few"
LEVELS: Final = "▁▂▃▄▅▆▇█"
PLAIN_LEVELS: Final = ".:-=+*#@"


def lines_of(report: Report, width: int, *, blocks: bool = True) -> list[str]:
    """Return the lines of a report. ``width``: columns; ``blocks``: whether the terminal can show block characters."""
    pen = Pen(min(max(width, NARROWEST), WIDEST), blocks=blocks)
    told = [report.title, "", *_wrapped(report.opening, pen.width)]
    told += ["", *_wrapped([f"! {note}" for note in report.notes], pen.width)] if report.notes else []
    for table in report.tables:
        if table.key == "issues":
            told += ["", *pen.courses(report.lines)]
        else:
            told += ["", *pen.table(table)]
    return told


def columns(text: str) -> int:
    """Return how many columns a text takes: wide letters take two, combining marks none."""
    return sum(_columns(letter) for letter in text)


def fit(text: str, width: int, more: str = "…") -> str:
    """Return a text in exactly so many columns, cut where it is longer: ``more`` says that it goes on."""
    if columns(text) > width:
        while text and columns(text) > width - len(more):
            text = text[:-1]
        text = text.rstrip() + more
    return text + " " * (width - columns(text))


class Pen:
    """Draws for one width and one set of characters."""

    def __init__(self, width: int, *, blocks: bool) -> None:
        self.width = width
        self.blocks = blocks
        self.more = "…" if blocks else "..."

    def table(self, table: Table) -> list[str]:
        """Return a table: its bars where it has some, else its columns as text."""
        told = [table.title]
        if not table.rows:
            return [*told, *_wrapped([table.empty], self.width, "  ")]
        told += self._bars(table) if table.bar else self._against(table)
        if len(table.rows) > MOST:
            told.append(f"  and {len(table.rows) - MOST:,} more: see the page or the CSV")
        return [*told, *_wrapped([table.note], self.width, "  ")] if table.note else told

    def courses(self, lines: Sequence[Line]) -> list[str]:
        """Return each measure over the issues as a small line of blocks, with its first and last value."""
        if not lines:
            return ["Issue by issue", "  Nothing is counted yet."]
        numbers = lines[0].issues
        head = f"Issue by issue, {numbers[0]} to {numbers[-1]}" if len(numbers) > 1 else f"Issue {numbers[0]} alone"
        label = min(max(columns(line.title) for line in lines), self.width - len(numbers) - 28)
        told = [head]
        for line in lines:
            last = line.values[-1]
            end = MISSING if last is None else number(last, line.kind)
            text = f"  {fit(line.title, label, self.more)}  {self.course(line.values)}  {end}"
            before = f", before: {number(line.median, line.kind)}" if line.median is not None else ""
            told.append(text + before if columns(text + before) <= self.width else text)
        return [*told, *_wrapped(["A dot at the foot: not counted, or too little to say."], self.width, "  ")]

    def course(self, values: Sequence[float | None]) -> str:
        """Return a value a character, from 0 to the greatest; "·" where none was counted."""
        levels = LEVELS if self.blocks else PLAIN_LEVELS
        most = max((value for value in values if value is not None), default=0.0) or 1.0
        missing = "·" if self.blocks else " "
        return "".join(
            missing if value is None else levels[min(len(levels) - 1, int(value / most * len(levels)))]
            for value in values
        )

    def bar(self, share: float, width: int) -> str:
        """Return a bar of a share of so many columns, to an eighth of a column."""
        share = min(1.0, max(0.0, share))
        if not self.blocks:
            return ("#" * round(share * width)).ljust(width)
        eighths = round(share * width * 8)
        full, rest = divmod(eighths or 1, 8)  # 0 has a stroke, so that it is told from what nobody counted
        return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width)

    def times(self, value: float, width: int) -> str:
        """Return a bar to the left or right of the middle, which is 1.00x; its ends are a quarter and four times."""
        half = width // 2
        share = min(1.0, abs(log2(max(value, 2.0**-SPAN))) / SPAN)
        length = round(share * half)
        block = "█" if self.blocks else "#"
        middle = "│" if self.blocks else "|"
        left = (block * length if value < 1 else "").rjust(half)
        right = (block * length if value > 1 else "").ljust(half)
        return f"{left}{middle}{right}"

    def _bars(self, table: Table) -> list[str]:
        rows = table.rows[:MOST]
        column, place = table.column(table.bar)
        _, name = table.column(table.label)
        beside = _beside(table, rows)
        text = max(map(len, beside))
        longest = max(columns(str(row[name])) for row in rows)
        labels = min(longest, self.width - text - NARROW_BAR - 6)
        stacked = labels < min(longest, SHORTEST)
        room = min(WIDE_BAR, self.width - 4 if stacked else self.width - labels - text - 6)
        room -= 1 - room % 2
        most = max((size(row[place]) or 0.0 for row in rows), default=0.0) or 1.0
        bars = [self._drawn(row[place], column.kind, most, room) for row in rows]
        names = [str(row[name]) for row in rows]
        if column.kind == "times":
            names, bars, beside = ["", *names], [self._marks(room), *bars], ["", *beside]
        if stacked:
            return self._stacked(names, bars, beside)
        found = zip(names, bars, beside, strict=True)
        return [f"  {fit(label, labels, self.more)}  {bar}  {told}".rstrip() for label, bar, told in found]

    def _stacked(self, names: Sequence[str], bars: Sequence[str], beside: Sequence[str]) -> list[str]:
        """Return name, bar and value one under the other, for a narrow window."""
        lines: list[str] = []
        for label, bar, told in zip(names, bars, beside, strict=True):
            lines += [f"  {fit(label, self.width - 2, self.more)}".rstrip(), f"    {bar}".rstrip()]
            lines += _wrapped([" ".join(told.split())], self.width, "    ")
        return [line for line in lines if line]

    def _marks(self, room: int) -> str:
        half = room // 2
        ends = ("¼x", "4x") if self.blocks else ("1/4x", "4x")
        return f"{ends[0].ljust(half)}1x{ends[1].rjust(half - 1)}"

    def _drawn(self, cell: Cell, kind: str, most: float, room: int) -> str:
        value = size(cell)
        if value is None:
            return (". " * room)[:room]
        return self.times(value, room) if kind == "times" else self.bar(value / most, room)

    def _against(self, table: Table) -> list[str]:
        """Return each measure in two lines: its value with a verdict, and below it what was before."""
        names = [str(row[0]) for row in table.rows]
        label = max(map(columns, names)) if self.width >= SIDE_BY_SIDE else 2
        told: list[str] = []
        for row in table.rows:
            name, value, *before, _, verdict = (said(cell, one) for cell, one in zip(row, table.columns, strict=True))
            shown = f"{value}, {verdict}" if verdict != value else value
            first = fit(name, label) if self.width >= SIDE_BY_SIDE else f"{name}:"
            told += _wrapped([f"{first}  {shown}"], self.width, "  ", " " * (label + 4))
            if before[0] != "–":
                told += _wrapped(["before: {}, from {} to {}".format(*before)], self.width, " " * (label + 4))
        return told


def _beside(table: Table, rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Return what is said beside the bars, in columns: "not counted" once, though more than one column is not."""
    told = [[_words(table, row, key) for key in table.said] for row in rows]
    for row in told:
        for at in range(1, len(row)):
            if row[at] in (NOT_COUNTED, "–") and row[at - 1] in (NOT_COUNTED, ""):
                row[at] = ""
    widths = [max(columns(row[at]) for row in told) for at in range(len(table.said))]
    right = [table.column(key)[0].kind in ("count", "number") for key in table.said]
    return [
        "  ".join(
            " " * (width - columns(text)) + text if to_right and text != NOT_COUNTED else fit(text, width)
            for text, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in told
    ]


def _words(table: Table, row: Sequence[Cell], key: str) -> str:
    """Return a value in words; a number that is not the first says what it is of."""
    column, place = table.column(key)
    text = said(row[place], column)
    named = key != table.said[0] and column.kind in ("count", "number")
    return f"{text} {column.heading.lower()}" if named and (text != NOT_COUNTED or key == "complaints") else text


def _wrapped(texts: Sequence[str], width: int, indent: str = "", later: str | None = None) -> list[str]:
    found: list[str] = []
    for text in texts:
        hanging = later if later is not None else indent + ("  " if text.startswith("! ") else "")
        found += textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=hanging)
    return found


def _columns(letter: str) -> int:
    if unicodedata.combining(letter) or unicodedata.category(letter) in {"Cf", "Me", "Mn"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1
