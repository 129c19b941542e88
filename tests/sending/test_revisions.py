"""A paused issue that is changed: the rest get the new revision, whatever was on its way, and nothing retracted."""

from datetime import timedelta
from uuid import UUID

import pytest

from digest.articles import changes
from digest.articles.models import ArticleStatus
from digest.clock import StillClock
from digest.database import Database
from digest.errors import Refused
from digest.issues import editing
from digest.proofs import approval, making
from digest.rendering.urls import Urls
from digest.sending import control, sender, work
from digest.sending.editions import Editions
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
    claim = sender._claim(tools, Editions(provider, newsroom.KEYS, approved.BASE), 1)
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
    """Sent or cancelled before: one plain sentence, not the table of moves."""
    provider = Scripted()
    issue_id = under_way(database, clock, provider, readers=2)
    work.drain(means(database, clock, provider), issue_id, Never())
    with pytest.raises(Refused, match="is sent already"):
        control.send(database, issue_id, who="editor", at=NOW, undo=timedelta(0))
    newsroom.set_issue(database, status="cancelled")
    with pytest.raises(Refused, match="is cancelled already"):
        control.cancel(database, issue_id, who="editor", at=NOW)
