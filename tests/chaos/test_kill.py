"""kill -9, again and again, while an issue is frozen and sent: nobody is skipped, nobody gets it twice.

``CHAOS_READERS`` (default 2,000) and ``CHAOS_KILLS`` (default 12) make it as large as you like.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from digest.clock import SystemClock
from digest.database import Database
from digest.issues.models import IssueStatus
from digest.sending import ledger
from digest.sending.models import table
from digest.tables import METADATA
from subscribers.models import Subscription
from tests.chaos.worker import BATCH
from tests.conftest import STRONG
from tests.providers import sendgrid_server
from tests.providers.sendgrid_server import KEY, Server
from tests.sending import newsroom, zoned

READERS = int(os.environ.get("CHAOS_READERS", "2000"))
KILLS = int(os.environ.get("CHAOS_KILLS", "12"))
WAVE_READERS = 600
LEASE = 8.0  # seconds: the least there may be over the time-outs below
ROOT = Path(__file__).parents[2]
BOTH_URLS = pytest.mark.parametrize("place", ["sqlite", "postgresql"], indirect=True)


class Place:
    """A folder with settings, a database with an issue, and the API it is sent by."""

    def __init__(self, folder: Path, url: str, server: Server) -> None:
        self.folder, self.url, self.server = folder, url, server
        self.database = Database(url)
        self.configure()

    def configure(self, key: str = KEY) -> None:
        """Write the settings."""
        settings = {
            "database_url": self.url, "secret_key": STRONG, "address_key": STRONG, "provider": "sendgrid",
            "sendgrid_api_key": key, "sendgrid_base_url": self.server.url, "base_url": "https://digest.example.org",
        }  # fmt: skip
        lines = [f'{name} = "{value}"' for name, value in settings.items()]
        numbers = {"lease_seconds": LEASE, "connect_timeout": 0.5, "write_timeout": 0.5, "read_timeout": 1.5}
        lines += [f"{name} = {value}" for name, value in {**numbers, "send_rate": 500.0}.items()]
        (self.folder / "digest.toml").write_text("\n".join(lines))

    def issue(self, readers: int) -> newsroom.Newsroom:
        """Make an issue that is about to be frozen."""
        METADATA.create_all(self.database.engine)
        return newsroom.make(
            self.database, readers=readers, sets=("caucasus", "caucasus sahel"), status=IssueStatus.freezing,
            at=SystemClock().now())  # fmt: skip

    def start(self, *options: str) -> "subprocess.Popen[str]":
        """Start a worker; returns when it is ready."""
        command = [sys.executable, "-m", "tests.chaos.worker", str(self.folder), *options]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own worker
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        return process

    def finish(self, seconds: float = 60.0) -> None:
        """Let one worker do all that is left."""
        process = self.start()
        until = time.monotonic() + seconds
        while newsroom.issue(self.database).status != "sent" and time.monotonic() < until:
            time.sleep(0.1)
        end(process, signal.SIGTERM)
        assert process.returncode == 0
        assert newsroom.issue(self.database).status == "sent"

    def taken(self) -> Counter[str]:
        """Return whom the API took, from its file."""
        return Counter((self.folder / "taken.txt").read_text().split())

    def counts(self) -> dict[str, int]:
        """Return the ledger's states; they must sum up to the audience."""
        with self.database.reading() as session:
            assert ledger.is_whole(session, 1)
            return {state: n for state, n in ledger.counts(session, 1).items() if n}


def end(process: "subprocess.Popen[Any]", how: signal.Signals) -> None:
    """End a worker and wait for its end."""
    process.send_signal(how)
    gone(process)


