"""Reads articles from a JSON Feed, version 1 or 1.1 (jsonfeed.org)."""

from collections.abc import Iterator, Mapping
from typing import Any

from digest.articles.importing import feed_pictures, people
from digest.articles.importing.data import (
    LANGUAGE,
    ArticleData,
    PictureRule,
    RowError,
    absolute,
    build,
    same_picture,
    undated,
)
from digest.articles.importing.dates import read_date
from digest.articles.importing.plain import paragraphs
from digest.errors import BadInput

MARK = "jsonfeed.org/version/"
MOST_ITEMS = 5_000
MOST_TEXT = 4_000_000  # characters of articles that are read in a moment
LONG_SUMMARY = 1_500  # characters that a first paragraph is looked for in
WEB = ("http://", "https://")


def is_feed(data: Any) -> bool:
    """Tell whether parsed JSON says that it is a JSON Feed."""
    return isinstance(data, dict) and MARK in str(data.get("version", ""))


def read(
    data: Mapping[str, Any], base: str = "", picture: PictureRule = same_picture
) -> Iterator[ArticleData | RowError]:
    """Yield each article of a parsed JSON Feed, or what is wrong with it. ``base``: the address it came from.

    Where there is more than can be read in a moment, the rest is left out, and a RowError says so. Raises BadInput
    where it has no list of items.
    """
    items = data.get("items")
    if not isinstance(items, list):
        raise BadInput("The JSON Feed has no list of items.")
    length = 0
    for number, item in enumerate(items, start=1):
        if number > MOST_ITEMS or length > MOST_TEXT:
            sentence = f"It is too large: its last {len(items) - number + 1:,} items were left out."
            yield RowError("feed", sentence, kept=True)
            return
        where = f"item {number}"
        if not isinstance(item, dict):
            yield RowError(where, "It is no object, so it was left out.")
            continue
        values = _values(item, base) | {"language": _language(item, data)}
        length += sum(len(one) for one in values.values() if isinstance(one, str))
        yield from _article(item, values, where, picture)


def _article(
    item: Mapping[str, Any], values: dict[str, Any], where: str, picture: PictureRule
) -> Iterator[ArticleData | RowError]:
    given = _text(item, "date_published")
    if values["published_at"] is None and given.strip():
        yield undated(given, where)
    yield from build({key: value for key, value in values.items() if value or key == "categories"}, where, picture)


def _values(item: Mapping[str, Any], base: str) -> dict[str, Any]:
    html = _text(item, "content_html")
    first = paragraphs(_text(item, "content_text") or html, LONG_SUMMARY).split("\n\n", 1)[0]
    tags = item.get("tags")
    return {
        "url": _address(item, base),
        "guid": _text(item, "id"),
        "headline": _text(item, "title"),
        "standfirst": _text(item, "summary") or first,
        "body": _text(item, "content_text"),
        "body_html": html,
        "authors": _authors(item),
        "published_at": read_date(_text(item, "date_published")),
        "image": _image(item, html, base),
        "categories": [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else [],
    }


def _text(item: Mapping[str, Any], name: str) -> str:
    """Return a text, or a number as one (many give one as id); anything else is none."""
    value = item.get(name)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _address(item: Mapping[str, Any], base: str) -> str:
    """Return where an item is: its own page, else the page it points to, else its id, which is one in many feeds."""
    given = [_link(item, "url", base), _link(item, "external_url", base), _link(item, "id", "")]
    return next((one for one in given[:2] if one), given[2] if given[2].startswith(WEB) else "")


def _link(item: Mapping[str, Any], name: str, base: str) -> str:
    value = item.get(name)
    return absolute(base, value) if isinstance(value, str) and value.strip() else ""


def _authors(item: Mapping[str, Any]) -> list[str]:
    given = item.get("authors") or [item.get("author")]  # 1.0 had one author
    listed = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    return list(dict.fromkeys(name for one in listed for name in people.names(_text(one, "name"))))


def _image(item: Mapping[str, Any], html: str, base: str) -> dict[str, Any] | None:
    """Return the picture an item names, else the first that is attached, else the first in its text."""
    attached = item.get("attachments")
    files = [one for one in attached if isinstance(one, dict)] if isinstance(attached, list) else []
    given = [_link(item, "image", base), _link(item, "banner_image", base)]
    given += [_link(one, "url", base) for one in files if _text(one, "mime_type").lower().startswith("image/")]
    named = next((one for one in given if one), "")
    return {"url": named} if named else next(feed_pictures.in_text(html, base), None)


def _language(item: Mapping[str, Any], feed: Mapping[str, Any]) -> str | None:
    given = (_text(item, "language").strip(), _text(feed, "language").strip())
    return next((one for one in given if LANGUAGE.match(one.lower().replace("_", "-"))), None)
