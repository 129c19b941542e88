"""Measures sending through SendGrid's adapter to a sink on loopback, beside a bare loop that posts the same bytes.

A process of its own answers 202 at once. Both sides post with the same client, one thread each; ours does all the
rest, too: claim, ask who still wants it, fill in, seal, settle. At a thousand readers a call, and at one.
"""

import socket
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID

from pydantic import SecretStr

from digest.accounts import Account, ProviderName
from digest.clock import SystemClock
from digest.database import Database
from digest.engine import local
from digest.providers import sendgrid
from digest.providers.http import Caller, TimeOuts
from digest.providers.sendgrid import SendGrid
from digest.rendering.urls import Urls
from digest.sending import freezing, sender
from digest.sending.provider import Content, Mailing, Receipt, Recipient
from tests.benchmarks.measured import Taken, made, memory, say, timed
from tests.conftest import KEYS, NOW
from tests.sending import fakes

TIMES = TimeOuts(connect=5, read=30, write=30)
PATH = "/v3/mail/send"
READERS = 100_000
SINGLE = 2_000  # readers, one a call
GROWN = 1_000_000
ANSWER = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: sink\r\nContent-Length: 0\r\n\r\n"


def main() -> None:
    """Print the figures at a thousand a call and at one."""
    with sink() as url:
        say(
            f"Sending, SQLite, 1 thread, an edition of 40 KB: {READERS:,} readers by the thousand, "
            f"{SINGLE:,} one by one"
        )
        for readers, each in ((READERS, 1000), (SINGLE, 1)):
            one = in_a_process(url, readers, each)
            bare = one.bare
            say(
                f"  {each:>5,} a call, ledger included  {readers / one.taken.clock:>9,.0f} readers/s   "
                f"{one.taken.cpu / readers * 1e6:6.1f} us CPU each"
            )
            say(
                f"        bare loop, same bytes    {readers / bare.clock:>9,.0f} readers/s   "
                f"{bare.cpu / readers * 1e6:6.1f} us CPU each   ours at {bare.clock / one.taken.clock:.3f} of it "
                f"(by CPU {bare.cpu / one.taken.cpu:.3f})"
            )


def grown() -> None:
    """Print what a reader takes of a hundred thousand and of a million, and the memory."""
    with sink() as url:
        few, many = (in_a_process(url, count, 1000) for count in (READERS, GROWN))
        first, last = few.taken.cpu / READERS * 1e6, many.taken.cpu / GROWN * 1e6
        say(
            f"Growth: {READERS:,} readers {first:.1f} us CPU each, {GROWN:,} readers {last:.1f}: "
            f"ratio {last / first:.2f}"
        )
        say(
            f"  by the clock {few.taken.clock / READERS * 1e6:.0f} and {many.taken.clock / GROWN * 1e6:.0f} us each; "
            f"memory of the process {few.memory:.0f} and {many.memory:.0f} MB"
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """What a sending took."""

    taken: Taken
    bare: Taken  # a loop that posts as many calls of the same size
    memory: float  # MB, at most


def in_a_process(url: str, readers: int, each: int) -> Sent:
    """Make an issue, and send it in a process that does nothing else; returns what that took."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"sqlite:///{folder}/bench.db"
        room = made(path, readers)
        ours, theirs = get_context("spawn").Pipe()
        process = get_context("spawn").Process(target=send, args=(theirs, path, url, room.issue_id, each))
        process.start()
        found: Sent = ours.recv()
        process.join()
        return found


def send(pipe: Connection, path: str, url: str, issue_id: UUID, each: int) -> None:
    """Freeze and send an issue as a worker does, and then post as much in a bare loop."""
    database = Database(path)  # leases by the machine's clock
    urls = Urls("https://digest.example.org", KEYS)
    size = freezing.freeze(database, issue_id, at=NOW, urls=urls, progress=lambda _: None) or 0
    provider = Limited(build(url), each)
    means = fakes.means(database, SystemClock(), provider, rate=1e9)
    local.spare_the_collector()
    taken = timed(lambda: sender.run(means, 1, threading.Event()))
    most = memory()
    calls = size // each
    body = b"x" * (provider.sent // calls)
    caller = Caller(url, {"Authorization": "Bearer key"}, TIMES)
    caller.post(PATH, body)
    bare = timed(lambda: [caller.post(PATH, body) for _ in range(calls)])
    pipe.send(Sent(taken, bare, most))
    caller.close()
    database.close()


def build(url: str) -> SendGrid:
    """Return SendGrid's adapter, pointed at the sink; it notes nothing and waits for nothing."""
    return sendgrid.build(Account(provider=ProviderName.sendgrid, api_key=SecretStr("key"), base_url=url), TIMES)


class Limited:
    """The adapter with so many readers a call; it notes how many bytes left."""

    def __init__(self, provider: SendGrid, each: int) -> None:
        self._provider = provider
        self.features = replace(provider.features, max_recipients=each)
        self.sent = 0
        post = provider._caller.post

        def noted(path: str, body: bytes, *given: Any) -> Any:
            self.sent += len(body)
            return post(path, body, *given)

        provider._caller.post = noted  # type: ignore[method-assign,assignment]

    def payload_bytes(self, content: Content) -> int:
        """Return the adapter's."""
        return self._provider.payload_bytes(content)

    def recipient_bytes(self, content: Content, recipient: Recipient) -> int:
        """Return the adapter's."""
        return self._provider.recipient_bytes(content, recipient)

    def send(self, mailing: Mailing) -> Sequence[Receipt]:
        """Send as the adapter does."""
        return self._provider.send(mailing)

    def close(self) -> None:
        """Close the adapter."""
        self._provider.close()


@contextmanager
def sink() -> Iterator[str]:
    """Run the sink in a process of its own; gives its address."""
    ours, theirs = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=answer_all, args=(theirs,), daemon=True)
    process.start()
    yield f"http://127.0.0.1:{ours.recv()}"
    process.kill()
    process.join()


def answer_all(pipe: Connection) -> None:
    """Answer every request on every connection with 202, in one write."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        pipe.send(server.getsockname()[1])
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=answer_one, args=(connection,), daemon=True).start()


def answer_one(connection: socket.socket) -> None:
    """Read requests by their Content-Length, and answer each."""
    reader = connection.makefile("rb")
    while line := reader.readline():
        length = 0
        while line.strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            line = reader.readline()
        reader.read(length)
        connection.sendall(ANSWER)


if __name__ == "__main__":
    main()
