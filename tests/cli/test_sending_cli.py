"""The sending commands, as an operator or a script uses them: with an outbox, in a folder of its own."""

import json
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from typer.testing import CliRunner, Result

from digest import bootstrap
from digest.cli import app as everything
from digest.cli import worker
from digest.clock import SystemClock
from digest.database import Database
from digest.errors import BadInput, NotFound, Refused
from digest.sending import batches, control, sender, starting, work
from digest.sending.models import Delivery, table
from digest.sending.provider import UnknownOutcome
from tests import databases
from tests.conftest import STRONG
from tests.sending import approved, newsroom
from tests.sending.fakes import Never, Scripted, means

Run = Callable[..., Result]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder with an approved issue for three readers of two editions, and go there."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"SECRET_KEY": STRONG, "ADDRESS_KEY": STRONG, "SEND_RATE": "1000"}.items():
        monkeypatch.setenv(f"DIGEST_{name}", value)
    databases.copy(tmp_path / "digest.db", databases.migrated)
    with bootstrap.opened() as app:
        approved.newsroom(app.database)
        for name, lists in (("one", 1), ("two", 1), ("three", 2)):
            approved.reader(app.database, name, approved.WHERE[:lists])
        approved.approve(app.database)
    return tmp_path


def run(*words: str) -> Result:
    """Run a command; what it refuses is raised."""
    return CliRunner().invoke(everything, ["issues", *words], catch_exceptions=False)


def data(*words: str) -> Any:
    """Return the JSON that a command prints."""
    return json.loads(run(*words, "--json").stdout)


def database(place: Path) -> Database:
    """Open the folder's database."""
    return Database(f"sqlite:///{place}/digest.db")


def test_a_dry_run_says_who_would_get_what_and_writes_nothing(place: Path):
    """Two editions with their lists and readers; no row, no file, the issue still approved."""
    told = data("send", "1", "--dry-run")
    assert told["readers"] == 3
    assert sorted((one["readers"], len(one["lists"])) for one in told["editions"]) == [(1, 2), (2, 1)]
    assert told["held"] == []
    approved.reader(database(place), "four", [approved.WHERE[1]])
    words = run("send", "1", "--dry-run").stdout
    assert "would go to 4 readers. Nothing was written." in words
    assert "made at the freeze" in words
    assert data("status", "1")["status"] == "approved"
    assert data("status", "1")["sum"] == 0
    assert not (place / "outbox").exists()


def test_a_dry_run_says_what_would_hold_it(place: Path):
    """The approval fell: the dry run says so."""
    newsroom.set_issue(database(place), version=9)
    assert "approval" in data("send", "1", "--dry-run")["held"][0]
    assert "It would be held" in run("send", "1", "--dry-run").stdout


def test_sending_into_the_outbox_is_done_here_and_now(place: Path):
    """Every reader has a file, the ledger is whole, and a second order is refused."""
    words = run("send", "1").stdout
    assert "Issue 1 is sent." in words
    assert "3  accepted" in words
    assert "3  in all, of an audience of 3" in words
    assert len(list((place / "outbox").rglob("*.eml"))) == 3
    told = data("status", "1")
    assert (told["status"], told["audience"], told["sum"], told["whole"]) == ("sent", 3, 3, True)
    assert told["deliveries"]["accepted"] == 3
    with pytest.raises(Refused, match="Issue 1 is sent already: 3 accepted"):
        run("send", "1")


def test_a_send_that_must_wait_longer_says_for_what(place: Path):
    """A worker died a moment ago: the same command does not hang; it says whose deliveries wait, and how long."""
    data("send", "1", "--no-wait")
    with bootstrap.opened() as app:
        (job, _tick, _refresh) = work.due(app.database, app.clock.now())
        assert starting.start(app.means, job.issue_id)
        with app.database.writing() as session:
            lease = timedelta(seconds=600)
            assert batches.claim(
                session, 1, app.means.account, now=app.clock.now(), lease=lease, capacity=lambda _s, _e: 5
            )
    words = run("send", "1").stdout
    assert len(list((place / "outbox").rglob("*.eml"))) == 1  # of the edition that nobody holds
    assert "Issue 1 is sending." in words
    assert "claimed by a worker that may be dead; their lease ends in 10 min. Run again then" in words
    assert "claimed by a worker" in data("send", "1")["waiting"]
    run("pause", "1")
    with pytest.raises(Refused, match=r"is paused\. Let it go on: digest issues resume 1"):
        run("send", "1")


def test_statuses_are_said_as_people_say_them(place: Path):
    """In review, not in_review; and the data keep the status's own name."""
    newsroom.set_issue(database(place), status="in_review")
    assert "Issue 1 is in review." in run("status", "1").stdout
    assert data("status", "1")["status"] == "in_review"
    with pytest.raises(Refused, match=r"Approve it: digest issues approve 1\."):
        run("send", "1")


def test_no_wait_leaves_it_to_the_worker(place: Path):
    """Scheduled at once, and `digest worker` sends it; a window to undo keeps it back."""
    assert data("send", "1", "--no-wait", "--undo", "5")["status"] == "scheduled"
    assert CliRunner().invoke(everything, ["worker", "--until-idle"], catch_exceptions=False).exit_code == 0
    assert data("status", "1")["status"] == "scheduled"
    assert "`digest worker` sends it" in run("send", "1", "--no-wait").stdout
    result = CliRunner().invoke(everything, ["worker", "--until-idle", "--concurrency", "2"], catch_exceptions=False)
    assert "Sending by outbox" in result.stderr
    assert data("status", "1")["status"] == "sent"
    assert len(list((place / "outbox").rglob("*.eml"))) == 3


