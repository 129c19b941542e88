"""The tick: a run once at its cut-off, an issue once at its hour, and a clear word why not."""

from datetime import timedelta
from threading import Thread

import pytest

from digest import ticking
from digest.bootstrap import App
from digest.engine import local
from digest.issues import drafting, editing, log
from digest.issues.models import Issue, Run
from digest.proofs import making
from digest.rendering.urls import Urls
from digest.sending import control
from tests.sending import approved
from tests.ticking.newsroom import EIGHT, MONDAY, approve, change, go_to, issues, runs


def test_a_draft_is_made_at_the_cut_off_once(app: App):
    """Not before, then once, however often one looks, and it knows its hour."""
    assert ticking.tick(app.means) == []
    go_to(app, MONDAY + timedelta(minutes=1))
    (said,) = ticking.tick(app.means)
    assert "drafted with" in said
    assert ticking.tick(app.means) == []
    (issue,) = issues(app)
    assert (issue.as_of, issue.send_at, issue.status) == (MONDAY, EIGHT, "draft")
    assert [run.issue_id for run in runs(app)] == [issue.id]


def test_two_workers_start_the_same_monday_once(app: App):
    """Both look at the same moment; one run, one issue."""
    go_to(app, MONDAY)
    threads = [Thread(target=ticking.tick, args=(app.means,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(runs(app)), len(issues(app))) == (1, 1)
    assert ticking.tick(app.means) == []


def test_a_worker_that_died_after_it_began_a_run_loses_nothing(app: App):
    """The next look goes on with the run that has no outcome."""
    go_to(app, MONDAY)
    with app.database.writing() as session:
        session.add(Run(publication_id=approved.FAMILY, planned_at=MONDAY, send_at=EIGHT, created_at=MONDAY))
    assert len(ticking.tick(app.means)) == 1
    assert (len(runs(app)), len(issues(app))) == (1, 1)


def test_what_is_approved_is_sent_at_its_hour_once(app: App):
    """Approved before, sent at eight, and a later look sends nothing more."""
    go_to(app, MONDAY)
    ticking.tick(app.means)
    approve(app, issues(app)[0])
    go_to(app, EIGHT - timedelta(minutes=1))
    assert ticking.tick(app.means) == []
    go_to(app, EIGHT)
    said: list[str] = []
    local.run(app.means, concurrency=1, until_idle=True, say=said.append)
    assert "is sent now" in said[0]
    assert issues(app)[0].status == "sent"
    local.run(app.means, concurrency=1, until_idle=True, say=said.append)
    assert len(said) == 1
    assert len(list(app.settings.outbox_dir.rglob("*.eml"))) == 1


def test_what_nobody_approved_is_held_and_told_once(app: App):
    """The default: nothing leaves unseen."""
    go_to(app, MONDAY)
    ticking.tick(app.means)
    go_to(app, EIGHT)
    (said,) = ticking.tick(app.means)
    assert "nobody had approved it" in said
    assert ticking.tick(app.means) == []
    (issue,) = issues(app)
    assert issue.held
    with app.database.reading() as session:
        assert log.entries(session, issue)[-1].what == "hold"


def test_a_publication_may_send_what_is_green(app: App):
    """With `unapproved = send`: green goes out; anything amber or red is held, and named."""
    change(app, unapproved="send")
    go_to(app, MONDAY)
    ticking.tick(app.means)
    (issue,) = issues(app)
    editing.set_text(app.database, issue.id, "subject", "Re: what a shouted word", who="nino", at=MONDAY)
    go_to(app, EIGHT)
    (said,) = ticking.tick(app.means)
    assert "is held: " in said
    assert "checks are" in said


def test_a_green_issue_goes_without_an_editor(app: App):
    """The schedule makes its editions, approves them, and sends them."""
    change(app, unapproved="send")
    go_to(app, MONDAY)
    ticking.tick(app.means)
    (issue,) = issues(app)
    urls = Urls(app.settings.base_url, app.keys)
    proof = making.make_proof(app.database, issue.id, urls=urls, at=MONDAY, relaxed=app.means.relaxed)
    ambers = {check.code for check in proof.checks if check.level in ("amber", "red")}
    go_to(app, EIGHT)
    (said,) = ticking.tick(app.means)
    assert ("is sent now" in said) == (not ambers), (said, ambers)


def test_a_cut_off_that_was_missed_by_too_much_is_told_and_left(app: App):
    """A worker that was away for two days drafts nothing stale; it says how to have it all the same."""
    with app.database.writing() as session:
        before = MONDAY - timedelta(days=7)
        session.add(
            Run(publication_id=approved.FAMILY, planned_at=before, send_at=before, outcome="x", created_at=before)
        )
    go_to(app, MONDAY + timedelta(days=2))
    (said,) = ticking.tick(app.means)
    assert "digest issues draft weekly --at 2026-11-23T06:00Z" in said
    assert ticking.tick(app.means) == []
    assert issues(app) == []


def test_a_new_publication_has_no_run_of_last_week(app: App):
    """Set up on a Thursday: nothing is due, and nothing is complained of."""
    go_to(app, MONDAY + timedelta(days=3))
    assert ticking.tick(app.means) == []
    assert runs(app) == []


@pytest.mark.parametrize(
    ("policy", "word", "status"),
    [("skip", "skipped", "skipped"), ("hold", "held", "draft"), ("send", "drafted", "draft")],
)
def test_a_thin_issue_is_treated_as_the_publication_wants(app: App, policy: str, word: str, status: str):
    """Skip it, hold it, or send it all the same; the reason stands with it."""
    change(app, empty=policy, minimum_stories=50)
    go_to(app, MONDAY)
    (said,) = ticking.tick(app.means)
    assert word in said
    assert issues(app)[0].status == status


def test_an_issue_whose_hour_is_long_over_is_held(app: App):
    """Approved on Monday, the worker comes back on Thursday: a person decides."""
    go_to(app, MONDAY)
    ticking.tick(app.means)
    approve(app, issues(app)[0])
    go_to(app, EIGHT + timedelta(days=3))
    assert any("hour is over" in sentence for sentence in ticking.tick(app.means))
    assert issues(app)[0].status == "approved"


def test_an_issue_made_by_hand_is_left_to_its_maker(app: App):
    """Drafted and approved by hand at the same cut-off: the schedule neither makes another nor touches it."""
    go_to(app, MONDAY)
    issue = drafting.draft(app.database, approved.FAMILY, as_of=MONDAY, at=MONDAY)
    approve(app, issue)
    (said,) = ticking.tick(app.means)
    assert "made by hand and is approved" in said
    assert len(issues(app)) == 1


def test_a_paused_issue_that_is_edited_waits_for_a_person(app: App):
    """Its hour is long gone; the tick neither approves the half-done edit nor sends what is approved anew."""
    change(app, unapproved="send", grace_hours=48)
    go_to(app, MONDAY)
    ticking.tick(app.means)
    (issue,) = issues(app)
    approve(app, issue)
    control.schedule(app.database, issue.id, EIGHT, who="nino", at=MONDAY, undo=timedelta(0))
    editing.set_text(app.database, issue.id, "subject", "Half-way through my edit", who="nino", at=MONDAY)
    go_to(app, EIGHT + timedelta(minutes=1))
    assert ticking.tick(app.means) == []
    (edited,) = issues(app)
    assert (edited.status, edited.send_at) == ("draft", None)
    approve(app, edited)
    assert ticking.tick(app.means) == []
    with app.database.writing() as session:
        stored = session.get_one(Issue, issue.id)
        stored.send_at, stored.audience_size = EIGHT, 1  # an older release left such rows
        session.add(stored)
    assert ticking.tick(app.means) == []
