"""One process at the queue: jobs that are lost or doubled, calls that hang, errors that nobody foresaw."""

import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError

from digest import database as module
from digest import migrating
from digest.clock import StillClock
from digest.database import Database
from digest.engine import jobs, queued
from digest.errors import Refused
from digest.sending import work
from digest.sending.provider import Mailing
from digest.sending.work import Kind
from tests.conftest import NOW
from tests.engine.ground import LEAVE, PATIENCE
from tests.engine.wire import Wire
from tests.sending import newsroom
from tests.sending.fakes import Scripted, means

ALL = tuple(Kind)


@pytest.fixture
def ready(postgres_url: str, clock: StillClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Return a PostgreSQL database with a queue; ticks have no schedule."""

    def tick(tools: object, _alarm: object) -> list[str]:
        work.tidy(tools)  # type: ignore[arg-type]
        return ["ticked"]

    monkeypatch.setattr(queued, "ticking", SimpleNamespace(tick=tick))
    database = Database(postgres_url, clock)
    migrating.upgrade(database)
    yield database
    database.close()


def test_lost_and_doubled_jobs_do_not_matter(ready: Database, clock: StillClock):
    """All jobs are thrown away again and again, and some put in twice: everybody gets it once."""
    newsroom.queue(ready, newsroom.make(ready, readers=80))
    newsroom.queue(ready, newsroom.make(ready, readers=0, number=2))
    provider, stop, said = Scripted(), threading.Event(), list[str]()
    provider.before = lambda _: time.sleep(0.02)

    def vandal() -> None:
        issue = newsroom.issue(ready).id
        twice = text(
            f"INSERT INTO {jobs.SCHEMA}.procrastinate_jobs (queue_name, task_name, args) "  # noqa: S608
            "VALUES ('drain', 'digest.drain', jsonb_build_object('issue', cast(:issue AS text)))"
        )
        last = time.monotonic() + PATIENCE
        while {newsroom.issue(ready, n).status for n in (1, 2)} != {"sent"} and time.monotonic() < last:
            jobs.clear(ready)
            with ready.writing() as session:
                session.execute(text(f"SET LOCAL search_path TO {jobs.SCHEMA}"))
                for _ in range(3):
                    session.execute(twice, {"issue": str(issue)})
            time.sleep(0.2)
        stop.set()

    thread = threading.Thread(target=vandal)
    thread.start()
    queued.run(means(ready, clock, provider), kinds=ALL, concurrency=3, stop=stop, say=said.append)
    thread.join()
    assert set(newsroom.states(ready, 1).values()) == set(newsroom.states(ready, 2).values()) == {"accepted"}
    assert set(provider.taken.values()) == {2}  # one of each issue
    assert "ticked" in said


def test_an_error_nobody_foresaw_ends_the_process(ready: Database, clock: StillClock):
    """A broken adapter: the run raises it, and the issue is paused."""
    newsroom.queue(ready, newsroom.make(ready, readers=8))
    with pytest.raises(ZeroDivisionError):
        queued.run(means(ready, clock, Scripted([ZeroDivisionError()])), kinds=ALL, concurrency=1)
    assert newsroom.issue(ready).status == "paused"


def test_a_call_that_never_ends_does_not_keep_it(ready: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch):
    """A provider hangs: told to leave, it goes in time; the late receipt still counts."""
    monkeypatch.setattr(queued, "LEAVE_SECONDS", 0.5)
    newsroom.queue(ready, newsroom.make(ready, readers=3))
    provider, hanging, stop = Scripted(), threading.Event(), threading.Event()

    def hang(_mailing: Mailing) -> None:
        stop.set()
        hanging.wait(20)

    provider.before = hang
    before = time.monotonic()
    queued.run(means(ready, clock, provider), kinds=(Kind.drain,), concurrency=1, stop=stop)
    assert time.monotonic() - before < LEAVE
    assert set(newsroom.states(ready).values()) == {"claimed"}
    hanging.set()
    last = time.monotonic() + PATIENCE
    while set(newsroom.states(ready).values()) != {"accepted"}:
        assert time.monotonic() < last
        time.sleep(0.05)


def test_a_lost_connection_ends_it_with_a_sentence(postgres_url: str, ready: Database, clock: StillClock):
    """The database goes away between two looks: no traceback, but what to do."""
    wire = Wire(postgres_url)
    far = Database(wire.url, clock)
    threading.Timer(1.5, wire.cut).start()
    with pytest.raises(Exception, match=r"job queue|server closed|connection") as caught:
        queued.run(means(far, clock, Scripted()), kinds=(Kind.tick,), concurrency=1)
    assert isinstance(caught.value, Refused) or "psycopg" in str(caught.value)
    far.close()
    assert jobs.state(ready) == "ready"


def test_what_dead_workers_left_is_swept(ready: Database):
    """A job that a dead worker had begun, and one that failed; what waits stays."""
    rows = [("todo", "drain a"), ("doing", "drain b"), ("failed", "drain c")]
    with ready.writing() as session:
        session.execute(text(f"SET LOCAL search_path TO {jobs.SCHEMA}"))
        for status, lock in rows:
            row = {"status": status, "lock": lock}
            session.execute(
                text(
                    "INSERT INTO procrastinate_jobs (queue_name, task_name, status, queueing_lock) "
                    "VALUES ('drain', 'digest.drain', cast(:status AS procrastinate_job_status), :lock)"
                ),
                row,
            )
    assert jobs.sweep(ready) == 2
    assert jobs.waiting(ready) == {"drain a"}


def test_only_what_is_due_and_not_yet_in_the_queue_is_missing(ready: Database):
    """A queued issue is missing until a job of it waits."""
    newsroom.queue(ready, newsroom.make(ready, readers=1))
    (job,) = queued.missing(ready, NOW)
    with ready.writing() as session:
        session.execute(text(f"SET LOCAL search_path TO {jobs.SCHEMA}"))
        waits = text(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock) VALUES ('drain', 'd', :lock)"
        )
        session.execute(waits, {"lock": queued.lock_of(job)})
    assert queued.missing(ready, NOW) == []


def test_a_writer_that_fell_silent_holds_nobody_up(ready: Database, monkeypatch: pytest.MonkeyPatch):
    """Its transaction is ended by the server, and what it had locked is free; nothing of it is kept."""
    monkeypatch.setattr(module, "SILENCE_MS", 300)
    newsroom.make(ready, readers=1)

    def silent() -> None:
        with ready.writing() as session:
            session.execute(update(newsroom.ISSUE).values(held="silent"))
            time.sleep(1.0)
            session.execute(update(newsroom.ISSUE).values(failed="silent"))

    with pytest.raises(DBAPIError, match="idle-in-transaction"):
        silent()
    assert newsroom.issue(ready).held == ""
