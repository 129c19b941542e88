"""Posting a message: the same bounds as a fetch, no redirect is followed, and what is posted is JSON."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from digest.errors import BadInput
from digest.fetching import Fetcher


class Listener(BaseHTTPRequestHandler):
    """Takes messages, and answers by path."""

    protocol_version = "HTTP/1.1"
    got: list[tuple[str, dict[str, str], bytes]] = []  # noqa: RUF012 - filled anew by each test's server

    def do_POST(self):
        """Keep the message."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
        status = {"/moved": 307, "/broken": 503}.get(self.path, 200)
        self.send_response(status)
        self.send_header("Location", "/hook")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format, *args):  # noqa: A002 - the signature is the library's
        """Keep quiet."""


@pytest.fixture
def hook() -> Iterator[str]:
    """Run a listener on loopback; yields its address."""
    Listener.got = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_message_is_posted_as_json(hook: str):
    """With its type and its length, in UTF-8; the answer comes back."""
    message: dict[str, Any] = {"text": "Held: “no readers”", "issue": 7, "send_at": None}
    answer = Fetcher(allow_private=True).post_json(f"{hook}/hook?a=b", message)
    assert (answer.status, answer.body) == (200, b"ok")
    ((path, headers, body),) = Listener.got
    assert path == "/hook?a=b"
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == message


def test_a_redirect_is_an_answer(hook: str):
    """A message goes to the address that was given, and to no other."""
    assert Fetcher(allow_private=True).post_json(f"{hook}/moved", {}).status == 307
    assert [path for path, _, _ in Listener.got] == ["/moved"]


def test_a_refusal_is_an_answer_and_is_not_repeated(hook: str):
    """Whoever posts decides whether to try again."""
    assert Fetcher(allow_private=True).post_json(f"{hook}/broken", {}).status == 503
    assert len(Listener.got) == 1


def test_a_message_goes_to_no_address_inside_the_network(hook: str):
    """Unless that is allowed: the same guard as for a fetch."""
    with pytest.raises(BadInput, match="an address inside this network"):
        Fetcher().post_json(f"{hook}/hook", {})
    with pytest.raises(BadInput, match="only http"):
        Fetcher(allow_private=True).post_json("file:///etc/passwd", {})
    assert Listener.got == []
