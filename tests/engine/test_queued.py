"""Many workers at one queue: all is sent once, all together keep the rate, the dead and the cut off harm nobody."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update

from digest.clock import SystemClock
from digest.engine import jobs
from digest.issues.models import Issue, Publication, Run
from digest.issues.runs import BEFORE
from digest.sending.models import table
from tests.engine.ground import ALL, DRAIN, LEAVE, Installation, installed, most_in_a_second, whole
from tests.engine.wire import Wire
from tests.engine.worker import BATCH
from tests.sending import approved, newsroom


@pytest.fixture
def place(tmp_path: Path, postgres_url: str) -> Iterator[Installation]:
    """Return an installation on PostgreSQL without a worker."""
    with installed(tmp_path, postgres_url) as made:
        yield made


def jobs_left(place: Installation) -> int:
    """Return how many drains stand in the queue."""
    query = text(f"SELECT count(*) FROM {jobs.SCHEMA}.procrastinate_jobs WHERE queue_name = 'drain'")  # noqa: S608
    with place.database.reading() as session:
        return int(session.execute(query).scalar_one())


def test_three_workers_send_one_issue_once_and_keep_the_rate_together(place: Installation):
    """All share the work, never more calls a second than SEND_RATE and a small burst; told to leave, all are gone."""
    place.issue(600)
    place.slow = 0.15
    folder = place.settings(rate=20.0)
    workers = [place.start(folder, *ALL) for _ in range(3)]
    place.until_sent()
    assert whole(place, 600) == {"accepted": 600}
    assert 10 <= most_in_a_second(place.times) <= 24
    place.until(lambda: jobs_left(place) == 0)
    assert max(worker.leave() for worker in workers) < LEAVE
    assert {worker.process.returncode for worker in workers} == {0}


def test_a_dead_workers_batches_come_back_within_the_lease(place: Installation):
    """One of two is killed with calls in its hands: the other finishes as soon as the lease is over."""
    place.issue(400)
    place.slow = 0.1
    folder = place.settings()
    first = place.start(folder, *ALL)
    place.until(lambda: len(place.times) > 5)
    second = place.start(folder, *ALL)
    place.until(second.is_at_work)
    first.kill()
    place.until_sent()
    states = whole(place, 400)
    assert states.get("uncertain", 0) <= 2 * BATCH
    assert sum(states.get(one, 0) for one in ("accepted", "uncertain")) == 400
    assert second.leave() < LEAVE


def test_workers_cut_off_from_the_database_in_a_call_harm_nobody(place: Installation):
    """One is cut off and ends, one hears nothing and is told to leave, one hears nothing and comes back.

    The others take over within the lease, even where a silent one has locked a row: the server ends its transaction.
    """
    place.issue(600)
    wires = [Wire(place.url) for _ in range(3)]
    place.slow = 0.3
    folders = [place.settings(f"far-{number}", url=wire.url) for number, wire in enumerate(wires)]
    cut, leaving, back = (place.start(folder, *DRAIN) for folder in folders)
    place.until(lambda: all(one.is_at_work() for one in place.workers) and len(place.times) > 6)
    wires[0].cut()
    wires[1].silence()
    wires[2].silence()
    place.slow = 0.0
    place.start(place.settings("near"), *ALL)
    assert leaving.leave() < LEAVE
    place.until_sent()
    assert whole(place, 600).get("uncertain", 0) <= 6 * BATCH  # what the three had in hand
    wires[2].heal()
    place.until(lambda: cut.process.poll() is not None)
    assert cut.process.returncode == 1
    assert "Traceback" not in cut.said()
    assert "database" in cut.said()
    assert back.leave() < LEAVE
    whole(place, 600)  # what it learned meanwhile is evidence, or lost, but never a second mail


def test_schedulers_side_by_side_start_a_run_once(place: Installation):
    """Three processes tick at a cut-off that is just over: one run, one outcome."""
    approved.newsroom(place.database)
    cutoff = SystemClock().now() - timedelta(minutes=2)
    with place.database.writing() as session:
        at = f"{cutoff.minute} {cutoff.hour} * * *"
        session.execute(update(table(Publication)).values(cutoff=at, send=at, cadence="daily"))
    folder = place.settings()
    workers = [place.start(folder, "--queues", "tick"), place.start(folder, "--queues", "tick"), place.start(folder)]

    def ended() -> bool:
        return any(run.outcome not in ("", BEFORE) for run in newsroom.rows_of(place.database, table(Run)))

    place.until(ended)
    time.sleep(1.0)
    assert len([run for run in newsroom.rows_of(place.database, table(Run)) if run.outcome != BEFORE]) == 1
    assert len(newsroom.rows_of(place.database, table(Issue))) == 1
    assert max(worker.leave() for worker in workers) < LEAVE
