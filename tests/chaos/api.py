"""An email API on loopback with seeded faults, in the flavours of ``flavours``.

It keeps its own ledger of whom it took how often: one line a mail in a file, written before the answer. What the n-th
request meets depends on the seed and n alone. Rules of the two APIs: see tests/providers.
"""

import json
import os
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.chaos import flavours
from tests.chaos.plan import Fault

READ_TIMEOUT = 1.0  # seconds a worker waits for an answer
HELD = READ_TIMEOUT + 0.4
CLOSED = 0.25  # seconds for which nobody listens
_UNREFUSED = (Fault.refusing, Fault.held)


@dataclass(slots=True)
class Call:
    """What became of one request."""

    batch: str
    people: tuple[int, ...]
    began: float
    fault: Fault | None = None
    status: int | None = None  # of the answer that was written; None: none was
    taken: bool = False
    ended: float = 0.0


@dataclass(slots=True)
class Kept:
    """What is kept under an idempotency key."""

    body: bytes
    answer: tuple[int, Any]
    at: float
    under_way: bool = True


@dataclass
class Api:
    """The API. ``faults`` may be changed at any time; ``bad``: readers whose addresses are refused."""

    record: Path
    seed: int = 0
    faults: Mapping[Fault, float] = field(default_factory=dict)
    bad: frozenset[int] = frozenset()
    latency: float = 0.0
    window: float | None = None
    held: float = HELD  # seconds for which a held or late answer is kept back
    host: str = "127.0.0.1"
    calls: list[Call] = field(default_factory=list)
    closings: list[float] = field(default_factory=list)  # when connections were cut that nobody asked to
    wrong: list[str] = field(default_factory=list)  # requests that no real API would have taken
    kept: dict[str, Kept] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin to listen, on a port that stays ours while nobody listens on it."""
        self.lock = threading.Lock()
        self._keeper = _bound(self.host, 0)
        self.port: int = self._keeper.getsockname()[1]
        self._listener = self._listening()
        self._file = os.open(self.record, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        self._closed_for = 0.0
        self._over = threading.Event()
        self.open: dict[socket.socket, bool] = {}  # connection -> whether it has a request in hand
        self._requests = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://{self.host}:{self.port}"

    @property
    def requests(self) -> int:
        """Return how many requests came."""
        return self._requests

    def taken(self) -> list[tuple[str, int]]:
        """Return (batch, reader) for every mail it took, from its file."""
        lines = self.record.read_text().splitlines()
        return [(batch, int(reader)) for batch, reader in (line.split() for line in lines)]

    def close(self) -> None:
        """End."""
        self._over.set()
        self._thread.join()
        self._listener.close()
        self._keeper.close()
        for one in list(self.open):
            _hang_up(one)
        with self.lock:
            os.close(self._file)
            self._file = -1

    def draw(self) -> tuple[Fault | None, random.Random]:
        """Return what the next request meets, and its own chance."""
        with self.lock:
            self._requests += 1
            chance = random.Random(f"{self.seed}.{self._requests}")  # noqa: S311
            faults = dict(self.faults)
        drawn = chance.random()
        for kind in Fault:
            drawn -= faults.get(kind, 0.0)
            if drawn < 0:
                return kind, chance
        return None, chance

    def take(self, call: Call, people: Collection[int]) -> None:
        """Take mails: one write for all of them, which is whole or not at all."""
        with self.lock:
            call.taken = True
            if self._file >= 0:
                os.write(self._file, "".join(f"{call.batch} {one}\n" for one in call.people if one in people).encode())

    def stop_listening(self) -> None:
        """Let nobody in for a moment, and hang up on those who ask for nothing just now."""
        self._closed_for = CLOSED

    def _serve(self) -> None:
        while not self._over.is_set():
            if self._closed_for:
                self._close_for_a_moment()
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.open[connection] = False
            threading.Thread(target=self._speak, args=(connection,), daemon=True).start()

    def _close_for_a_moment(self) -> None:
        self.closings.append(time.time())
        self._listener.close()
        for one, busy in list(self.open.items()):
            if not busy:
                _hang_up(one)
        self._over.wait(self._closed_for)
        self._closed_for = 0.0
        self.closings.append(time.time())
        self._listener = self._listening()

    def _speak(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError):  # the other side is killed on purpose
            Handler(connection, ("127.0.0.1", 0), self)  # type: ignore[arg-type]  # it needs no server of the library
        self.open.pop(connection, None)
        with suppress(OSError):
            connection.close()

    def _listening(self) -> socket.socket:
        listener = _bound(self.host, self.port)
        listener.listen(128)
        listener.settimeout(0.05)
        return listener


def _bound(host: str, port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind((host, port))
    return made


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # headers and body leave together
    server: Api  # type: ignore[assignment]

    def setup(self) -> None:
        """Set the options of the connection that a server of the library would set."""
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().setup()

    def do_GET(self) -> None:
        """Show the page of an article, for the product looks whether it is still there."""
        self._answer(Call("", (), time.time()), 200, {})

    def do_POST(self) -> None:
        """Take one message, refuse it, or do what the seed says."""
        api = self.server
        api.open[self.request] = True
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        if not set(self.headers.values()) & flavours.SIGNED:
            self._answer(Call("", (), time.time()), 401, {"name": "invalid_api_key", "message": "Who is there?"})
            return
        fault, chance = api.draw()
        batch, people, problems = flavours.read(self.path, raw)
        if problems:
            api.wrong.append(f"{self.path}: {problems[0]}")
        call = Call(batch, people, time.time(), fault)
        api.calls.append(call)
        time.sleep(chance.uniform(0, api.latency))
        try:
            self._deal(call, chance, raw)
        finally:
            call.ended = time.time()
            api.open[self.request] = False

    def _deal(self, call: Call, chance: random.Random, raw: bytes) -> None:
        if call.fault is Fault.cut_before:
            self._reset()
        elif call.fault is Fault.throttled:
            self._answer(call, 429, {"name": "rate_limit_exceeded"}, retry_after=chance.choice((0, 0, 1)))
        elif call.fault is Fault.busy:
            self._answer(call, 503, {"message": "unavailable"}, retry_after=chance.choice((0, 0, 1)))
        elif call.fault in (Fault.down, Fault.error):
            if chance.random() < 0.5:
                self._judge(call, chance, raw)
            self._answer(call, 503 if call.fault is Fault.down else chance.choice((500, 502, 504)), {"message": "oh"})
        else:
            self._take(call, chance, raw)

    def _take(self, call: Call, chance: random.Random, raw: bytes) -> None:
        if call.fault is Fault.late:
            time.sleep(self.server.held)
        status, body = self._judge(call, chance, raw)
        if call.fault is Fault.held:
            time.sleep(self.server.held)
        if call.fault is Fault.cut_after:
            self._reset()
            return
        if call.fault is Fault.refusing:
            self.server.stop_listening()
        self._answer(call, status, body)

    def _judge(self, call: Call, chance: random.Random, raw: bytes) -> tuple[int, Any]:
        """Take the mails or refuse them, and return what is to be answered; once only under a key that is kept."""
        key = self.headers.get("Idempotency-Key")
        if key is None:
            return self._decide(call, chance)
        api = self.server
        with api.lock:
            kept = api.kept.get(key)
            if kept is not None and (api.window is None or time.time() - kept.at < api.window):
                return _again(api, kept, key, raw)
            api.kept[key] = mine = Kept(raw, (0, None), time.time())
        mine.answer = self._decide(call, chance)
        mine.under_way = False
        return mine.answer

    def _decide(self, call: Call, chance: random.Random) -> tuple[int, Any]:
        taken, answer = flavours.judged(self.path, call.people, self.server.bad, chance)
        if taken:
            self.server.take(call, taken)
        return answer

    def _answer(self, call: Call, status: int, body: Any, retry_after: int | None = None) -> None:
        raw = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        if status == 202:
            self.send_header("X-Message-Id", uuid4().hex[:22])
        if call.fault is Fault.refusing:
            self.send_header("Connection", "close")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
        self.wfile.flush()
        call.status = status

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the signature is the library's
        """Say nothing."""


def _again(api: Api, kept: Kept, key: str, raw: bytes) -> tuple[int, Any]:
    """Return the answer to a key that was used before: the same again for the same body."""
    if kept.body != raw:
        api.wrong.append(f"key {key} came again with another body")
        return 409, {"name": "invalid_idempotent_request"}
    return (409, {"name": "concurrent_idempotent_requests"}) if kept.under_way else kept.answer


def by_kind(calls: list[Call]) -> Counter[str]:
    """Count requests by what they met."""
    return Counter(call.fault.value if call.fault else "none" for call in calls)
