"""A site on loopback that answers as told, and counts what it was asked."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ARTICLE = '<html><head><title>A story</title><meta property="og:type" content="article"></head></html>'


@dataclass
class Site:
    """Its address, what it answers by path, and what it was asked.

    Where nothing is said it answers 200 with an article, or a picture.
    """

    url: str = ""
    answers: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    most_at_once: int = 0
    now: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, path: str) -> int:
        """Return how often a path was asked for by GET."""
        return self.asked.count(("GET", path))


def answer(status: int = 200, body: str = ARTICLE, *, kind: str = "text/html", head: int = 0, **headers: str) -> Any:
    """Return what a path answers. ``head``: another status for HEAD."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"status": status, "body": body.encode(), "headers": {"Content-Type": kind} | named, "head": head or status}


@contextmanager
def site(**answers: Mapping[str, Any]) -> Iterator[Site]:
    """Run the site; paths are given by name."""
    made = Site(answers={f"/{name.replace('_', '-')}": one for name, one in answers.items()})

    class Handler(BaseHTTPRequestHandler):
        """Answers by path."""

        protocol_version = "HTTP/1.1"

        def do_GET(self):
            """Answer."""
            with made.lock:
                made.asked.append((self.command, self.path))
                made.now += 1
                made.most_at_once = max(made.most_at_once, made.now)
            usual = answer(kind="image/jpeg") if self.path.endswith(".jpg") else answer()
            told = made.answers.get(self.path.partition("?")[0], usual)
            time.sleep(0.002)  # so that who asks at once is there at once
            if wait := told.get("wait"):
                wait.wait(5)
            body = told["body"]
            self.send_response(told["head"] if self.command == "HEAD" else told["status"])
            for name, value in ({"Content-Length": str(len(body)), "Connection": "close"} | told["headers"]).items():
                self.send_header(name, value)
            with made.lock:
                made.now -= 1
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 - the library's name

        def log_message(self, format, *args):  # noqa: A002 - the signature is the library's
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
