"""What people order: each order acts between batches, is logged, and never loses a row of the ledger."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import delete, update

from digest.articles.models import Article, ArticleStatus
from digest.clock import StillClock
from digest.database import Database
from digest.errors import NotFound, Refused
from digest.issues.models import Issue, IssueLog, IssueStatus
from digest.proofs.relaxed import NOT_NEEDED
from digest.sending import batches, control, last_look, ledger, pacing, recovering, sender, starting, work
from digest.sending.control import Resolution
from digest.sending.models import table
from digest.sending.provider import BatchRefused, UnknownOutcome
from subscribers.models import SubscriberAudience, Subscription
from tests.conftest import BOTH, NOW
from tests.sending import approved, newsroom
from tests.sending.fakes import Never, Scripted, means

FIVE = timedelta(minutes=5)
ZERO = timedelta(0)


def sending(database: Database, readers: int = 10) -> newsroom.Newsroom:
    """Make an issue that is being sent."""
    room = newsroom.make(database, readers=readers)
    newsroom.queue(database, room)
    return room


@BOTH
def test_nothing_is_written_before_the_undo_window_is_over(database: Database, clock: StillClock):
    """Sent at 06:00 with five minutes to undo: until 06:05 there is nothing to do; then it starts."""
    approved.newsroom(database)
    approved.reader(database, "one", [approved.WHERE[0]])
    issue_id = approved.approve(database)
    starts = control.send(database, issue_id, who="editor", at=NOW, undo=FIVE)
    assert starts == NOW + FIVE
    clock.sleep(299)
    assert [job.kind for job in work.due(database, clock.now())] == ["tick", "refresh"]
    assert newsroom.states(database) == {}
    clock.sleep(1)
    assert [job.kind for job in work.due(database, clock.now())] == ["drain", "tick", "refresh"]
    control.cancel(database, issue_id, who="editor", at=clock.now())
    assert (newsroom.issue(database).status, newsroom.states(database)) == ("cancelled", {})
    assert [row.what for row in newsroom.rows_of(database, table(IssueLog))][-2:] == ["schedule", "cancel"]


@BOTH
def test_the_undo_window_ends_at_the_scheduled_minute(database: Database):
    """Scheduled for 08:00, it starts at 08:00; for three minutes from now, it waits for the window's end."""
    approved.newsroom(database)
    approved.reader(database, "one", [approved.WHERE[0]])
    issue_id = approved.approve(database)
    eight = NOW + timedelta(hours=2)
    assert control.schedule(database, issue_id, eight, who="editor", at=NOW, undo=FIVE) == eight
    soon = NOW + timedelta(minutes=3)
    assert control.schedule(database, issue_id, soon, who="editor", at=NOW, undo=FIVE) == NOW + FIVE
    with pytest.raises(Refused, match="is over"):
        control.schedule(database, issue_id, NOW - FIVE, who="editor", at=NOW, undo=FIVE)


@BOTH
def test_what_is_not_approved_is_not_sent(database: Database):
    """No approval: refused with the command to run. No issue: not found."""
    room = newsroom.make(database, status=IssueStatus.draft)
    with pytest.raises(Refused, match="digest issues approve"):
        control.send(database, room.issue_id, who="editor", at=NOW, undo=ZERO)
    with pytest.raises(NotFound):
        control.send(database, newsroom.SPACE, who="editor", at=NOW, undo=ZERO)


@BOTH
def test_pause_resume_cancel(database: Database, clock: StillClock):
    """Four sent, paused, resumed for four more, then cancelled: what was accepted stays, the rest is cancelled."""
    room = sending(database)
    tools = means(database, clock, Scripted())
    sender.run(tools, 1, Never(), share=1)
    counts = control.pause(database, room.issue_id, who="operator", at=NOW, reason="a typo")
    assert (counts["accepted"], counts["queued"]) == (4, 6)
    sender.run(tools, 1, Never())
    assert list(newsroom.states(database).values()).count("queued") == 6
    control.resume(database, room.issue_id, who="operator", at=NOW, account="scripted")
    sender.run(tools, 1, Never(), share=1)
    counts = control.cancel(database, room.issue_id, who="operator", at=NOW)
    assert {state: n for state, n in counts.items() if n} == {"accepted": 8, "cancelled": 2}
    with pytest.raises(Refused):
        control.resume(database, room.issue_id, who="operator", at=NOW, account="scripted")
    with pytest.raises(Refused):
        control.cancel(database, room.issue_id, who="operator", at=NOW)


@BOTH
def test_an_issue_whose_last_readers_left_during_a_pause_goes_on_and_ends(database: Database, clock: StillClock):
    """They are withdrawn; that nobody would get it now keeps no issue from its end that is under way."""
    room = sending(database, 4)
    control.pause(database, room.issue_id, who="operator", at=NOW)
    with database.writing() as session:
        session.execute(update(table(Subscription)).values(state="ended"))
        session.execute(delete(table(SubscriberAudience)))
    control.resume(database, room.issue_id, who="operator", at=NOW, account="scripted")
    work.drain(means(database, clock, Scripted()), room.issue_id, Never())
    assert set(newsroom.states(database).values()) == {"withdrawn"}
    assert newsroom.issue(database).status == "sent"


