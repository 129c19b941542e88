"""Reads articles from CSV: a column per field, several regions, topics or authors parted by ``|``."""

from collections.abc import Iterator
from typing import Any

from digest.articles.importing import sheets
from digest.articles.importing.data import FIELDS, ArticleData, PictureRule, RowError, build, same_picture
from digest.errors import BadInput

LISTS = ("authors", "regions", "topics")
IMAGE = "image_"
IMAGE_COLUMNS = ("image_url", "image_alt", "image_credit", "image_width", "image_height")
COLUMNS = (*(field for field in FIELDS if field != "image"), *IMAGE_COLUMNS)


def read(text: str, picture: PictureRule = same_picture) -> Iterator[ArticleData | RowError]:
    """Yield each article of a CSV text, or what is wrong with it. Raises BadInput where a column is not known."""
    header, rows = sheets.read(text)
    _check(header)
    for row in rows:
        if isinstance(row, RowError):
            yield row
        else:
            yield from build(_values(row.cells), row.where, picture)


def _check(header: list[str]) -> None:
    names = [name.lower() for name in header if name]
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise BadInput(f"The column {unknown[0]!r} is not known. Columns: {', '.join(COLUMNS)}.")
    missing = [name for name in ("url", "headline") if name not in names]
    if missing:
        raise BadInput(f"There is no column {missing[0]!r}. Columns needed: url, headline.")


def _values(cells: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    image: dict[str, str] = {}
    for name, cell in cells.items():
        column = name.lower()
        if column.startswith(IMAGE):
            image[column.removeprefix(IMAGE)] = cell
        elif column in LISTS:
            values[column] = [part.strip() for part in cell.split("|")]
        elif cell:
            values[column] = cell
    return values | ({"image": image} if image.get("url") else {})
