"""An approval binds one person's yes to one content, and falls with any change of it."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import select

from digest.database import Database
from digest.errors import BadInput, Refused
from digest.issues import drafting, editing, lifecycle
from digest.issues.models import Issue, IssueCandidate, IssueStatus
from digest.proofs import approval, making
from digest.proofs.check import Level
from digest.proofs.models import Approval, Edition
from digest.proofs.relaxed import NOT_NEEDED
from digest.rendering.urls import Urls
from subscribers import end
from tests.conftest import BOTH, KEYS, NOW
from tests.issues import newsroom

URLS = Urls("http://127.0.0.1:8000", KEYS)


def ready(database: Database) -> Issue:
    newsroom.found(database)
    newsroom.publish(database, newsroom.a_week())
    for name in "abcde":
        newsroom.reader(database, f"{name}@readers.example", "sc")
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    making.make_proof(database, issue.id, urls=URLS, at=NOW, relaxed=NOT_NEEDED)
    return issue


def holds(database: Database, issue: Issue) -> bool:
    with database.reading() as session:
        return approval.valid(session, drafting.find(session, issue.id)) is not None


@BOTH
def test_an_approval_holds_until_something_is_edited(database: Database):
    """Approved, it is valid; a changed subject makes it a draft, and the old yes counts no more."""
    issue = ready(database)
    assert not holds(database, issue)
    made = approval.approve(database, issue.id, who="chief", at=NOW)
    assert (made.who, sum(made.audience.values())) == ("chief", 5)
    assert holds(database, issue)
    editing.set_text(database, issue.id, "subject", "A better subject", who="ed", at=NOW)
    assert not holds(database, issue)
    with database.reading() as session:
        assert drafting.find(session, issue.id).status == IssueStatus.draft
    with pytest.raises(Refused, match="draft cannot become approved"):
        approval.approve(database, issue.id, who="chief", at=NOW)


@BOTH
def test_tampered_content_is_no_longer_approved(database: Database):
    """Whoever changes a stored candidate or edition without an edit breaks the hash."""
    issue = ready(database)
    approval.approve(database, issue.id, who="chief", at=NOW)
    with database.writing() as session:
        edition = session.exec(select(Edition)).first()
        assert edition is not None
        edition.content_hash = "other"
    assert not holds(database, issue)
    with database.writing() as session:
        edition = session.exec(select(Edition)).first()
        candidate = session.exec(select(IssueCandidate)).first()
        assert edition is not None
        assert candidate is not None
        candidate.inputs = candidate.inputs | {"headline": "Swapped"}
    assert not holds(database, issue)


def test_without_a_proof_there_is_nothing_to_approve(database: Database):
    """The sentence names the command that makes one."""
    issue = ready(database)
    editing.set_text(database, issue.id, "subject", "A better subject", who="ed", at=NOW)
    with database.writing() as session:
        held = drafting.find(session, issue.id)
        lifecycle.move(held, IssueStatus.in_review, NOW)
        session.add(held)
    with pytest.raises(Refused, match="digest issues check 1"):
        approval.approve(database, issue.id, who="chief", at=NOW)


def test_red_blocks_and_amber_wants_a_reason(database: Database):
    """Red is never accepted; amber is, by its code and a reason, which is kept."""
    issue = ready(database)
    editing.set_text(database, issue.id, "subject", "SHOUTING AT OUR READERS", who="ed", at=NOW)
    making.make_proof(database, issue.id, urls=URLS, at=NOW, relaxed=NOT_NEEDED)
    with pytest.raises(Refused, match="--accept subject-shouts=REASON"):
        approval.approve(database, issue.id, who="chief", at=NOW)
    with pytest.raises(BadInput, match="Say why"):
        approval.approve(database, issue.id, who="chief", at=NOW, accepted={"subject-shouts": " "})
    made = approval.approve(database, issue.id, who="chief", at=NOW, accepted={"subject-shouts": "it is a name"})
    assert made.accepted == {"subject-shouts": "it is a name"}
    editing.set_text(database, issue.id, "subject", "Re: your question", who="ed", at=NOW)
    making.make_proof(database, issue.id, urls=URLS, at=NOW, relaxed=NOT_NEEDED)
    with pytest.raises(Refused, match="pretends to be an answer"):
        approval.approve(database, issue.id, who="chief", at=NOW, accepted={"subject-reply": "why not"})


@BOTH
def test_what_can_change_is_looked_at_again(database: Database):
    """A retracted story is red at send time; so is an empty audience; a fifth fewer readers is amber."""
    issue = ready(database)
    approval.approve(database, issue.id, who="chief", at=NOW)
    with database.reading() as session:
        held = drafting.find(session, issue.id)
        assert approval.recheck(session, held, NOW) == []
    newsroom.change(database, "south-caucasus-1", status="retracted")
    with database.writing() as session:
        for name in "ab":
            found = newsroom.person(session, f"{name}@readers.example")
            end(session, ref=found, family="weekly", list_id=None, at=NOW, source="test")
    with database.reading() as session:
        checks = approval.recheck(session, drafting.find(session, issue.id), NOW)
    assert [(check.level, check.code) for check in checks] == [
        (Level.red, "withdrawn-story"),
        (Level.amber, "readers-changed"),
    ]
    with database.writing() as session:
        for name in "cde":
            found = newsroom.person(session, f"{name}@readers.example")
            end(session, ref=found, family="weekly", list_id=None, at=NOW, source="test")
    with database.reading() as session:
        checks = approval.recheck(session, drafting.find(session, issue.id), NOW)
    assert "no-readers" in {check.code for check in checks if check.level is Level.red}


def test_an_approval_can_be_taken_back(database: Database):
    """The row stays with the time it fell; the editions stand, and approving them again needs nothing made anew."""
    issue = ready(database)
    with pytest.raises(Refused, match="no approval can be taken back"):
        approval.revoke(database, issue.id, who="chief", at=NOW)
    approval.approve(database, issue.id, who="chief", at=NOW)
    later = NOW + timedelta(minutes=5)
    assert approval.revoke(database, issue.id, who="chief", at=later).status == IssueStatus.in_review
    approval.approve(database, issue.id, who="chief", at=later)
    with database.writing() as session:  # not the content that the hash is of: nothing is kept
        session.execute(update(Edition).values(content_hash="another"))
    assert approval.revoke(database, issue.id, who="chief", at=later).status == IssueStatus.draft
    with database.reading() as session:
        assert [one.withdrawn_at for one in session.exec(select(Approval))] == [later, later]
