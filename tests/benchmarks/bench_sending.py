"""Measures sending through SendGrid's adapter to a sink on loopback, beside a bare loop that posts the same bytes.

A process of its own answers 202 at once. Both sides post with the same client and the same number of threads; ours
does all the rest, too: freeze, claim, ask who still wants it, fill in, seal, settle.
"""

import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import perf_counter, process_time

from pydantic import SecretStr

from digest.accounts import Account, ProviderName
from digest.clock import SystemClock
from digest.database import Database
from digest.providers import sendgrid
from digest.providers.http import Caller, TimeOuts
from digest.rendering.urls import Urls
from digest.sending import freezing, sender
from digest.tables import METADATA
from tests.conftest import KEYS, NOW
from tests.sending import fakes, newsroom

TIMES = TimeOuts(connect=5, read=30, write=30)
READERS = 100_000
THREADS = 4
ANSWER = b"HTTP/1.1 202 Accepted\r\nX-Message-Id: sink\r\nContent-Length: 0\r\n\r\n"


def main() -> None:
    """Print the figures."""
    with sink() as url, tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/bench.db")  # leases by the machine's clock
        METADATA.create_all(database.engine)
        made = newsroom.make(database, readers=READERS, at=NOW)
        say(f"Sending: {READERS:,} readers, SQLite, {THREADS} threads")
        provider = sendgrid.build(
            Account(provider=ProviderName.sendgrid, api_key=SecretStr("key"), base_url=url), TIMES
        )
        urls = Urls("https://digest.example.org", KEYS)
        frozen = timed(lambda: freezing.freeze(database, made.issue_id, at=NOW, urls=urls, progress=lambda _: None))
        say(f"  freeze                     {frozen:8.2f} s   {READERS / frozen:>10,.0f} readers/s")
        means = fakes.means(database, SystemClock(), provider, rate=1e9)
        cpu = process_time()
        ours = timed(lambda: in_threads(lambda: sender.run(means, made.number, threading.Event())))
        cpu = (process_time() - cpu) / READERS * 1e6
        say(f"  1,000 a call, with ledger  {ours:8.2f} s   {READERS / ours:>10,.0f} readers/s   {cpu:.1f} us CPU each")
        bare = timed(lambda: bare_loop(url, READERS // 1000))
        say(
            f"  bare loop, same bytes      {bare:8.2f} s   {READERS / bare:>10,.0f} readers/s   ratio {bare / ours:.3f}"
        )
        provider.close()
        database.close()


def bare_loop(url: str, calls: int) -> None:
    """Post prepared bytes as often as we would, and nothing else."""
    caller = Caller(url, {}, TIMES)
    body = b"x" * 900_000  # about what 1,000 readers of a small edition come to
    left = threading.Semaphore(calls)

    def work() -> None:
        while left.acquire(blocking=False):
            caller.post("/v3/mail/send", body)

    in_threads(work)
    caller.close()


def in_threads(work: object) -> None:
    """Run something in all threads at once."""
    threads = [threading.Thread(target=work) for _ in range(THREADS)]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def timed(work: object) -> float:
    """Return how long something took, in seconds."""
    start = perf_counter()
    work()  # type: ignore[operator]
    return perf_counter() - start


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


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
