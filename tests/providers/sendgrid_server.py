"""A server on loopback that speaks SendGrid's POST /v3/mail/send: strict as the real one, with faults on demand.

It answers in one write with TCP_NODELAY (else each keep-alive request costs 40 ms), and appends whom it took to a
file, so that a test which kills workers can count afterwards. Rules: the pages "Limitations" and "Errors" of
docs.sendgrid.com/api-reference/mail-send, and github twilio/sendgrid-oai.
"""

import json
import random
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

KEY = "SG.test-key"
MOST = 1000
MOST_BYTES = 30_000_000
RESERVED = frozenset(
    ("x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
     "subject", "reply-to", "cc", "bcc")
)  # fmt: skip
KNOWN = frozenset(
    ("personalizations", "from", "reply_to", "subject", "content", "headers", "tracking_settings", "mail_settings",
     "custom_args", "categories")
)  # fmt: skip
PERSONAL = frozenset(("to", "cc", "bcc", "subject", "headers", "substitutions", "custom_args", "send_at"))
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")

Error = tuple[str | None, str]
Fault = Callable[["Handler", dict[str, Any]], bool]  # True: it has dealt with the request


class Server(ThreadingHTTPServer):
    """The server and its memory."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, record: Path | None = None, key: str = KEY, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.key = key
        self.record = record.open("a", encoding="utf-8", buffering=1) if record else None
        self.calls: list[dict[str, Any]] = []  # bodies that were taken
        self.headers: list[Mapping[str, str]] = []
        self.taken: Counter[str] = Counter()  # address -> how often
        self.fault: Fault | None = None
        self.keep_bodies = True
        self.lock = threading.Lock()
        self.connections = 0

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take(self, body: dict[str, Any]) -> None:
        """Take a message: remember whom it is for."""
        addresses = [person["email"] for one in body["personalizations"] for person in one["to"]]
        with self.lock:
            self.taken.update(addresses)
            if self.keep_bodies:
                self.calls.append(body)
            if self.record:
                self.record.write("".join(f"{address}\n" for address in addresses))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients are killed here on purpose."""


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together
    server: Server

    def setup(self) -> None:
        """Count the connection."""
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def do_POST(self) -> None:
        """Take one message, or say what is wrong with it."""
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        status, errors, body = self._judged(raw)
        if errors or body is None:
            self.answer(status, {"errors": [{"message": text, "field": field, "help": None} for field, text in errors]})
            return
        fault = self.server.fault
        if fault is not None and fault(self, body):
            return
        self.accept(body)

    def accept(self, body: dict[str, Any]) -> None:
        """Take it and say so."""
        self.server.take(body)
        self.answer(202, None, {"X-Message-Id": uuid4().hex[:22]})

    def answer(self, status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> None:
        """Answer in one write."""
        raw = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
        self.wfile.flush()

    def reset(self) -> None:
        """Break the connection with a reset, as a dying proxy does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature is the library's
        """Say nothing."""

    def _judged(self, raw: bytes) -> tuple[int, list[Error], dict[str, Any] | None]:
        if self.path != "/v3/mail/send":
            return 404, [(None, "not found")], None
        if self.headers.get("Authorization") != f"Bearer {self.server.key}":
            return 401, [(None, "The provided authorization grant is invalid, expired, or revoked")], None
        if len(raw) >= MOST_BYTES:
            return 413, [(None, "The JSON payload you have included in your request is too large.")], None
        try:
            body = json.loads(raw)
        except ValueError:
            return 400, [(None, "Bad Request")], None
        return 400, list(problems(body)), body


def problems(body: dict[str, Any]) -> Iterator[Error]:
    """Yield what the real API would refuse."""
    for name in body.keys() - KNOWN:
        yield name, f"Invalid field: {name}"
    yield from _envelope(body)
    personalizations = body.get("personalizations") or []
    if not personalizations:
        yield "personalizations", "The personalizations field is required and must have at least one personalization."
    if len(personalizations) > MOST:
        yield "personalizations", "The personalization block is limited to 1000 personalizations per API request."
    seen: set[str] = set()
    for index, one in enumerate(personalizations):
        yield from _personalization(f"personalizations.{index}", one, seen)


def _envelope(body: dict[str, Any]) -> Iterator[Error]:
    sender = body.get("from") or {}
    if not ADDRESS.match(sender.get("email", "")) or not sender["email"].isascii():
        yield "from.email", "The from object must be provided for every email send."
    if not body.get("subject"):
        yield "subject", "The subject is required."
    content = body.get("content") or []
    if [part.get("type") for part in content] != ["text/plain", "text/html"]:
        yield "content", "If present, text/plain must be first, followed by text/html."
    for index, part in enumerate(content):
        if not part.get("value"):
            yield f"content.{index}.value", "The content value must be a string at least one character in length."
    for setting in ("click_tracking", "open_tracking", "subscription_tracking", "ganalytics"):
        if (body.get("tracking_settings") or {}).get(setting, {}).get("enable") is not False:
            yield "tracking_settings", f"(ours, not SendGrid's) {setting} is not switched off."
    yield from _headers("headers", body.get("headers") or {})


def _headers(field: str, headers: Mapping[str, Any]) -> Iterator[Error]:
    for name, value in headers.items():
        if name.lower() in RESERVED:
            yield f"{field}.{name}", f"The header {name} may not be overridden."
        if not isinstance(value, str) or not value or re.search(r"[\r\n]", value):
            yield f"{field}.{name}", "Header values must be strings without line breaks."


def _personalization(field: str, one: dict[str, Any], seen: set[str]) -> Iterator[Error]:
    for name in one.keys() - PERSONAL:
        yield f"{field}.{name}", f"Invalid field: {name}"
    for number, person in enumerate(one.get("to") or [{}]):
        address = person.get("email", "")
        if not ADDRESS.match(address):
            yield f"{field}.to.{number}.email", "Does not contain a valid address."
        if address.lower() in seen:
            yield "personalizations", f"Each email address should be unique. We found duplicates: {address}"
        seen.add(address.lower())
        if re.search("[;,]", person.get("name", "")):
            yield f"{field}.to.{number}.name", "The to.name may not include ; or ,"
    yield from _values(field, one)
    yield from _headers(f"{field}.headers", one.get("headers") or {})


def _values(field: str, one: dict[str, Any]) -> Iterator[Error]:
    substitutions = one.get("substitutions") or {}
    if sum(len(key.encode()) + len(str(value).encode()) for key, value in substitutions.items()) > 10_000:
        yield f"{field}.substitutions", "Substitutions are limited to 10000 bytes per personalization block."
    if not all(isinstance(value, str) for value in substitutions.values()):
        yield f"{field}.substitutions", "Substitutions must be strings."
    args = one.get("custom_args") or {}
    if not all(isinstance(value, str) for value in args.values()) or len(json.dumps(args)) > 10_000:
        yield f"{field}.custom_args", "Custom args must be strings of less than 10000 bytes."


def seeded_faults(seed: int, share: float = 0.25) -> Fault:
    """Return faults by chance: throttled, down for a moment, an answer lost, held, or broken before it is read."""
    chance, lock = random.Random(seed), threading.Lock()  # noqa: S311 - reproducible on purpose

    def fault(handler: Handler, body: dict[str, Any]) -> bool:
        with lock:
            kind = chance.choice(FAULTS) if chance.random() < share else None
        return kind(handler, body) if kind else False

    return fault


def throttled(handler: Handler, _body: dict[str, Any]) -> bool:
    """429."""
    handler.answer(429, {"errors": [{"message": "too many requests", "field": None}]}, {"Retry-After": "0"})
    return True


def down(handler: Handler, _body: dict[str, Any]) -> bool:
    """503 with Retry-After: nothing was taken."""
    handler.answer(503, {"errors": [{"message": "service unavailable", "field": None}]}, {"Retry-After": "0"})
    return True


def lost_answer(handler: Handler, body: dict[str, Any]) -> bool:
    """Take it, and break the connection before the answer."""
    handler.server.take(body)
    handler.reset()
    return True


def broken(handler: Handler, _body: dict[str, Any]) -> bool:
    """Break the connection, with nothing taken."""
    handler.reset()
    return True


def server_error(handler: Handler, _body: dict[str, Any]) -> bool:
    """500: who knows."""
    handler.answer(500, {"errors": [{"message": "internal server error", "field": None}]})
    return True


def held(handler: Handler, body: dict[str, Any]) -> bool:
    """Take it, and answer late."""
    time.sleep(0.3)
    handler.accept(body)
    return True


FAULTS: tuple[Fault, ...] = (throttled, down, lost_answer, broken, server_error, held)


@contextmanager
def serving(record: Path | None = None, key: str = KEY) -> Iterator[Server]:
    """Run a server in a thread."""
    server = Server(record, key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        if server.record:
            server.record.close()
        thread.join()
