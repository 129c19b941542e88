"""Reads articles from a JSON Feed, version 1 or 1.1 (jsonfeed.org)."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from digest.articles.importing.data import ArticleData, PictureRule, RowError, build, same_picture
from digest.errors import BadInput

MARK = "jsonfeed.org/version/"


def is_feed(data: Any) -> bool:
    """Tell whether parsed JSON says that it is a JSON Feed."""
    return isinstance(data, dict) and MARK in str(data.get("version", ""))


def read(
    data: Mapping[str, Any], base: str = "", picture: PictureRule = same_picture
) -> Iterator[ArticleData | RowError]:
    """Yield each article of a parsed JSON Feed, or what is wrong with it. ``base``: the address it came from."""
    items = data.get("items")
    if not isinstance(items, list):
        raise BadInput("The JSON Feed has no list of items.")
    language = data.get("language")
    for number, item in enumerate(items, start=1):
        where = f"item {number}"
        if not isinstance(item, dict):
            yield RowError(where, "It is no object, so it was left out.")
            continue
        yield from build({"language": language} | _values(item, base), where, picture)


def _values(item: Mapping[str, Any], base: str) -> dict[str, Any]:
    tags = item.get("tags")
    image = item.get("image") or item.get("banner_image")
    values = {
        "url": _url(item, base),
        "guid": item.get("id"),
        "headline": item.get("title"),
        "standfirst": item.get("summary"),
        "body": item.get("content_text"),
        "body_html": item.get("content_html"),
        "authors": _authors(item),
        "language": item.get("language"),
        "published_at": item.get("date_published"),
        "image": urljoin(base, image) if isinstance(image, str) and image else None,
        "categories": [str(tag) for tag in tags] if isinstance(tags, list) else [],
    }
    return {key: value for key, value in values.items() if value is not None}


def _url(item: Mapping[str, Any], base: str) -> Any:
    """Return the address of an item; where there is none, its id is one in many feeds."""
    given = item.get("url")
    if given is None and str(item.get("id", "")).startswith(("http://", "https://")):
        given = item.get("id")
    return urljoin(base, given) if isinstance(given, str) else given


def _authors(item: Mapping[str, Any]) -> list[str]:
    given = item.get("authors") or [item.get("author")]  # 1.0 had one author
    if not isinstance(given, list):
        return []
    return [str(one["name"]) for one in given if isinstance(one, dict) and one.get("name")]
