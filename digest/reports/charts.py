"""Draws bars and lines as SVG that stands in a page: it grows with the page, its letters do not. Pure.

No scripts, no style attributes: a page's policy may forbid both. Widths are shares of the picture, heights are pixels,
so that text keeps its size from 320 pixels up. Each picture has a title and a description; a table stands beside it.
"""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from math import log2
from typing import Final

from digest.reports.rates import Rate, Times
from digest.reports.tables import NOT_COUNTED, Cell, Line, Table, number, said, size

MOST: Final = 20  # bars of a picture; the table has them all
SPAN: Final = 2.0  # doublings to each side of 1x
LETTERS: Final = 44  # of a line at 320 pixels
MARKS: Final = ((0.0, "¼x"), (25.0, "½x"), (50.0, "1x"), (75.0, "2x"), (100.0, "4x"))
MIDDLE: Final = 50.0  # percent: where 1x is
HIGH, TOP, FOOT, EDGE = 84.0, 24.0, 22, 5.0  # of a line chart: px, px, px, percent


def bars(table: Table) -> str:
    """Return a table's bars; "" where it draws none."""
    if not table.bar or not table.rows:
        return ""
    rows = table.rows[:MOST]
    column, place = table.column(table.bar)
    _, name = table.column(table.label)
    texts = [(str(row[name]), _beside(table, row)) for row in rows]
    two = any(len(label) + len(text) > LETTERS for label, text in texts)
    scale = _Times() if column.kind == "times" else _Linear(_most([row[place] for row in rows]))
    step, top = (60, 36) if two else (42, 20)
    height = step * len(rows) + FOOT
    drawn: list[str] = []
    for at, (row, (label, text)) in enumerate(zip(rows, texts, strict=True)):
        drawn += _named(label, text, step * at, two=two)
        drawn += scale.draw(row[place], step * at + top, _shade(table, row))
    drawn += scale.foot(height - 6)
    told = "; ".join(f"{label}: {text}" for label, text in texts)
    return _picture(f"chart-{table.key}", table.title, told, height, drawn)


def line(course: Line) -> str:
    """Return a measure over the issues; a hollow mark at the foot where it was not counted."""
    counted = [value for value in (*course.values, course.median) if value is not None]
    most = max(counted, default=0.0) or 1.0
    points = [(_across(at, len(course.values)), value) for at, value in enumerate(course.values)]
    drawn = [f'<line class="axis" x1="0" x2="100%" y1="{TOP + HIGH:g}" y2="{TOP + HIGH:g}"/>']
    drawn += [_text(0, 11, f"{number(most, course.kind)}", "small")]
    if course.median is not None:
        y = _down(course.median, most)
        drawn.append(f'<line class="median" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>')
    drawn += _segments(points, most)
    drawn += _points(points, most)
    drawn += [
        _text(x, TOP + HIGH + 16, issue, "small middle") for (x, _), issue in zip(points, course.issues, strict=True)
    ]
    told = [
        f"issue {issue}: {NOT_COUNTED + ' or too little to say' if value is None else number(value, course.kind)}"
        for issue, value in zip(course.issues, course.values, strict=True)
    ]
    if course.median is not None:
        told.append(f"median of those before: {number(course.median, course.kind)}")
    return _picture(f"line-{course.key}", course.title, "; ".join(told), int(TOP + HIGH) + 22, drawn)


class _Linear:
    """From 0 to the greatest value."""

    def __init__(self, most: float) -> None:
        self.most = most

    def foot(self, y: float) -> Iterator[str]:
        """Label the two ends of the axis."""
        yield _text(0, y, "0", "small")
        yield _text(100, y, f"{self.most:,.0f}", "small end")

    def draw(self, cell: Cell, y: float, shade: str) -> Iterator[str]:
        """Draw a bar; an empty dashed one where nothing was counted, a stroke where it is 0."""
        value = size(cell)
        if value is None:
            yield _empty(y)
        elif value == 0:
            yield f'<rect class="{shade}" x="0" y="{y}" width="2" height="12"/>'
        else:
            yield f'<rect class="track" x="0" y="{y}" width="100%" height="12" rx="2"/>'
            yield _bar(0, value / self.most * 100, y, shade)


