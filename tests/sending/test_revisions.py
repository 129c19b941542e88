"""A paused issue that is changed: the rest get the new revision, whatever was on its way, and nothing retracted."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from digest.articles import changes
from digest.articles.models import ArticleStatus
from digest.clock import StillClock
from digest.database import Database
from digest.errors import Refused
from digest.issues import editing
from digest.issues.models import Issue
from digest.proofs import approval, making
from digest.rendering.urls import Urls
from digest.sending import batches, control, routing, sender, starting, work
from digest.sending.editions import Editions
from digest.sending.models import table
from digest.sending.provider import BatchRefused, Mailing, NotTaken, UnknownOutcome
from subscribers.models import Subscriber
from tests.conftest import BOTH, NOW
from tests.sending import approved, newsroom
from tests.sending.fakes import Never, Scripted, means


def under_way(database: Database, clock: StillClock, provider: Scripted, readers: int = 6) -> UUID:
    """Bring an issue so far that it is being sent, to six readers of one list."""
    approved.newsroom(database)
    for number in range(readers):
        approved.reader(database, f"reader-{number}", [approved.WHERE[0]])
    issue_id = approved.approve(database)
    control.send(database, issue_id, who="editor", at=NOW, undo=timedelta(0))
    work.drain(means(database, clock, provider), issue_id, Never(), share=1)
    return issue_id


def approve_again(database: Database, clock: StillClock, issue_id: UUID) -> None:
    """Approve what was changed, and order it to be sent."""
    at = clock.now()
    urls = Urls(approved.BASE, approved.KEYS)
    proof = making.make_proof(database, issue_id, urls=urls, at=at, relaxed=approved.RELAXED)
    accepted = {check.code: "a test" for check in proof.checks if check.level == "amber"}
    approval.approve(database, issue_id, who="editor", at=at, accepted=accepted)
    control.send(database, issue_id, who="editor", at=at, undo=timedelta(0))


@BOTH
def test_who_was_in_a_dead_workers_hands_gets_the_new_revision(database: Database, clock: StillClock):
    """The new revision waits for the lease of the old batch, and then its readers get what is approved now."""
    provider = Scripted(recipients=2)
    issue_id = under_way(database, clock, provider)
    tools = means(database, clock, provider)
    route = routing.guess(tools.account)
    claim = sender._claim(tools, Editions(provider, newsroom.KEYS, approved.BASE), 1, route, route.parts[0])
    assert claim is not None
    control.pause(database, issue_id, who="editor", at=NOW)
    editing.set_text(database, issue_id, "subject", "Revision two", who="editor", at=NOW)
    approve_again(database, clock, issue_id)
    work.drain(tools, issue_id, Never())
    assert newsroom.issue(database).status == "scheduled"
    assert len(provider.got) == 1
    clock.sleep(301)
    work.drain(tools, issue_id, Never())
    assert newsroom.issue(database).status == "sent"
    assert [mailing.content.subject for mailing in provider.got[1:]] == ["Revision two"] * 2
    assert sorted(provider.taken.values()) == [1] * 6


def changed_while(database: Database, clock: StillClock, issue_id: UUID) -> None:
    """Pause the issue, change its subject, and order the new revision."""
    control.pause(database, issue_id, who="editor", at=clock.now())
    editing.set_text(database, issue_id, "subject", "Revision two", who="editor", at=clock.now())
    approve_again(database, clock, issue_id)


@BOTH
@pytest.mark.parametrize("answer", [NotTaken("busy", throttled=True), BatchRefused("400")])
def test_a_call_on_its_way_at_the_pause_comes_back_as_the_new_revision(
    database: Database, clock: StillClock, answer: Exception
):
    """Not taken, or refused and halved: its readers get what is approved by then."""
    provider = Scripted([None, answer], recipients=2)
    issue_id = under_way(database, clock, provider)
    tools = means(database, clock, provider)

    def change(_mailing: Mailing) -> None:
        provider.before = None
        changed_while(database, clock, issue_id)
        work.drain(tools, issue_id, Never())  # another worker looks, and waits for this call
        assert newsroom.issue(database).status == "scheduled"

    provider.before = change
    sender.run(tools, 1, Never(), share=1)
    clock.sleep(60)
    work.drain(tools, issue_id, Never())
    assert newsroom.issue(database).status == "sent"
    assert {mailing.content.subject for mailing in provider.got[2:]} == {"Revision two"}
    assert sorted(provider.taken.values()) == [1] * 6


@BOTH
def test_what_would_be_repeated_is_not_when_the_issue_was_changed(database: Database, clock: StillClock):
    """Unknown whether it arrived: its readers are uncertain, and told to get it again they get the new revision."""
    provider = Scripted([None, UnknownOutcome("reset")], recipients=2, idempotency=timedelta(days=1))
    issue_id = under_way(database, clock, provider)
    tools = means(database, clock, provider)
    sender.run(tools, 1, Never(), share=1)
    changed_while(database, clock, issue_id)
    work.drain(tools, issue_id, Never())
    assert sorted(newsroom.states(database).values()) == ["accepted"] * 4 + ["uncertain"] * 2
    assert newsroom.issue(database).status == "sent"
    again = control.Resolution.again
    assert control.resolve(database, issue_id, again, who="editor", at=clock.now()) == 2
    work.drain(tools, issue_id, Never())
    assert [mailing.content.subject for mailing in provider.got[2:]] == ["Revision two"] * 2
    assert sorted(provider.taken.values()) == [1] * 6


@BOTH
def test_an_outdated_edition_is_never_handed_over(database: Database, clock: StillClock):
    """A batch of revision 1 that nobody knew of, while revision 2 is sent: given back; who left is withdrawn."""
    room = newsroom.make(database, readers=4)
    newsroom.queue(database, room)
    now = clock.now()
    with database.writing() as session:
        claim = batches.claim(session, 1, "scripted", now=now, lease=timedelta(seconds=300), capacity=lambda _s, _e: 4)
    assert claim is not None
    newsroom.second_revision(database, room)
    newsroom.set_issue(database, status="sending")
    with database.writing() as session:
        session.execute(update(table(Subscriber)).where(table(Subscriber).c.id == 4).values(erased_at=now))
        assert batches.hand_over(session, claim, ["caucasus"], now=now, needed=timedelta(0), seal=None) is None
    provider = Scripted()
    sender.run(means(database, clock, provider), 1, Never())
    rows = newsroom.rows_of(database, newsroom.DELIVERY, newsroom.DELIVERY.c.issue_number == 1)
    got = {row.subscriber_id: (row.state, row.edition_number) for row in rows}
    assert got == {**dict.fromkeys((1, 2, 3), ("accepted", 900)), 4: ("withdrawn", 100)}
    assert newsroom.issue(database).status == "sent"


@BOTH
def test_the_look_at_old_calls_leaves_an_issue_alone_that_another_began(
    database: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch
):
    """Two workers look at the same moment: the slower one touches no batch of what is being sent by then."""
    room = newsroom.make(database, readers=2)
    tools = means(database, clock, Scripted([UnknownOutcome("reset")], idempotency=timedelta(days=1)))
    original = starting._is_called

    def slower(*given: object) -> bool:
        monkeypatch.setattr(starting, "_is_called", original)
        newsroom.queue(database, room)
        sender.run(tools, 1, Never(), share=1)
        return original(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(starting, "_is_called", slower)
    assert not starting.start(tools, room.issue_id)
    assert set(newsroom.states(database).values()) == {"claimed"}
    assert newsroom.rows_of(database, newsroom.BATCH)[0].state == "repeating"


@BOTH
def test_the_approval_of_a_paused_issue_holds(database: Database, clock: StillClock):
    """A pause changes no content: the approval of then is the approval of now, and it can be resumed."""
    issue_id = under_way(database, clock, Scripted(recipients=2))
    control.pause(database, issue_id, who="editor", at=NOW)
    with database.reading() as session:
        assert approval.valid(session, session.get_one(Issue, issue_id))
    newsroom.set_issue(database, version=7)
    with pytest.raises(Refused, match="approval does not hold"):
        control.resume(database, issue_id, who="editor", at=NOW, account="scripted")
    newsroom.set_issue(database, version=1)
    control.resume(database, issue_id, who="editor", at=NOW, account="scripted")
    assert newsroom.issue(database).status == "sending"


@BOTH
def test_a_story_retracted_during_the_pause_goes_to_nobody_else(database: Database, clock: StillClock):
    """Resuming is refused and says how to mend it; left out and approved again, the rest get the new revision."""
    provider = Scripted(recipients=2)
    issue_id = under_way(database, clock, provider)
    control.pause(database, issue_id, who="editor", at=NOW)
    with database.writing() as session:
        address = "https://example.org/story-south-caucasus-1"
        story = changes.withdraw(session, address, status=ArticleStatus.retracted, reason="wrong", who="nino", at=NOW)
    with pytest.raises(Refused, match=r"cannot go on: A story is retracted .* exclude"):
        control.resume(database, issue_id, who="editor", at=NOW, account="scripted")
    editing.exclude(database, issue_id, story.id, who="editor", at=NOW)
    approve_again(database, clock, issue_id)
    work.drain(means(database, clock, provider), issue_id, Never())
    assert "story-south-caucasus-1" in provider.got[0].content.html
    assert all("story-south-caucasus-1" not in mailing.content.html for mailing in provider.got[1:])
    assert sorted(provider.taken.values()) == [1] * 6


@BOTH
def test_what_is_over_says_so(database: Database, clock: StillClock):
    """Sent, cancelled, held or paused before: one plain sentence, not the table of moves."""
    provider = Scripted()
    issue_id = under_way(database, clock, provider, readers=2)
    work.drain(means(database, clock, provider), issue_id, Never())
    with pytest.raises(Refused, match="is sent already"):
        control.send(database, issue_id, who="editor", at=NOW, undo=timedelta(0))
    for status, held, words in (
        ("sending", "A call broke off.", r"is held: A call broke off\. Let it go on: digest issues resume 1\."),
        ("paused", "", r"is paused\. Let it go on"),
        ("skipped", "", "is skipped already"),
        ("cancelled", "", "is cancelled already; it cannot be sent"),
    ):
        newsroom.set_issue(database, status=status, held=held)
        with pytest.raises(Refused, match=words):
            control.send(database, issue_id, who="editor", at=NOW, undo=timedelta(0))
    with pytest.raises(Refused, match="is cancelled already"):
        control.cancel(database, issue_id, who="editor", at=NOW)
