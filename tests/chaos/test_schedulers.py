"""Whoever looks what is due may die at any step, and others look at the same time: a run is started once."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from digest.clock import SystemClock
from digest.database import Database
from digest.issues.models import Issue, Publication, Run
from digest.issues.runs import BEFORE
from digest.sending.models import table
from tests.chaos import places, workers
from tests.chaos.places import Ground
from tests.chaos.plan import SCHEDULE, Death
from tests.chaos.regressions import KEYED, small
from tests.chaos.voyage import QUEUES
from tests.chaos.workers import LEAVE, Child, Nursery
from tests.sending import approved, newsroom

GROUNDS = pytest.mark.parametrize("ground", ["sqlite", "postgresql"], indirect=True)
NOWHERE = "http://127.0.0.1:9"  # nothing is sent here


def weekly(database: Database) -> None:
    """Make a newsroom whose cut-off and hour are just over, and whose draft nobody has approved."""
    now = SystemClock().now()
    approved.newsroom(database)
    approved.articles(database, now - timedelta(hours=20), prefix="fresh")
    due = now - timedelta(minutes=2)
    with database.writing() as session:
        at = f"{due.minute} {due.hour} * * *"
        session.execute(update(table(Publication)).values(cutoff=at, send=at, cadence="daily"))


def ended(database: Database) -> list[str]:
    """Return how the runs ended that were due."""
    found = newsroom.rows_of(database, table(Run))
    return [run.outcome for run in found if run.outcome != BEFORE]


def until_held(database: Database, crew: list[Child]) -> None:
    """Wait until the run has ended and its issue is held."""
    until = time.monotonic() + workers.PATIENCE
    while not (any(row.held for row in newsroom.rows_of(database, table(Issue))) and any(ended(database))):
        assert time.monotonic() < until, [workers.tail(one.log) for one in crew]
        time.sleep(0.05)


def judge(database: Database, said: str) -> None:
    """Check that there is one issue, one run, and one word about it."""
    (issue,) = newsroom.rows_of(database, table(Issue))
    (outcome,) = ended(database)
    assert outcome.startswith("drafted: ")
    assert issue.held == "Its hour came and nobody had approved it."
    assert said.count("is held: Its hour came") <= 1, said  # none, where it was held and its worker died
    assert "Traceback" not in said


def scene(ground: Ground, nursery: Nursery, folder: Path, point: str) -> None:
    """Let a scheduler die at a point, two others go on side by side, and look at what became of the run."""
    folder.mkdir()
    url = ground.database(folder)
    database = Database(url)
    weekly(database)
    places.configure(folder, url, KEYED, NOWHERE)
    crew: list[Child] = []

    def start(*options: str, death: Death | None = None) -> Child:
        log = folder / f"worker-{len(crew)}.log"
        plan = small(len(crew), KEYED)
        crew.append(workers.start(nursery, plan, folder, log, death, "worker", *options))
        return crew[-1]

    try:
        assert start(death=Death(point, 1)).wait() < 0, workers.tail(crew[0].log)
        others = [start(), start(*QUEUES * bool(ground.server))]
        until_held(database, crew)
        time.sleep(2.0)  # each looks once more
        assert max(one.leave() for one in others) <= LEAVE + 1
        judge(database, "".join(one.log.read_text() for one in crew))
    finally:
        for one in crew:
            one.kill()
        database.close()
        ground.drop(url)


@GROUNDS
def test_schedulers_that_die_at_each_step_start_a_run_once(ground: Ground, nursery: Nursery, tmp_path: Path):
    """One run, one issue, one word about it, whoever dies when."""
    with ThreadPoolExecutor(len(SCHEDULE)) as pool:
        for turn in [
            pool.submit(scene, ground, nursery, tmp_path / str(number), point) for number, point in enumerate(SCHEDULE)
        ]:
            turn.result()
