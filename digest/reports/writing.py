"""Writes a report where a person finds it: one page that needs nothing else, and a CSV file a table."""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, Final

from digest.errors import BadInput
from digest.rendering import templates
from digest.reports import charts
from digest.reports.rates import Rate, Times
from digest.reports.tables import Cell, Column, Figure, Line, Report, Table, number, said

PAGE: Final = "desk/report.html"
RIGHT: Final = ("count", "number", "rate", "times", "permille")
FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would take such a headline for a formula


def page(
    report: Report,
    *,
    back: str = "",
    files: Sequence[tuple[str, str]] = (),
    pictures: str = "",
    desk: Mapping[str, Any] | None = None,
) -> str:
    """Return the report as one HTML page: styles and pictures inside, no scripts.

    ``back``: where a link leads back to; ``files``: (title, address) of its tables as files; ``pictures``: the address
    under which its plots are, as KEY.png; "": nowhere. ``desk``: what ``desk/nav.html`` shows above it; None: nothing.
    """
    values = {
        "desk": desk,
        "back": back,
        "files": files,
        "title": report.title,
        "opening": report.opening,
        "notes": report.notes,
        "pictures": pictures,
        "parts": [_part(table) for table in report.tables],
        "lines": [_line(one) for one in report.lines],
        "mail": report.mail,
        "mail_note": report.mail_note,
    }
    return templates.run(PAGE, values)


def write_page(report: Report, file: Path) -> Path:
    """Write the page, folders and all; returns its path. Raises BadInput where that cannot be."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page(report), encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}. Say where: --html FILE") from error
    return file


def write_csv(report: Report, folder: Path) -> list[Path]:
    """Write each table as KEY.csv into a folder (made if need be); returns the paths. Raises BadInput.

    UTF-8, a head line, plain numbers. A share or ratio has columns for its interval. An empty cell means that nobody
    counted, or that there is none: never 0.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write_table(table, folder / f"{table.key}.csv") for table in report.tables]
    except OSError as error:
        raise BadInput(f"{folder} cannot be written to: {error.strerror}. Say where: --csv FOLDER") from error


def csv_of(table: Table) -> str:
    """Return a table as CSV, see ``write_csv``."""
    text = StringIO(newline="")
    out = csv.writer(text)
    out.writerow([name for column in table.columns for name in _names(column)])
    for row in table.rows:
        cells = zip(row, table.columns, strict=True)
        out.writerow([value for cell, column in cells for value in _values(cell, column)])
    return text.getvalue()


def _write_table(table: Table, file: Path) -> Path:
    with file.open("w", encoding="utf-8", newline="") as opened:
        opened.write(csv_of(table))
    return file


def _names(column: Column) -> list[str]:
    return [column.key, f"{column.key}_low", f"{column.key}_high"] if column.interval else [column.key]


def _values(cell: Cell, column: Column) -> list[Any]:
    value = cell.value if isinstance(cell, Figure) else cell
    if isinstance(value, Rate | Times):
        return [round(value.value, 6), round(value.low, 6), round(value.high, 6)]
    plain = "" if value is None else _harmless(value) if isinstance(value, str) else value
    return [plain, "", ""] if column.interval else [plain]


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULAS) else text


def _part(table: Table) -> dict[str, Any]:
    """Return a table as the template needs it: its picture, and its cells in words."""
    columns = [
        one for one in table.columns if one.key not in {"region", "list", "article", "place", "sent_at"}
    ]  # ids, and instants of ISO 8601, are for machines
    kept = [number for number, one in enumerate(table.columns) if one in columns]
    rows = [[_cell(row[at], table.columns[at]) for at in kept] for row in table.rows]
    return {
        "key": table.key,
        "title": table.title,
        "note": table.note,
        "empty": table.empty,
        "chart": charts.bars(table),
        "columns": [{"heading": one.heading, "right": one.kind in RIGHT} for one in columns],
        "rows": rows,
    }


def _cell(cell: Cell, column: Column) -> dict[str, Any]:
    text = said(cell, column)
    return {"text": text, "right": column.kind in RIGHT, "amber": text == "amber"}


def _line(one: Line) -> dict[str, Any]:
    values = ["not counted, or too little to say" if v is None else number(v, one.kind) for v in one.values]
    return {
        "key": one.key,
        "title": one.title,
        "chart": charts.line(one),
        "rows": list(zip(one.issues, values, strict=True)),
    }