def ask_to_wait(app: bootstrap.App, wait: timedelta) -> None:
    """Let all deliveries be put off, as if a provider had asked to."""
    now = app.clock.now()
    with app.database.writing() as session:
        session.execute(update(table(Delivery)).values(next_attempt_at=now + wait, first_failed_at=now))


def test_an_interrupted_send_goes_on_when_it_is_repeated(place: Path):
    """Begun and left half-way: a worker told to leave says what waits, and the same command sends the rest."""
    data("send", "1", "--no-wait")
    with bootstrap.opened() as app:
        (job, _tick, _refresh) = work.due(app.database, app.clock.now())
        assert job.issue_id is not None
        assert starting.start(app.means, job.issue_id)
        ask_to_wait(app, timedelta(minutes=10))
    result = CliRunner().invoke(everything, ["worker", "--until-idle"], catch_exceptions=False)
    assert "Issue 1: 3 deliveries are tried again from " in result.stdout
    assert "`digest worker` running" in result.stdout
    with bootstrap.opened() as app:
        ask_to_wait(app, timedelta(seconds=0.2))
    assert data("send", "1")["status"] == "sent"
    assert len(list((place / "outbox").rglob("*.eml"))) == 3


def test_a_schedule_is_said_in_utc(place: Path):
    """A time to come is taken; one that is over is refused; a pause holds it, a resume lets it go on."""
    words = run("schedule", "1", "--at", "2126-11-24T07:00+01:00").stdout
    assert "Issue 1 leaves 2126-11-24 06:00 UTC." in words
    with pytest.raises(Refused, match="is over"):
        run("schedule", "1", "--at", "2020-01-01T00:00Z")
    assert "HELD: a typo" in run("pause", "1", "--reason", "a typo").stdout
    told = data("pause", "1")
    assert told["held"] == "paused by operator"
    assert "`digest worker` goes on with it." in run("resume", "1").stdout
    assert data("cancel", "1")["status"] == "cancelled"
    with pytest.raises(Refused, match="Issue 1 is cancelled already"):
        run("cancel", "1")
    with pytest.raises(NotFound):
        run("status", "77")
    assert not (place / "outbox").exists()


def test_uncertain_ones_are_shown_and_settled_by_hand(place: Path):
    """A batch without an answer: shown with its reason and the command; settled, the status says so."""
    opened = database(place)
    issue_id = newsroom.issue(opened).id
    at = SystemClock().now()
    control.send(opened, issue_id, who="operator", at=at, undo=timedelta(0))
    tools = means(opened, SystemClock(), Scripted([UnknownOutcome("the line broke")]))
    starting.start(tools, issue_id)
    sender.run(tools, 1, Never())
    words = run("status", "1").stdout
    assert "uncertain: the line broke" in words
    assert "digest issues resolve 1 accepted|rejected|again" in words
    (batch,) = data("status", "1")["uncertain_batches"]
    with pytest.raises(BadInput, match="no decision"):
        run("resolve", "1", "perhaps")
    told = data("resolve", "1", "again", "--batch", str(batch["batch"]), "--as", "me")
    assert (told["resolved"], told["status"]) == (batch["deliveries"], "sending")
    assert "0 uncertain deliveries" in run("resolve", "1", "accepted").stdout
    opened.close()


def test_a_broken_sum_is_shouted(place: Path):
    """A ledger that lost a row says so in capitals, and as data."""
    run("send", "1")
    opened = database(place)
    with opened.writing() as session:
        rows = table(Delivery)
        session.execute(rows.delete().where(rows.c.subscriber_id == 1))
    assert "THE SUM IS NOT THE AUDIENCE" in run("status", "1").stdout
    assert data("status", "1")["whole"] is False
    opened.close()


def test_the_worker_leaves_on_a_signal(place: Path, monkeypatch: pytest.MonkeyPatch):
    """SIGTERM sets the stop signal that the engine waits for; the handlers of the process are put back."""
    handlers: dict[int, Any] = {}

    def register(number: int, handler: Any) -> None:
        if number == signal.SIGTERM and number not in handlers:
            threading.Timer(0.2, handler, (number, None)).start()
        handlers[number] = handler

    monkeypatch.setattr(signal, "signal", register)
    assert CliRunner().invoke(everything, ["worker"], catch_exceptions=False).exit_code == 0
    assert place.exists()
    going = [one for one in threading.enumerate() if isinstance(one, threading.Timer) and one.function is worker._go]
    assert [one for one in going if not one.finished.is_set()] == []  # who left in time is not ended once more


@pytest.mark.parametrize("command", ["schedule", "send", "pause", "resume", "cancel", "status", "resolve"])
def test_every_command_has_help_and_json(command: str):
    """Help in sentences, and --json for machines."""
    words = CliRunner().invoke(everything, ["issues", command, "--help"], env={"COLUMNS": "200"}).stdout
    assert "--json" in words
