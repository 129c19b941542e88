"""A site on loopback that answers as a test tells it to, and remembers how it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sqlmodel import select

from digest.articles.feeds.models import Feed
from digest.articles.models import Article
from digest.database import Database

Special = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Answer:
    """What a path answers."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    special: Special | None = None  # does all of it by hand


class Site:
    """The answers of a site by path, and the requests it got."""

    def __init__(self, port: int) -> None:
        self.root = f"http://127.0.0.1:{port}"
        self.answers: dict[str, Answer] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []

    def give(self, path: str, body: bytes | str = b"", status: int = 200, **headers: str) -> str:
        """Have a path answer; an underscore in a header's name is a hyphen. Returns its address."""
        content = body.encode() if isinstance(body, str) else body
        self.answers[path] = Answer(content, status, {key.replace("_", "-"): one for key, one in headers.items()})
        return self.root + path

    def act(self, path: str, special: Special) -> str:
        """Have a path answered by hand. Returns its address."""
        self.answers[path] = Answer(special=special)
        return self.root + path

    @property
    def last(self) -> dict[str, str]:
        """Return the headers of the last request, by lower-case name."""
        return self.seen[-1][1]

    @property
    def paths(self) -> list[str]:
        """Return the paths that were asked for, in order."""
        return [path for path, _ in self.seen]


class _Server(ThreadingHTTPServer):
    """A server that keeps quiet about readers who hang up, since that is what is tested."""

    site: Site

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer as told, with 304 where the validators fit."""
        site = self.server.site  # type: ignore[attr-defined]
        site.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        answer = site.answers.get(self.path) or site.answers.get(self.path.partition("?")[0])
        if answer is None:
            answer = Answer(status=404)
        if answer.special is not None:
            self.close_connection = True
            answer.special(self)
            return
        fits = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
        asked = self.headers.get("If-None-Match"), self.headers.get("If-Modified-Since")
        unchanged = any(one is not None and one == given for one, given in zip(fits, asked, strict=True))
        self.send_response(304 if unchanged else answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        body = b"" if unchanged else answer.body
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature is the library's
        """Keep quiet."""


@contextmanager
def serving() -> Iterator[Site]:
    """Serve a site on loopback."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.site = Site(server.server_port)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server.site
    server.shutdown()
    server.server_close()


def rss(*items: dict[str, str], **channel: str) -> str:
    """Return an RSS feed; each item is tags and their text, a category among them."""
    inner = "".join("<item>" + "".join(f"<{k}>{v}</{k}>" for k, v in item.items()) + "</item>" for item in items)
    about = "".join(f"<{name}>{value}</{name}>" for name, value in channel.items())
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{about}{inner}</channel></rss>'


def item(name: str, published: datetime | None = None, **more: str) -> dict[str, str]:
    """Return an item of a feed, its guid and its address after its name."""
    dated = {"pubDate": published.strftime("%a, %d %b %Y %H:%M:%S +0000")} if published else {}
    given = {"title": name.title(), "link": f"https://news.example/{name}", "guid": f"id-{name}"}
    return given | dated | {"description": f"All about {name}, in a sentence of its own."} | more


def as_json(data: Any) -> bytes:
    """Return data as JSON."""
    return json.dumps(data).encode()


def stored(database: Database) -> dict[str, Article]:
    """Return all articles by headline."""
    with database.reading() as session:
        return {one.headline: one for one in session.exec(select(Article))}


def again(database: Database, feed: Feed) -> Feed:
    """Return a feed as it is stored now."""
    with database.reading() as session:
        return session.exec(select(Feed).where(Feed.id == feed.id)).one()