@BOTH
def test_what_has_not_begun_is_held_back_by_a_pause(database: Database, clock: StillClock):
    """A pause in the undo window holds; resumed, it may start."""
    room = newsroom.make(database)
    control.pause(database, room.issue_id, who="operator", at=NOW)
    assert newsroom.issue(database).held == "paused by operator"
    assert len(work.due(database, clock.now())) == 2
    control.resume(database, room.issue_id, who="operator", at=NOW, account="scripted")
    assert len(work.due(database, clock.now())) == 3


@BOTH
def test_rows_that_would_return_to_a_cancelled_issue_are_cancelled(database: Database, clock: StillClock):
    """A worker dies before the mark, the issue is cancelled meanwhile: its batch does not queue anybody again."""
    room = sending(database, 6)
    tools = means(database, clock, Scripted([BatchRefused("400")]))
    sender.run(tools, 1, Never(), share=1)  # two halves of two, that wait
    with database.writing() as session:
        claim = batches.claim(session, 1, "scripted", now=NOW, lease=FIVE, capacity=lambda _s, _e: 4)
    assert claim is not None
    control.cancel(database, room.issue_id, who="operator", at=NOW)
    assert sorted(newsroom.states(database).values()) == ["cancelled"] * 4 + ["claimed"] * 2
    clock.sleep(301)
    work.tidy(tools)
    assert set(newsroom.states(database).values()) == {"cancelled"}


@BOTH
def test_a_cancel_that_broke_off_is_finished_by_the_tick(database: Database, clock: StillClock, monkeypatch):
    """The operator's process dies between two chunks: the next tick cancels what is left."""
    room = sending(database, 7)
    monkeypatch.setattr(control, "CHUNK", 3)
    with monkeypatch.context() as patched:
        patched.setattr(control, "cancel_rows", lambda *_given: None)
        control.cancel(database, room.issue_id, who="operator", at=NOW)
    assert set(newsroom.states(database).values()) == {"queued"}
    work.tidy(means(database, clock, Scripted()))
    assert set(newsroom.states(database).values()) == {"cancelled"}


@BOTH
def test_a_worker_that_finds_its_issue_paused_gives_the_batch_back(database: Database):
    """Paused between claim and hand-over: nothing is called, all are queued again."""
    sending(database, 4)
    with database.writing() as session:
        claim = batches.claim(session, 1, "scripted", now=NOW, lease=FIVE, capacity=lambda _s, _e: 4)
    assert claim is not None
    newsroom.set_issue(database, status="paused")
    with database.writing() as session:
        assert batches.hand_over(session, claim, ["caucasus"], now=NOW, needed=ZERO, seal=None) is None
    assert set(newsroom.states(database).values()) == {"queued"}


@BOTH
def test_a_repetition_waits_while_its_issue_is_paused(database: Database, clock: StillClock):
    """Paused between claim and repetition: the sealed batch stays sealed, and goes on after the resume."""
    room = sending(database, 2)
    provider = Scripted([UnknownOutcome("reset")], idempotency=timedelta(days=1))
    tools = means(database, clock, provider)
    sender.run(tools, 1, Never())
    clock.sleep(60)
    with database.writing() as session:
        claim = batches.claim(session, 1, "scripted", now=clock.now(), lease=FIVE, capacity=lambda _s, _e: 4)
    assert claim is not None
    assert claim.repeating
    control.pause(database, room.issue_id, who="operator", at=clock.now())
    with database.writing() as session:
        assert batches.unseal(session, claim, now=clock.now(), needed=ZERO) is None
    control.resume(database, room.issue_id, who="operator", at=clock.now(), account="scripted")
    sender.run(tools, 1, Never())
    assert set(newsroom.states(database).values()) == {"accepted"}


@BOTH
@pytest.mark.parametrize(
    ("decision", "state", "status"),
    [
        (Resolution.accepted, "accepted", "sent"),
        (Resolution.rejected, "rejected", "sent"),
        (Resolution.again, "queued", "sending"),
    ],
)
def test_a_person_settles_what_is_uncertain(
    database: Database, clock: StillClock, decision: Resolution, state: str, status: str
):
    """They have it; they do not; send again: then the issue is opened again and they get it."""
    room = sending(database, 2)
    tools = means(database, clock, Scripted([UnknownOutcome("reset")]))
    sender.run(tools, 1, Never())
    assert newsroom.issue(database).status == "sent"
    (batch,) = newsroom.rows_of(database, newsroom.BATCH)
    order = partial(control.resolve, database, room.issue_id, decision, who="operator", at=NOW)
    assert order(batch=batch.number + 1) == 0
    assert order(batch=batch.number) == 2
    assert order() == 0
    assert set(newsroom.states(database).values()) == {state}
    issue = newsroom.issue(database)
    assert (issue.status, issue.first_accepted_at) == (status, NOW if state == "accepted" else None)
    assert newsroom.rows_of(database, newsroom.BATCH)[0].state == "settled"


