"""``digest issues status --watch``: a line a second until it is done; the same pace as the desk's."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from digest.cli import issue_watching
from digest.clock import StillClock
from digest.database import Database
from digest.editors import watching
from digest.sending import sender
from digest.sending.limits import Limits, WarmUp
from digest.tables import METADATA
from tests.conftest import BOTH, NOW
from tests.sending import newsroom
from tests.sending.fakes import Never, Scripted, means


class Working(StillClock):
    """A clock under which, whenever somebody waits, a worker sends one batch more."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at)
        self.tools: Any = None
        self.waited = 0

    def sleep(self, seconds: float) -> None:
        """Move on, and let the worker work."""
        super().sleep(seconds)
        self.waited += 1
        assert self.waited < 50
        if self.tools is not None:
            sender.run(self.tools, 1, Never(), share=1)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Any]:
    """Make an installation with an issue for ten readers that is being sent, four a call."""
    clock = Working(NOW)
    database = Database(f"sqlite:///{tmp_path}/watch.db", clock)
    METADATA.create_all(database.engine)
    newsroom.queue(database, newsroom.make(database, readers=10))
    clock.tools = means(database, clock, Scripted())
    settings = SimpleNamespace(provider=SimpleNamespace(value="scripted"))
    yield SimpleNamespace(database=database, clock=clock, settings=settings, limits={})
    database.close()


def watch(place: Any, *, as_json: bool = False) -> None:
    """Watch issue 1."""
    issue_watching.watch(place, UUID(str(newsroom.issue(place.database).id)), as_json=as_json)


def test_it_is_watched_to_its_end(place: Any, capsys: pytest.CaptureFixture[str]):
    """Counts, rate and forecast on each line that says something new; the last one says how it ended."""
    watch(place)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "06:00:00  10 queued of 10"
    assert lines[1].startswith("06:00:01  6 queued, 4 accepted of 10 · ")
    assert "a minute · all of these by 06:00:" in lines[1]
    assert "10 accepted of 10" in lines[3]
    assert lines[-1] == "Issue 1 is sent."


def test_machines_get_a_line_of_json_each_second(place: Any, capsys: pytest.CaptureFixture[str]):
    """Every second one, also where nothing changed, with the instant of the forecast."""
    watch(place, as_json=True)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["deliveries"]["accepted"] for one in told] == [0, 4, 8, 10]
    assert [one["status"] for one in told] == ["sending"] * 3 + ["sent"]
    assert told[1]["a_minute"] > 0
    assert datetime.fromisoformat(told[1]["through"]) > NOW
    assert told[-1]["through"] is None


def test_what_is_held_is_not_watched_for_ever(place: Any, capsys: pytest.CaptureFixture[str]):
    """It ends with the reason."""
    newsroom.set_issue(place.database, held="a story was withdrawn")
    watch(place)
    assert capsys.readouterr().out.splitlines()[-1] == "HELD: a story was withdrawn"


def test_what_waits_says_for_what(place: Any, capsys: pytest.CaptureFixture[str]):
    """A limit is reached: it goes on being watched, and the reason stands there once."""
    place.limits = {"scripted": Limits(warm_up=WarmUp(NOW.date(), first=4))}
    assert place.clock.tools is not None
    tools = means(place.database, place.clock, Scripted())
    object.__setattr__(tools, "limits", place.limits)
    place.clock.tools = tools

    class Enough(Exception):
        pass

    def stop(*_: Any) -> None:
        if place.clock.waited >= 5:
            raise Enough

    event.listen(place.database.engine, "begin", stop)
    with pytest.raises(Enough):
        watch(place)
    said = capsys.readouterr().out
    assert said.count("6 deliveries wait for 2026-11-25 00:00 UTC: warm-up day 1 allows 4") == 1


@BOTH
def test_the_pace_is_that_of_the_last_five_minutes(database: Database, clock: StillClock):
    """Taken from the calls that were answered; no forecast where nothing moves, or nothing is left."""
    newsroom.queue(database, newsroom.make(database, readers=10))
    tools = means(database, clock, Scripted())
    sender.run(tools, 1, Never(), share=1)
    clock.at = NOW + timedelta(minutes=2)
    sender.run(tools, 1, Never(), share=1)
    with database.reading() as session:
        found = watching.pace(session, 1, 2, clock.now())
        assert found.a_minute == pytest.approx(4)
        assert found.through == clock.now() + timedelta(seconds=30)
        assert watching.pace(session, 1, 0, clock.now()).through is None
        assert watching.pace(session, 1, 2, NOW + timedelta(hours=1)) == watching.Pace(0, None)
