"""A restored backup: whatever went out since it was made, nobody gets it twice by what it does not know."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlmodel import col

from digest import ticking
from digest.bootstrap import App
from digest.clock import StillClock
from digest.database import Database
from digest.engine import heartbeat
from digest.engine.restored import open_deliveries, restored
from digest.issues import drafting, numbering
from digest.issues.models import Issue, IssueStatus, NumberGap
from digest.proofs.models import Edition
from digest.sending import batches, control, ledger, sender, work
from digest.sending.control import Resolution
from digest.sending.means import Means
from digest.sending.work import Kind
from tests.conftest import BOTH, NOW
from tests.engine import installations
from tests.engine.installations import backed_up
from tests.sending import newsroom
from tests.sending.fakes import Never, Scripted, means
from tests.ticking.newsroom import EIGHT, MONDAY, approve, change, go_to, issues, runs, whats

ALL = 40
PER_CALL = 4


def counts(database: Database, number: int = 1) -> dict[str, int]:
    with database.reading() as session:
        assert ledger.is_whole(session, number)
        return {state: n for state, n in ledger.counts(session, number).items() if n}


def send_the_rest(old: Database, room: newsroom.Newsroom, tools: Means, provider: Scripted) -> None:
    """Resume what was restored: nobody gets anything by that; then the events come in, and what is left goes again."""
    assert [job for job in work.due(old, NOW) if job.kind is Kind.drain] == []
    control.resume(old, room.issue_id, who="operator", at=NOW, account="scripted")
    work.drain(tools, room.issue_id, Never())
    assert set(provider.taken.values()) == {1}
    assert newsroom.issue(old).status == "sent"
    gone = [int(one.split("@")[0].removeprefix("reader-")) for one in provider.taken]
    with old.writing() as session:
        ledger.evidence(session, 1, gone, accepted=True, at=NOW)
    control.resolve(old, room.issue_id, Resolution.again, who="operator", at=NOW)
    work.drain(tools, room.issue_id, Never())


@BOTH
def test_a_restore_in_the_middle_of_a_send_sends_nobody_twice(database: Database, clock: StillClock, tmp_path: Path):
    """Backed up after 12 of 40, all sent, then restored: those 28 wait for evidence or a person, and get it once."""
    room = newsroom.make(database, readers=ALL)
    newsroom.queue(database, room)
    provider = Scripted(recipients=PER_CALL)
    sender.run(means(database, clock, provider), 1, Never(), share=3)
    with database.writing() as session:  # one more is in a worker's hands when the backup is made
        batches.claim(session, 1, "scripted", now=NOW, lease=timedelta(seconds=120), capacity=lambda *_: PER_CALL)
    url = backed_up(database, tmp_path)
    sender.run(means(database, clock, provider), 1, Never())
    assert len(provider.taken) == ALL - PER_CALL

    old = Database(url, clock)
    assert open_deliveries(old) == 28
    done = restored(old, who="operator", at=NOW)
    assert (done.paused, done.held, done.uncertain) == ([1], [], 28)
    assert counts(old) == {"accepted": 12, "uncertain": 28}
    again = restored(old, who="operator", at=NOW)
    assert (again.paused, again.held, again.uncertain) == ([], [], 0)

    send_the_rest(old, room, means(old, clock, provider), provider)
    assert len(provider.taken) == ALL
    assert set(provider.taken.values()) == {1}
    assert counts(old) == {"accepted": ALL}
    old.close()


@BOTH
def test_what_is_cancelled_stays_and_what_was_under_way_stops(database: Database, clock: StillClock):
    """Paused ones' readers are uncertain, too: somebody may have resumed it since. Cancelled rows never change."""
    newsroom.queue(database, newsroom.make(database, readers=6, number=1))
    control.pause(database, newsroom.issue(database, 1).id, who="operator", at=NOW)
    newsroom.make(database, readers=0, number=2)
    newsroom.make(database, readers=0, number=3, status=IssueStatus.freezing)
    room = newsroom.make(database, readers=0, number=4)
    newsroom.queue(database, room)
    newsroom.set_issue(database, 4, status="cancelled")
    heartbeat.begin(database, what="worker", host=heartbeat.this_host())
    done = restored(database, who="operator", at=NOW)
    assert (done.paused, done.held) == ([], [2, 3])
    assert counts(database, 1) == {"uncertain": 6}
    assert counts(database, 4) == {"queued": 6}
    assert "restored from a backup" in newsroom.issue(database, 3).held
    work.tidy(means(database, clock, Scripted()))
    assert counts(database, 4) == {"cancelled": 6}
    with database.reading() as session:
        assert heartbeat.at_work(session, NOW) == []


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    """Return an installation whose clock stands an hour before Monday's cut-off."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    with installations.weekly(tmp_path, url) as made:
        yield made


def test_a_run_that_is_due_is_told_and_not_drafted(app: App):
    """Its issue may have gone out: nothing is drafted, the editors hear of it, and the next week is as ever."""
    change(app, editors=["editor@example.org"])
    assert whats(app) == []
    go_to(app, MONDAY + timedelta(hours=1))
    (sentence,) = restored(app.database, who="operator", at=app.clock.now()).runs
    assert "digest issues draft weekly --at 2026-11-23T06:00Z" in sentence
    said = ticking.tick(app.means)
    assert issues(app) == []
    assert any("editor@example.org" in one for one in said), said
    (letter,) = app.settings.outbox_dir.rglob("*.eml")
    assert "restored from a backup" in " ".join(letter.read_text(encoding="utf-8").replace("=\n", "").split())
    assert restored(app.database, who="operator", at=app.clock.now()).runs == []
    assert [run.outcome.split(":")[0] for run in runs(app)] == ["restored"]


def test_a_draft_with_an_hour_is_not_sent_by_it(app: App):
    """Approved before the backup, sent after it by hand for all we know: its hour comes and it stays, held."""
    go_to(app, MONDAY)
    assert whats(app)[0] == "drafted"
    approve(app, issues(app)[0])
    assert restored(app.database, who="operator", at=app.clock.now()).held == [1]
    go_to(app, EIGHT)
    assert "sent" not in whats(app)
    (issue,) = issues(app)
    assert issue.status == "approved"
    assert "restored from a backup" in issue.held


def test_numbers_that_the_backup_forgot_are_not_given_again(app: App):
    """An event of the lost issue 2 must not settle mail of another issue 2; the same backup again gives a third one."""
    go_to(app, MONDAY)
    assert whats(app)[0] == "drafted"
    approve(app, issues(app)[0])
    at = app.clock.now()
    with app.database.reading() as session:
        editions = numbering.last(session, col(Edition.number))
        assert numbering.last(session, col(Issue.number)) == 1
    assert editions > 0
    restored(app.database, who="operator", at=at)
    restored(app.database, who="operator", at=at)
    with app.database.writing() as session:
        first = numbering.last(session, col(Issue.number))
        assert first > 1000
        assert numbering.last(session, col(Edition.number)) == first + editions - 1
        session.execute(delete(NumberGap))  # as in the backup
    restored(app.database, who="operator", at=at + timedelta(days=1))
    later = drafting.draft(app.database, "weekly", as_of=MONDAY + timedelta(days=7), at=MONDAY + timedelta(days=7))
    assert later.number == first + 24 + 1
