"""An installation on PostgreSQL with an issue, an API that counts, and workers as processes."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import update

from digest import migrating
from digest.clock import SystemClock
from digest.database import Database
from digest.issues.models import IssueStatus, Publication
from digest.sending import ledger
from digest.sending.models import table
from tests.conftest import STRONG
from tests.providers import sendgrid_server
from tests.providers.sendgrid_server import KEY, Server
from tests.sending import newsroom

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0  # seconds for what takes a moment on an idle machine
LEAVE = 12.0  # seconds a worker may take to leave: ten, and two for a machine that is busy
LEASE = 8.0  # seconds: the least there may be over the time-outs below
DRAIN, ALL = ("--queues", "drain"), ("--queues", "drain,tick,refresh")


class Installation:
    """A folder with settings, a database, the API it sends by, and its workers."""

    def __init__(self, folder: Path, url: str, server: Server) -> None:
        self.folder, self.url, self.server = folder, url, server
        self.database = Database(url)
        migrating.upgrade(self.database)
        self.workers: list[Worker] = []
        self.times: list[float] = []  # when the API took a call, monotonic
        self.slow = 0.0
        self._lock = threading.Lock()
        server.fault = self._note
        server.keep_bodies = False

    def _note(self, _handler: object, _body: object) -> bool:
        with self._lock:
            self.times.append(time.monotonic())
        time.sleep(self.slow)
        return False

    def settings(self, name: str = "main", *, url: str = "", rate: float = 500.0) -> Path:
        """Write settings into a folder of their own; returns it."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        texts = {
            "database_url": url or self.url, "secret_key": STRONG, "address_key": STRONG, "provider": "sendgrid",
            "sendgrid_api_key": KEY, "sendgrid_base_url": self.server.url, "base_url": "https://digest.example.org",
        }  # fmt: skip
        numbers = {"lease_seconds": LEASE, "connect_timeout": 0.5, "write_timeout": 0.5, "read_timeout": 1.5}
        lines = [f'{one} = "{value}"' for one, value in texts.items()]
        lines += [f"{one} = {value}" for one, value in {**numbers, "send_rate": rate}.items()]
        (folder / "digest.toml").write_text("\n".join(lines))
        return folder

    def issue(self, readers: int) -> newsroom.Newsroom:
        """Make an issue that is due now; the schedule has nothing else to do for days."""
        now = SystemClock().now()
        room = newsroom.make(self.database, readers=readers, status=IssueStatus.scheduled, at=now)
        far = (now + timedelta(days=3)).isoweekday() % 7
        with self.database.writing() as session:
            session.execute(update(table(Publication)).values(cutoff=f"0 6 * * {far}", send=f"0 8 * * {far}"))
        return room

    def start(self, folder: Path, *options: str, concurrency: int = 2) -> "Worker":
        """Start a worker."""
        made = Worker(folder, f"worker-{len(self.workers)}", [*options, "--concurrency", str(concurrency)])
        self.workers.append(made)
        return made

    def taken(self) -> Counter[str]:
        """Return whom the API took, from its file."""
        return Counter((self.folder / "taken.txt").read_text().split())

    def states(self) -> dict[str, int]:
        """Return the ledger's states; they must sum up to the audience."""
        with self.database.reading() as session:
            assert ledger.is_whole(session, 1)
            return {state: n for state, n in ledger.counts(session, 1).items() if n}

    def until(self, what: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until something holds."""
        last = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < last, "\n".join(one.said() for one in self.workers)
            time.sleep(0.05)

    def until_sent(self, seconds: float = PATIENCE) -> None:
        """Wait until the issue is sent."""
        self.until(lambda: newsroom.issue(self.database).status == "sent", seconds)

    def close(self) -> None:
        """End what still runs."""
        for one in self.workers:
            one.kill()
        self.database.close()


class Worker:
    """One worker process."""

    def __init__(self, folder: Path, name: str, options: list[str]) -> None:
        self.log = folder / f"{name}.log"
        command = [sys.executable, "-m", "tests.engine.worker", "-C", str(folder), "worker", *options]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)  # noqa: S603 - our own

    def said(self) -> str:
        """Return what it printed."""
        return self.log.read_text()

    def is_at_work(self) -> bool:
        """Return whether it began, or ended already."""
        return "Ctrl+C to leave" in self.said() or self.process.poll() is not None

    def leave(self) -> float:
        """Tell it to leave; returns how many seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        return time.monotonic() - began

    def kill(self) -> None:
        """Kill it, if it still runs."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)


@contextmanager
def installed(folder: Path, url: str) -> Iterator[Installation]:
    """Make an installation; afterwards none of its processes is left."""
    with sendgrid_server.serving(folder / "taken.txt") as server:
        made = Installation(folder, url, server)
        try:
            yield made
        finally:
            made.close()


def most_in_a_second(times: list[float]) -> int:
    """Return how many calls came within any one second at most."""
    ordered = sorted(times)
    return max(
        (sum(1 for one in ordered[first:] if one < ordered[first] + 1.0) for first in range(len(ordered))), default=0
    )


def whole(place: Installation, readers: int) -> dict[str, Any]:
    """Check what must hold at the end of any sending; returns the states."""
    taken, states = place.taken(), place.states()
    assert sum(states.values()) == readers
    assert [address for address, times in taken.items() if times > 1] == []
    rows = newsroom.rows_of(place.database, newsroom.DELIVERY)
    accepted = {f"reader-{row.subscriber_id}@example.org" for row in rows if row.state == "accepted"}
    uncertain = {f"reader-{row.subscriber_id}@example.org" for row in rows if row.state == "uncertain"}
    assert accepted <= taken.keys() <= accepted | uncertain
    return states