class _Times:
    """From a quarter to four times, 1x in the middle; each doubling as long as the other."""

    def foot(self, y: float) -> Iterator[str]:
        """Label the marks."""
        for x, label in MARKS:
            place = {0.0: "small", 100.0: "small end"}.get(x, "small middle")
            yield _text(x, y, label, place)

    def draw(self, cell: Cell, y: float, shade: str) -> Iterator[str]:
        """Draw a bar from the middle, with the interval where there is one."""
        value = size(cell)
        if value is None:
            yield _empty(y)
            return
        for mark, _ in MARKS:
            kind = "middle-line" if mark == MIDDLE else "grid"
            yield f'<line class="{kind}" x1="{mark:g}%" x2="{mark:g}%" y1="{y - 4}" y2="{y + 16}"/>'
        x = self._across(value)
        yield _bar(min(MIDDLE, x), abs(x - MIDDLE), y, shade)
        if isinstance(cell, Times | Rate):
            low, high, middle = self._across(cell.low), self._across(cell.high), y + 6
            yield f'<line class="interval" x1="{low:.2f}%" x2="{high:.2f}%" y1="{middle}" y2="{middle}"/>'

    @staticmethod
    def _across(value: float) -> float:
        doublings = log2(max(value, 2.0**-SPAN))
        return MIDDLE + min(SPAN, doublings) / SPAN * MIDDLE


def _named(label: str, text: str, y: float, *, two: bool) -> Iterator[str]:
    short = label if len(label) <= LETTERS else label[: LETTERS - 1].rstrip() + "…"
    yield _text(0, y + 14, short, "name")
    yield _text(0, y + 30, text, "value") if two else _text(100, y + 14, text, "value end")


def _segments(points: Sequence[tuple[float, float | None]], most: float) -> Iterator[str]:
    for (x1, first), (x2, second) in pairwise(points):
        if first is not None and second is not None:
            y1, y2 = _down(first, most), _down(second, most)
            yield f'<line class="course" x1="{x1:.2f}%" x2="{x2:.2f}%" y1="{y1:.1f}" y2="{y2:.1f}"/>'


def _points(points: Sequence[tuple[float, float | None]], most: float) -> Iterator[str]:
    for at, (x, value) in enumerate(points, start=1):
        if value is None:
            yield f'<circle class="hollow" cx="{x:.2f}%" cy="{TOP + HIGH:g}" r="4"/>'
        else:
            last = " last" if at == len(points) else ""
            radius = 5 if last else 3
            yield f'<circle class="point{last}" cx="{x:.2f}%" cy="{_down(value, most):.1f}" r="{radius}"/>'


def _picture(key: str, title: str, told: str, height: float, drawn: Sequence[str]) -> str:
    return (
        f'<svg class="chart" role="img" aria-labelledby="{key}-title {key}-desc" width="100%" height="{height:g}">'
        f'<title id="{key}-title">{escape(title)}</title><desc id="{key}-desc">{escape(told)}</desc>'
        f"{''.join(drawn)}</svg>"
    )


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{x:g}%" y="{y:g}">{escape(text)}</text>'


def _bar(x: float, width: float, y: float, shade: str) -> str:
    return f'<rect class="{shade}" x="{x:.2f}%" y="{y}" width="{width:.2f}%" height="12" rx="2"/>'


def _empty(y: float) -> str:
    return f'<rect class="uncounted" x="1" y="{y + 1}" width="99%" height="10" rx="2"/>'


def _beside(table: Table, row: Sequence[Cell]) -> str:
    column, place = table.column(table.bar)
    text = said(row[place], column)
    if "verdict" in table.said:
        _, verdict = table.column("verdict")
        return f"{text}, {row[verdict]}"
    return text


def _shade(table: Table, row: Sequence[Cell]) -> str:
    return "bar amber" if "verdict" in table.said and row[table.column("verdict")[1]] == "amber" else "bar"


def _most(cells: Sequence[Cell]) -> float:
    return max((size(cell) or 0.0 for cell in cells), default=0.0) or 1.0


def _across(at: int, count: int) -> float:
    return 50.0 if count == 1 else EDGE + at / (count - 1) * (100 - 2 * EDGE)


def _down(value: float, most: float) -> float:
    return TOP + HIGH - value / most * HIGH
