"""Reads the sample's files with nothing but feedparser and json: the tests must not trust our own importer."""

import csv
import json
from calendar import timegm
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import feedparser

from digest.sample import newsroom


@dataclass(frozen=True)
class Piece:
    """One article of one file of the sample."""

    file: str
    url: str
    headline: str
    standfirst: str
    body: str
    authors: list[str]
    language: str
    published_at: datetime
    tags: list[str]
    badge: bool
    picture: str
    alt: str
    size: tuple[int, int]
    raw: Any

    @property
    def page(self) -> str:
        """Return the address without scheme, www and query: what makes it one story."""
        parts = urlsplit(self.url)
        return (parts.hostname or "").removeprefix("www.") + parts.path.rstrip("/")

    @property
    def hours(self) -> float:
        """Return its age at the cut-off in hours."""
        return (newsroom.CUTOFF - self.published_at).total_seconds() / 3600


def pieces() -> list[Piece]:
    """Return every article of every file, in the order of FEEDS."""
    readers = {"rss": _rss, "json": _own, "json-feed": _json_feed}
    return [piece for feed in newsroom.FEEDS for piece in readers[feed["format"]](newsroom.folder() / feed["path"])]


def rows(path: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file of the sample."""
    with (newsroom.folder() / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _rss(path: Path) -> list[Piece]:
    parsed = feedparser.parse(path.read_bytes())
    assert not parsed.bozo, f"{path.name}: {parsed.get('bozo_exception')}"
    return [_entry(path.name, entry) for entry in parsed.entries]


def _entry(file: str, entry: Any) -> Piece:
    media = dict(next(iter(dict.get(entry, "media_content", ())), {}))
    tags = [tag["term"] for tag in entry.tags]
    return Piece(
        file=file,
        url=entry.link,
        headline=entry.title,
        standfirst=entry.summary,
        body=entry.content[0].value.removeprefix("<p>").removesuffix("</p>"),
        authors=[author["name"] for author in entry.authors],
        language="en",
        published_at=datetime.fromtimestamp(timegm(entry.published_parsed), tz=UTC),
        tags=tags,
        badge="Editor's choice" in tags,
        picture=media.get("url", ""),
        # feedparser keeps the text of media:description as if it were the summary's own detail
        alt=entry.summary_detail["value"] if media and entry.summary_detail["value"] != entry.summary else "",
        size=(int(media.get("width", 0)), int(media.get("height", 0))),
        raw=entry,
    )


def _own(path: Path) -> list[Piece]:
    return [_article(path.name, one) for one in json.loads(path.read_text(encoding="utf-8"))["articles"]]


def _article(file: str, one: dict[str, Any]) -> Piece:
    image = one.get("image", {})
    return Piece(
        file=file,
        url=one["url"],
        headline=one["headline"],
        standfirst=one["standfirst"],
        body=one["body"],
        authors=one["authors"],
        language=one["language"],
        published_at=datetime.fromisoformat(one["published_at"]),
        tags=one["regions"] + one["topics"],
        badge=one["editors_choice"],
        picture=image.get("url", ""),
        alt=image.get("alt", ""),
        size=(image.get("width", 0), image.get("height", 0)),
        raw=one,
    )


def _json_feed(path: Path) -> list[Piece]:
    feed = json.loads(path.read_text(encoding="utf-8"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    return [
        Piece(
            file=path.name,
            url=item["url"],
            headline=item["title"],
            standfirst=item["summary"],
            body=item["content_text"],
            authors=[author["name"] for author in item["authors"]],
            language=item["language"],
            published_at=datetime.fromisoformat(item["date_published"]),
            tags=item["tags"],
            badge="Editor's choice" in item["tags"],
            picture=item.get("image", ""),
            alt="",
            size=(0, 0),
            raw=item,
        )
        for item in feed["items"]
    ]