@BOTH
def test_the_tick_ends_what_is_finished_and_takes_back_what_is_lost(database: Database, clock: StillClock):
    """All workers died, one batch before its mark and one after it: queued again, and uncertain."""
    sending(database, 6)
    provider = Scripted()
    tools = means(database, clock, provider)
    with database.writing() as session:
        claim = batches.claim(session, 1, "scripted", now=NOW, lease=FIVE, capacity=lambda _s, _e: 3)
        assert batches.claim(session, 1, "scripted", now=NOW, lease=FIVE, capacity=lambda _s, _e: 3)
    assert claim is not None
    with database.writing() as session:
        assert batches.hand_over(session, claim, ["caucasus"], now=NOW, needed=ZERO, seal=None)
    clock.sleep(299)
    work.tidy(tools)
    assert sorted(newsroom.states(database).values()) == ["claimed"] * 6
    clock.sleep(2)
    work.tidy(tools)
    assert sorted(newsroom.states(database).values()) == ["queued"] * 3 + ["uncertain"] * 3
    with database.writing() as session:
        assert ledger.evidence(session, 1, [1, 2, 3, 4, 5, 6], accepted=True, at=NOW, message_id="m") == 6
    work.tidy(tools)
    assert newsroom.issue(database).status == "sent"
    with database.writing() as session:
        assert recovering.recover(session, 1, tools.rules_of, clock.now()) == 0


@BOTH
def test_draining_an_issue_that_is_not_to_be_sent_does_nothing(database: Database, clock: StillClock):
    """Asked to drain a draft, a worker leaves it alone."""
    room = newsroom.make(database, status=IssueStatus.draft)
    tools = means(database, clock, Scripted())
    assert not starting.start(tools, room.issue_id)
    assert work.drain(tools, room.issue_id, Never()) == "idle"
    assert newsroom.states(database) == {}


@BOTH
def test_a_halted_account_is_halted_again_and_released(database: Database, clock: StillClock):
    """Halting twice keeps the last reason; releasing an unknown account is no error."""
    with database.writing() as session:
        pacing.halt(session, "a", "one")
        pacing.halt(session, "a", "two")
        pacing.release(session, "b")
    assert pacing.reserve(database, "a", 1.0) == "two"
    with database.writing() as session:
        pacing.release(session, "a")
    assert pacing.reserve(database, "a", 1.0) == 0.0
    assert pacing.reserve(database, "a", 1.0) == pytest.approx(1.0)
    assert clock.now() == NOW


class Looker:
    """A refresher that finds one story's page gone, as the last look before a sending would."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.looked: list[list[UUID]] = []

    def look_at(self, articles: Sequence[UUID]) -> list[str]:
        """Unpublish the first of them."""
        self.looked.append(list(articles))
        with self.database.writing() as session:
            story = session.get_one(Article, articles[0])
            story.status = ArticleStatus.unpublished
            session.add(story)
        return []


@BOTH
def test_the_pages_of_its_stories_are_looked_at_before_it_leaves(database: Database, clock: StillClock):
    """A story that is gone from its page holds the issue, and nothing is frozen."""
    approved.newsroom(database)
    approved.reader(database, "one", [approved.WHERE[0]])
    issue_id = approved.approve(database)
    control.send(database, issue_id, who="editor", at=NOW, undo=ZERO)
    looker = Looker(database)
    tools = replace(means(database, clock, Scripted()), refresher=looker, relaxed=NOT_NEEDED)  # type: ignore[arg-type]
    assert not starting.start(tools, issue_id)
    assert len(looker.looked[0]) > 1
    with database.reading() as session:
        issue = session.get_one(Issue, issue_id)
        assert "unpublished" in issue.held
        assert sum(ledger.counts(session, issue.number).values()) == 0


@BOTH
def test_a_dead_lead_holds_it(database: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch):
    """What the last look says of a lead's page is heard: the issue is held with it, and nothing is frozen."""
    approved.newsroom(database)
    approved.reader(database, "one", [approved.WHERE[0]])
    issue_id = approved.approve(database)
    control.send(database, issue_id, who="editor", at=NOW, undo=ZERO)
    monkeypatch.setattr(last_look, "dead_leads", lambda _means, _issue: ["The page of a lead is dead. It answers 410."])
    assert not starting.start(means(database, clock, Scripted()), issue_id)
    with database.reading() as session:
        issue = session.get_one(Issue, issue_id)
        assert "It answers 410" in issue.held
        assert sum(ledger.counts(session, issue.number).values()) == 0