def gone(process: "subprocess.Popen[Any]") -> None:
    """Wait for a worker's own end."""
    process.wait(timeout=30)
    if process.stdout:
        process.stdout.close()


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Return a place with an API and no worker yet."""
    kind = getattr(request, "param", "sqlite")
    url = f"sqlite:///{tmp_path}/chaos.db" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    with sendgrid_server.serving(tmp_path / "taken.txt") as server:
        server.keep_bodies = False
        made = Place(tmp_path, url, server)
        yield made
        made.database.close()


def check(place: Place, readers: int) -> dict[str, int]:
    """Check what must hold at the end of any sending; returns the states."""
    taken, counts = place.taken(), place.counts()
    assert sum(counts.values()) == readers
    assert [address for address, times in taken.items() if times > 1] == []
    rows = newsroom.rows_of(place.database, newsroom.DELIVERY)
    accepted = {f"reader-{row.subscriber_id}@example.org" for row in rows if row.state == "accepted"}
    uncertain = {f"reader-{row.subscriber_id}@example.org" for row in rows if row.state == "uncertain"}
    assert accepted <= taken.keys() <= accepted | uncertain
    marked = {row.number for row in newsroom.rows_of(place.database, newsroom.BATCH) if row.handed_over_at}
    assert {row.batch_number for row in rows if row.state == "uncertain"} <= marked
    return counts


@BOTH_URLS
def test_workers_killed_at_random_skip_nobody_and_send_nothing_twice(place: Place):
    """Two workers, killed again and again while they freeze and send, against an API that holds its answers."""
    place.issue(READERS)
    chance = random.Random(20261124)  # noqa: S311 - reproducible on purpose

    def slow(_handler: object, _body: object) -> bool:
        time.sleep(0.02)
        return False

    place.server.fault = slow
    workers = [place.start(), place.start()]
    for turn in range(KILLS):
        time.sleep(chance.uniform(0.0, 0.4))
        end(workers[turn % 2], signal.SIGKILL)
        workers[turn % 2] = place.start()
    for worker in workers:
        end(worker, signal.SIGTERM)
    place.finish(60 + READERS / 500)
    counts = check(place, READERS)
    assert counts.get("uncertain", 0) <= KILLS * 4 * BATCH  # at most what the killed threads had in their hands
    assert counts["accepted"] + counts.get("uncertain", 0) == READERS


@BOTH_URLS
def test_workers_killed_between_two_waves_keep_each_readers_hour(place: Place):
    """Half of the readers get it when it leaves, half some seconds later, by their own clocks; the workers die."""
    room = place.issue(WAVE_READERS)
    start = SystemClock().now()
    later = zoned.second_wave(place.database, room, WAVE_READERS, start + timedelta(seconds=6))
    chance = random.Random(20261125)  # noqa: S311 - reproducible on purpose
    workers = [place.start(), place.start()]
    turn = 0
    while SystemClock().now() < later + timedelta(seconds=1):
        time.sleep(chance.uniform(0.0, 0.4))
        end(workers[turn % 2], signal.SIGKILL)
        workers[turn % 2] = place.start()
        turn += 1
    for worker in workers:
        end(worker, signal.SIGTERM)
    place.finish(60)
    counts = check(place, WAVE_READERS)
    assert counts["accepted"] + counts.get("uncertain", 0) == WAVE_READERS
    made = {row.number: row.created_at for row in newsroom.rows_of(place.database, newsroom.BATCH)}
    for row in newsroom.rows_of(place.database, newsroom.DELIVERY):
        assert row.subscriber_id % 2 or made[row.batch_number] >= later


def test_faults_of_the_api_skip_nobody_and_send_nothing_twice(place: Place):
    """429, 500, 503, resets before and after it took the call, held answers; by chance, a quarter of the calls."""
    place.issue(600)
    place.server.fault = sendgrid_server.seeded_faults(7, 0.15)
    place.finish(150)
    counts = check(place, 600)
    assert counts["accepted"] > counts["uncertain"] > 0


@BOTH_URLS
@pytest.mark.parametrize("point", ["claimed", "marked", "called"])
def test_a_kill_at_each_point_of_a_batch(place: Place, point: str):
    """Before the mark nobody is uncertain. After it the batches in hand are, and none of them goes twice."""
    place.issue(400)
    process = place.start("--die-at", point)
    gone(process)
    assert process.returncode == -signal.SIGKILL
    place.finish()
    counts = check(place, 400)
    uncertain = counts.get("uncertain", 0)
    if point == "claimed":
        assert uncertain == 0
        assert len(place.taken()) == 400
    else:
        assert BATCH <= uncertain <= 4 * BATCH
        assert len(place.taken()) >= 400 - uncertain


def test_who_left_after_the_freeze_gets_nothing(place: Place):
    """The issue is frozen, then half of the readers end all their lists: they are withdrawn."""
    room = place.issue(200)
    newsroom.queue(place.database, room)
    ended = table(Subscription)
    with place.database.writing() as session:
        session.execute(update(ended).where(ended.c.subscriber_id % 2 == 0).values(state="ended"))
    place.finish()
    assert check(place, 200) == {"accepted": 100, "withdrawn": 100}
    assert "reader-2@example.org" not in place.taken()


def test_a_wrong_key_stops_and_marks_nothing(place: Place):
    """401: the issue is paused with the reason and nobody is marked; with the right key and a resume all get it."""
    place.issue(100)
    place.configure(key="SG.wrong")
    process = place.start("--until-idle")
    gone(process)
    issue = newsroom.issue(place.database)
    assert issue.status == "paused"
    assert "401" in issue.failed
    assert place.counts() == {"queued": 100}
    place.configure()
    from digest.sending import control  # noqa: PLC0415 - only here

    at = SystemClock().now()
    control.resume(place.database, issue.id, who="operator", at=at, account="sendgrid")
    place.finish()
    assert check(place, 100) == {"accepted": 100}


def test_a_worker_leaves_when_told_and_loses_nothing(place: Place):
    """SIGTERM in the middle: gone within ten seconds, nobody uncertain, and the next one goes on."""
    place.issue(READERS)

    def slow(_handler: object, _body: object) -> bool:
        time.sleep(0.1)
        return False

    place.server.fault = slow
    process = place.start()
    while len(place.taken()) < 5 * BATCH:
        time.sleep(0.05)
    before = time.monotonic()
    end(process, signal.SIGTERM)
    assert time.monotonic() - before < 10
    counts = place.counts()
    assert counts["queued"] > 0
    assert set(counts) == {"accepted", "queued"}
    place.server.fault = None
    place.finish()
    assert check(place, READERS) == {"accepted": READERS}
