"""The engine of one machine: threads that share the issues, leave when told, and tell of what nobody foresaw."""

import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from digest.clock import StillClock
from digest.database import Database
from digest.engine import local
from digest.sending import control, waiting, work
from digest.sending.provider import Mailing, NotTaken
from digest.sending.work import Job, Kind
from tests.conftest import BOTH, NOW
from tests.sending import newsroom
from tests.sending.fakes import Scripted, means


def two_issues(database: Database) -> None:
    """Make two issues that are being sent to the same ten readers."""
    newsroom.queue(database, newsroom.make(database, readers=10, number=1))
    newsroom.queue(database, newsroom.make(database, readers=0, number=2))


@pytest.fixture
def no_schedule(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tick without drafting anything; returns what was said by the ticks."""
    said: list[str] = []

    def tick(tools: object, _alarm: object) -> list[str]:
        work.tidy(tools)  # type: ignore[arg-type]
        return ["ticked"]

    quiet = SimpleNamespace(tick=tick, tell=lambda *_: [], is_near_cutoff=lambda _: False)
    monkeypatch.setattr(local, "ticking", quiet)
    return said


@BOTH
def test_all_that_is_due_is_done(database: Database, clock: StillClock, no_schedule: list[str]):
    """Two issues, three threads: both are sent, each reader once for each, and progress adds up."""
    two_issues(database)
    provider = Scripted(recipients=3)
    done: list[int] = []
    tools = means(database, clock, provider)
    local.run(tools, concurrency=3, until_idle=True, on_progress=done.append, say=no_schedule.append)
    assert sum(done) == 20
    assert set(provider.taken.values()) == {2}
    assert {newsroom.issue(database, number).status for number in (1, 2)} == {"sent"}
    assert no_schedule == ["ticked"]


def test_it_works_and_ticks_until_told_to_leave(
    database: Database, clock: StillClock, no_schedule: list[str], monkeypatch: pytest.MonkeyPatch
):
    """Without --until-idle it looks for work and ticks until the signal comes, and leaves soon after."""
    monkeypatch.setattr(local, "TICK_SECONDS", 0.05)
    monkeypatch.setattr(local, "IDLE_SECONDS", 0.05)
    stop = threading.Event()
    tools = means(database, clock, Scripted())
    thread = threading.Thread(
        target=local.run, args=(tools,), kwargs={"concurrency": 2, "stop": stop, "say": no_schedule.append}
    )
    thread.start()
    two_issues(database)
    until = time.monotonic() + 20
    while newsroom.issue(database, 2).status != "sent" and time.monotonic() < until:
        time.sleep(0.05)
    time.sleep(0.3)
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    assert newsroom.issue(database, 1).status == "sent"
    assert len(no_schedule) > 1


def test_a_call_that_never_ends_does_not_keep_it(
    database: Database, clock: StillClock, no_schedule: list[str], monkeypatch: pytest.MonkeyPatch
):
    """A provider hangs: told to leave, the engine waits its time and goes; the batch is recovered later."""
    monkeypatch.setattr(local, "LEAVE_SECONDS", 0.3)
    newsroom.queue(database, newsroom.make(database, readers=3))
    provider = Scripted()
    hanging, stop = threading.Event(), threading.Event()

    def hang(_mailing: Mailing) -> None:
        stop.set()
        hanging.wait(200)

    provider.before = hang
    local.run(means(database, clock, provider), concurrency=1, stop=stop, say=no_schedule.append)
    assert any(thread.name == "sender-0" for thread in threading.enumerate()), "it was waited for"
    assert set(newsroom.states(database).values()) == {"claimed"}
    hanging.set()
    for thread in threading.enumerate():
        if thread.name == "sender-0":
            thread.join(10)
    assert set(newsroom.states(database).values()) == {"accepted"}  # the late receipt still counts


@pytest.mark.usefixtures("no_schedule")
def test_an_error_nobody_foresaw_ends_the_run(database: Database, clock: StillClock):
    """A broken adapter: the run raises it, and the issue is paused."""
    newsroom.queue(database, newsroom.make(database, readers=8))
    with pytest.raises(ZeroDivisionError):
        local.run(means(database, clock, Scripted([ZeroDivisionError()])), concurrency=1, until_idle=True)
    assert newsroom.issue(database).status == "paused"


def test_one_issue_is_sent_here_and_now(database: Database, clock: StillClock):
    """It waits for what must be tried again, and returns when the issue is sent; a held one is left alone."""
    newsroom.queue(database, newsroom.make(database, readers=8))
    provider = Scripted([NotTaken("busy", 20.0)])
    issue_id = newsroom.issue(database).id
    local.drain(means(database, clock, provider), issue_id, concurrency=2)
    assert newsroom.issue(database).status == "sent"
    assert set(provider.taken.values()) == {1}
    assert clock.now() > NOW
    local.drain(means(database, clock, provider), issue_id, concurrency=2)
    assert len(provider.got) == 3


def test_what_waits_for_long_is_left_and_said(database: Database, clock: StillClock):
    """The provider asks for ten minutes: sending here and now leaves at once, and it is known for what."""
    room = newsroom.make(database, readers=3)
    newsroom.queue(database, room)
    provider = Scripted([NotTaken("busy", 600.0)])
    local.drain(means(database, clock, provider), room.issue_id, concurrency=1)
    assert len(provider.got) == 1
    assert clock.now() - NOW < timedelta(seconds=60)
    with database.reading() as session:
        (sentence,) = waiting.sentences(session, clock.now())
    assert sentence == (
        "Issue 1: 3 deliveries are tried again from 10 min on. Run again then, or leave `digest worker` running."
    )


def test_what_is_held_is_not_waited_for(database: Database, clock: StillClock, tmp_path: Path):
    """A held issue: nothing happens, at once."""
    room = newsroom.make(database, readers=2)
    control.pause(database, room.issue_id, who="operator", at=NOW)
    local.drain(means(database, clock, folder=tmp_path), room.issue_id, concurrency=1)
    assert newsroom.states(database) == {}
    assert Job(Kind.tick) in work.due(database, NOW)


class SlowSites:
    """A refresher whose sites never answer."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.never = threading.Event()

    def run(self, *, stop: threading.Event, say: object) -> None:  # noqa: ARG002 - the signature is Refresher's
        """Wait for ever, as far as a test is concerned."""
        self.asked.set()
        self.never.wait(60)

    before_cutoff = run


@pytest.mark.parametrize("near", [False, True], ids=["between", "at a cut-off"])
def test_slow_sites_hold_up_neither_mail_nor_leaving(
    database: Database,
    clock: StillClock,
    no_schedule: list[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    near: bool,
):
    """While a feed drips, ticks go on and mail is sent; told to leave, the worker leaves. A draft waits but so long."""
    del no_schedule
    quiet = SimpleNamespace(tick=lambda *_: ["ticked"], tell=lambda *_: [], is_near_cutoff=lambda _: near)
    monkeypatch.setattr(local, "ticking", quiet)
    monkeypatch.setattr(local, "DRAFT_SECONDS", 0.2)
    two_issues(database)
    sites, stop, said = SlowSites(), threading.Event(), []

    def say(sentence: str) -> None:
        said.append(sentence)

    tools = replace(means(database, clock, Scripted()), refresher=sites)  # type: ignore[arg-type]
    runner = threading.Thread(target=lambda: local.run(tools, concurrency=2, stop=stop, say=say))
    runner.start()
    assert sites.asked.wait(10)
    for _ in range(200):
        if said and set(newsroom.states(database).values()) == {"accepted"}:
            break
        stop.wait(0.05)
    stop.set()
    runner.join(10)
    sites.never.set()
    assert not runner.is_alive()
    assert said
    assert set(newsroom.states(database).values()) == {"accepted"}
