"""How sample pages are made, and what is expected of one."""

from typing import Any, NamedTuple

SITE = "https://www.meridian.example"
HEADLINE = "Ferry across the strait is back after a year of repairs"
SUMMARY = "Two hundred people stood on the quay when the first boat left."
TEN = "2026-11-20T10:00:00+00:00"


class Sample(NamedTuple):
    """A page: where it was found, what it holds, and what is to be read of it."""

    name: str
    url: str
    html: str | bytes
    expected: dict[str, Any]
    content_type: str = "text/html; charset=utf-8"


def expected(**changes: Any) -> dict[str, Any]:
    """Return what most pages say, with changes; None: it says nothing of that."""
    usual = {
        "url": f"{SITE}/world/ferry-is-back",
        "headline": HEADLINE,
        "standfirst": SUMMARY,
        "authors": ["Ana Beridze"],
        "published_at": TEN,
        "image": f"{SITE}/img/ferry.jpg",
        "language": "en",
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def page(head: str, body: str = "", *, attributes: str = 'lang="en"', start: str = "<!DOCTYPE html>") -> str:
    """Return a page."""
    return f"{start}\n<html {attributes}>\n<head>\n{head}\n</head>\n<body>{body}</body></html>"


def linked(data: str) -> str:
    """Return a block of linked data."""
    return f'<script type="application/ld+json">{data}</script>'
