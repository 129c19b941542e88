"""Heartbeats: one machine to a SQLite file, as many as you like to a PostgreSQL; who leaves is gone from the list."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from digest.clock import StillClock
from digest.database import Database
from digest.engine import heartbeat
from digest.engine.heartbeat import Host, beating
from digest.errors import Refused
from tests.conftest import BOTH

HERE = Host("machine-a", "boot-a", "alpha")
CONTAINER = Host("0c1d", "boot-a", "0c1d")  # on the same kernel
REBOOTED = Host("machine-a", "boot-b", "alpha")
THERE = Host("machine-b", "boot-c", "beta")


def at_work(database: Database) -> list[str]:
    """Return the names of the hosts that are at work."""
    with database.reading() as session:
        return [row["name"] for row in heartbeat.at_work(session, database.now(session))]


def begin(database: Database, host: Host, **more: Any) -> Any:
    return heartbeat.begin(database, what="worker", host=host, **more)


def nobody(sentence: str) -> None:
    raise AssertionError(sentence)


def test_a_second_machine_is_refused_on_sqlite(database: Database, clock: StillClock):
    """By name, and when it was heard of; processes of the same machine are welcome; --take-over ends it."""
    heartbeat.end(database, begin(database, CONTAINER)["id"])
    begin(database, HERE)
    heartbeat.end(database, begin(database, CONTAINER)["id"])
    begin(database, REBOOTED)
    clock.at += timedelta(seconds=30)
    with pytest.raises(Refused, match=r"alpha .*last heard of 30 s ago.*--take-over"):
        begin(database, THERE)
    begin(database, THERE, take_over=True)
    assert at_work(database) == ["beta"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_many_machines_work_on_postgresql(database: Database, clock: StillClock):
    """What was not heard of for long is swept by the next who comes."""
    begin(database, HERE)
    begin(database, THERE)
    assert sorted(at_work(database)) == ["alpha", "beta"]
    clock.at += timedelta(minutes=11)
    begin(database, THERE)
    assert at_work(database) == ["beta"]


@BOTH
def test_who_leaves_in_order_is_gone(database: Database):
    """Afterwards another machine may begin."""
    with beating(database, what="worker", lost=nobody, host=HERE):
        assert at_work(database) == ["alpha"]
    assert at_work(database) == []
    begin(database, THERE)


def told(database: Database, happens: Callable[[], object], **more: Any) -> str:
    """Beat quickly, let something happen, and return what the process was told."""
    said: list[str] = []
    heard = threading.Event()

    def lost(sentence: str) -> None:
        said.append(sentence)
        heard.set()

    with beating(database, what="worker", lost=lost, host=HERE, seconds=0.05, **more):
        happens()
        assert heard.wait(60)
    return said[0]


def test_who_was_taken_over_is_told_to_leave(database: Database):
    """Two machines never go on side by side on one file."""
    assert "took this database over" in told(database, lambda: begin(database, THERE, take_over=True))
    assert at_work(database) == ["beta"]


def test_who_no_longer_fits_the_database_is_told_to_leave(database: Database):
    """A newer release upgraded it and does not allow this one."""
    newer = threading.Event()

    def check() -> None:
        if newer.is_set():
            raise Refused("Install the newer release here.")

    assert told(database, newer.set, check=check) == "Install the newer release here."


@BOTH
def test_a_beat_is_seen_and_a_lost_row_comes_back_on_postgresql(database: Database, clock: StillClock):
    """Cut off for long and swept by another, a worker on PostgreSQL says that it is there, and stays."""
    over = threading.Event()
    with beating(database, what="worker", lost=nobody, host=HERE, seconds=0.05):
        clock.at += timedelta(minutes=2)
        if not database.is_sqlite:
            with database.writing() as session:
                assert heartbeat.forget_all(session) == 1
        for _ in range(1_000):
            if at_work(database):
                break
            over.wait(0.05)
        assert at_work(database) == ["alpha"]


def test_a_database_that_is_away_is_asked_again(database: Database, clock: StillClock):
    """No beat for a while is no reason to leave."""
    over = threading.Event()
    with beating(database, what="worker", lost=nobody, host=HERE, seconds=0.05):
        with database.writing() as session:
            session.execute(text("ALTER TABLE heartbeat RENAME TO away"))
        over.wait(0.3)
        with database.writing() as session:
            session.execute(text("ALTER TABLE away RENAME TO heartbeat"))
        clock.at += timedelta(minutes=2)
        for _ in range(1_000):
            if at_work(database):
                break
            over.wait(0.05)
        assert at_work(database) == ["alpha"]


def test_this_machine_is_known():
    """By something that is the same at each call."""
    assert heartbeat.this_host() == heartbeat.this_host()
    assert all(vars_of(heartbeat.this_host()))
    assert heartbeat.release()


def vars_of(host: Host) -> tuple[str, str, str]:
    return host.machine, host.boot, host.name
