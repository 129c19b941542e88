"""A full disk, a database that goes away, a worker that is cut off: each stops with a sentence, and all goes on."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import disks, links, places, trial
from tests.chaos.places import Ground
from tests.chaos.regressions import KEYED, small
from tests.chaos.voyage import QUEUES, STANDS, Voyage
from tests.chaos.workers import LEAVE, Child, Nursery
from tests.engine.wire import Wire
from tests.sending import newsroom

GROUNDS = pytest.mark.parametrize("ground", ["sqlite", "postgresql"], indirect=True)
READERS = 160
MANY: dict[str, Any] = {"readers": READERS, "per_call": 4, "latency": 0.05}
SENTENCE = "The database cannot be used: "
KIB = 1024


@GROUNDS
def test_a_wrong_key_stops_it_and_marks_nobody(ground: Ground, nursery: Nursery):
    """401: the issue is paused with the reason, all stay queued; with the right key and a resume all get it."""
    with trial.under_way(ground, nursery, small(1, "sendgrid"), sendgrid_api_key="SG.wrong") as voyage:
        worker = voyage.start()
        voyage.until(lambda: voyage.status() in STANDS)
        assert worker.leave() <= LEAVE + 1
        issue = newsroom.issue(voyage.place.database)
        assert issue.status == "paused"
        assert "401" in issue.held
        assert {row.state for row in newsroom.rows_of(voyage.place.database, newsroom.DELIVERY)} == {"queued"}
        places.configure(voyage.place.folder, voyage.place.url, "sendgrid", voyage.api.url)
        voyage.come_home()
        assert trial.broken(voyage) == []
        assert voyage.report.states["accepted"] >= 40 - voyage.report.slow


def ends_well(voyage: Voyage) -> dict[str, int]:
    """Let one worker do what is left; returns the states of all readers."""
    voyage.come_home()
    assert trial.broken(voyage) == []
    return dict(voyage.report.states)


def test_files_that_may_not_grow_stop_it_with_a_sentence(tmp_path: Path, nursery: Nursery):
    """SQLite, and a limit on all files in place of a full disk: sooner or later in the run; nobody is lost."""
    ground = Ground(tmp_path)

    def run_out(room: int) -> None:
        with trial.under_way(ground, nursery, small(room, KEYED, **MANY)) as voyage:
            said = voyage.stopped(voyage.start(room=room * KIB))
            assert SENTENCE in said
            assert "has room" in said
            assert ends_well(voyage) == {"accepted": READERS}

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(run_out, (48, 200, 600))) == [None] * 3


def fill_up(ground: Ground, disk: Path, nursery: Nursery, after: int) -> None:
    """Fill a disk once the API saw so many requests, make room again, and look at the end."""
    with trial.under_way(ground, nursery, small(after, KEYED, **MANY)) as voyage:
        make_room = None if after else disks.fill(disk)
        worker = voyage.start()
        voyage.until_called(after)
        make_room = make_room or disks.fill(disk)
        said = voyage.stopped(worker)
        assert SENTENCE in said
        assert "full" in said or "No space left" in said
        make_room()
        assert ends_well(voyage) == {"accepted": READERS}


@GROUNDS
def test_a_full_disk_stops_it_with_a_sentence(ground: Ground, tmp_path: Path, nursery: Nursery):
    """A small disk that fills up, before anything is sent and in the middle; where none can be had, see above."""

    def run_out(after: int) -> None:
        folder = tmp_path / str(after)
        folder.mkdir()
        with disks.on_a_disk_of_its_own(ground, folder) as found:
            if found is not None:
                fill_up(*found, nursery, after)

    for after in (0, 5):  # one after the other: a server with one full disk cannot drop the database of another
        run_out(after)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Any]:
    """Return a PostgreSQL server of this test's own."""
    with places.postgres(tmp_path) as made:
        yield made


def test_a_database_that_goes_down_stops_it_with_a_sentence(server: Any, tmp_path: Path, nursery: Nursery):
    """It crashes and comes back, it is stopped and started: workers of both kinds end, those that come then finish."""
    ground = Ground(tmp_path, server.get_uri())
    with trial.under_way(ground, nursery, small(1, KEYED, **MANY)) as voyage:
        for turn, go_down in enumerate((places.crash, places.stop)):
            crew = [voyage.start(), voyage.start(*QUEUES)]
            voyage.until(lambda crew=crew: all(one.is_at_work() for one in crew))  # type: ignore[misc]
            voyage.until_called(voyage.api.requests + 5)
            go_down(server)
            for one in (*crew, voyage.start()):  # the last one finds it down already
                said = voyage.stopped(one)
                assert SENTENCE in said or "The job queue" in said
            assert voyage.api.requests < READERS / 4, f"all was over before turn {turn}"
            server.ensure_postgres_running()
        assert ends_well(voyage) == {"accepted": READERS}


def far(voyage: Voyage, url: str) -> Path:
    """Write the settings of a worker that has another way to the database; returns their folder."""
    folder = voyage.place.folder / "far"
    folder.mkdir()
    places.configure(folder, url, voyage.plan.provider, voyage.api.url)
    return folder


@pytest.mark.parametrize("ground", ["postgresql"], indirect=True)
@pytest.mark.parametrize("how", ["cut", "silent"])
def test_who_is_cut_off_from_the_database_harms_nobody(ground: Ground, nursery: Nursery, how: str):
    """One of two workers by threads, in the middle of its calls: it ends or is told to leave, the other finishes."""
    with trial.under_way(ground, nursery, small(2, KEYED, **MANY)) as voyage:
        wire = Wire(voyage.place.url)
        lonely = voyage.start(folder=far(voyage, wire.url))
        voyage.until_called(4)
        if how == "cut":
            wire.cut()
            assert SENTENCE in voyage.stopped(lonely)
        else:
            wire.silence()
            time.sleep(0.3)
            assert lonely.leave() <= LEAVE + 1
            voyage.story.kills.append(time.time())
        assert ends_well(voyage) == {"accepted": READERS}
        wire.cut()


def goes(voyage: Voyage, lonely: Child) -> None:
    """Tell a worker to leave that may have stopped by itself: the server ends the transactions of who fell silent."""
    if lonely.ended() is None:
        os.kill(lonely.pid, signal.SIGTERM)
    code = lonely.wait(LEAVE + 1)
    said = lonely.log.read_text()
    assert code == 0 or (code == 1 and SENTENCE in said), said
    voyage.story.kills.append(time.time())


@pytest.mark.parametrize("ground", ["postgresql"], indirect=True)
def test_a_machine_whose_link_to_the_database_breaks_harms_nobody(ground: Ground, nursery: Nursery):
    """A network namespace with a link to the API and one to the database, which breaks without a word, and comes back.

    Where this machine allows no namespaces, the same worker stands at a wire on loopback that falls silent.
    """
    with links.machine() as machine:
        host = machine.api if machine else "127.0.0.1"
        with trial.under_way(ground, nursery, small(3, KEYED, **MANY), host=host) as voyage:
            wire = Wire(voyage.place.url, machine.database if machine else "127.0.0.1")
            world: dict[str, Any] = {"namespace": machine.name} if machine else {}
            lonely = voyage.start(folder=far(voyage, wire.url), **world)
            voyage.until_called(4)
            (machine.down if machine else wire.silence)()
            near = voyage.start(*QUEUES)
            voyage.until(voyage.is_done)
            (machine.up if machine else wire.heal)()
            goes(voyage, lonely)
            assert near.leave() <= LEAVE + 1
            assert ends_well(voyage) == {"accepted": READERS}
            wire.cut()
