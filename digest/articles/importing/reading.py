"""Tells what shape an import has, and has it read: feed, JSON Feed, WordPress, Ghost, our JSON, or CSV."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from digest.articles.importing import (
    csv_articles,
    feeds,
    ghost,
    json_articles,
    json_feed,
    markup,
    page,
    sheets,
    wordpress,
)
from digest.articles.importing.data import ArticleData, PictureRule, RowError, same_picture
from digest.articles.importing.joining import joined
from digest.articles.pictures.store import PictureStore, beside
from digest.errors import BadInput

LARGEST = 200_000_000  # bytes of a local file
HEAD = 500_000  # bytes that tell what it is; some feeds begin with long comments
BLANKS = "\ufeff \r\n\t"
FEED = re.compile(r"<(?:[a-z0-9]+:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
FEED_LINK = re.compile(r"<link\b[^<>]{0,1000}application/(?:rss|atom|feed)\+(?:xml|json)[^<>]{0,1000}>", re.IGNORECASE)
HREF = re.compile(r"href\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
POSTS = re.compile(r'\{\s*"posts"\s*:|\[\s*\{(?=[\s\S]*"(?:date|modified)_gmt"\s*:)')  # Ghost, or WordPress


@dataclass(frozen=True)
class Origin:
    """Where an import came from: a name for messages, its address if it was fetched, its path if it is a file."""

    name: str
    url: str = ""
    path: Path | None = None
    content_type: str = ""


def read(content: bytes, origin: Origin, pictures: PictureStore | None = None) -> Iterator[ArticleData | RowError]:
    """Yield each article of an import, or what is wrong with it.

    ``pictures``: where to keep pictures that lie beside a local file. Raises BadInput, naming the import, where
    nothing of it can be read.
    """
    rule = beside(origin.path, pictures) if origin.path and pictures else same_picture
    try:
        yield from _read(content, origin, rule)
    except BadInput as error:
        raise BadInput(f"{origin.name}: {error}") from error


def is_feed(content: bytes) -> bool:
    """Tell whether this is a feed, which brings its newest articles again and again, and not a file of articles."""
    head = feeds.decode(content[:HEAD]).lstrip(BLANKS)
    if not head.startswith(("{", "[")) and FEED.search(head):
        return not is_page(content) and not _is_csv(head, Origin(""))
    return (head.startswith("{") and json_feed.MARK in head) or bool(POSTS.match(head))


def is_page(content: bytes, content_type: str = "") -> bool:
    """Tell whether this is a web page, which holds one article or none."""
    return markup.is_page(content, content_type)


def _read(content: bytes, origin: Origin, picture: PictureRule) -> Iterator[ArticleData | RowError]:
    if len(content) > LARGEST:
        raise BadInput(f"It has over {LARGEST // 1_000_000} MB. Split it.")
    head = feeds.decode(content[:HEAD]).lstrip(BLANKS)
    if not head:
        raise BadInput("It is empty.")
    if head.startswith(("{", "[")):
        return _of_json(sheets.decode(content), origin, picture)
    if head.startswith("<") and is_page(content, origin.content_type):
        return page.read(content, origin.url, origin.content_type)
    if not head.startswith("<") and _is_csv(head, origin):
        return csv_articles.read(sheets.decode(content), picture)
    if FEED.search(head):  # also behind what a server printed before it
        return feeds.read(content, origin.url, picture)
    if head.startswith("<"):
        raise BadInput(no_feed(content, origin))
    raise BadInput("It is no feed, no JSON and no CSV whose first line names the columns url and headline.")


def _of_json(text: str, origin: Origin, picture: PictureRule) -> Iterator[ArticleData | RowError]:
    data = json_articles.parse(text)
    if json_feed.is_feed(data):
        return json_feed.read(data, origin.url, picture)
    if wordpress.is_posts(data):
        return wordpress.read(data, origin.url, picture)
    if ghost.is_posts(data):
        return ghost.read(data, origin.url, picture)
    return json_articles.read(data, picture)


def _is_csv(head: str, origin: Origin) -> bool:
    first = next((one for one in head.splitlines() if one.strip() and not one.startswith("#")), "").lower()
    named = origin.name.lower().endswith((".csv", ".tsv")) or "csv" in origin.content_type
    return named or ("url" in first and "headline" in first)


def no_feed(content: bytes, origin: Origin) -> str:
    """Say that this is no feed, and which feed it names if it is a web page."""
    link = FEED_LINK.search(sheets.decode(content[:100_000]))
    href = HREF.search(link.group()) if link else None
    if href:
        return f"It is a web page, not a feed. It names this feed: {joined(origin.url, unescape(href.group(1)))}"
    return "It is a web page or another XML document, not a feed."
