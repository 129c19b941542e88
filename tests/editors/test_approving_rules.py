"""What a publication may demand of an approval: a test of what is approved, a second person; and what changed since."""

from uuid import UUID

import pytest

from digest.database import Database
from digest.editors import reading, testing
from digest.editors.reading import Review
from digest.errors import BadInput, Refused
from digest.issues import drafting, editing, log, publications
from digest.issues.models import Issue, IssueStatus, Publication
from digest.proofs import approval, demands, making
from digest.proofs.demands import Known
from digest.proofs.models import Edition
from digest.proofs.relaxed import NOT_NEEDED
from digest.rendering.urls import Urls
from digest.sending.provider import Receipt
from tests.conftest import BOTH, KEYS, NOW
from tests.editors import newsroom
from tests.editors.newsroom import ANNA, BASE, BELA
from tests.sending.fakes import Scripted

URLS = Urls(BASE, KEYS)


def drafted(database: Database, **changes: object) -> Issue:
    """Return a draft with its editions made."""
    newsroom.found(database)
    newsroom.change(database, **changes)
    issue = newsroom.draft(database)
    make(database, issue)
    return issue


def weekly(**values: bool) -> Publication:
    needed = {"name": "W", "sender_name": "W", "sender_address": "w@x.example", "postal_address": "1 Street"}
    return Publication.model_validate({"id": "weekly"} | needed | values)


def make(database: Database, issue: Issue) -> None:
    making.make_proof(database, issue.id, urls=URLS, at=NOW, relaxed=NOT_NEEDED)


def review(database: Database, issue: Issue) -> Review:
    with database.reading() as session:
        return reading.read(session, issue.id, urls=URLS, at=NOW)


def tried(
    database: Database, issue: Issue, *to: str, who: str = ANNA, provider: Scripted | None = None
) -> testing.Sent:
    """Send a test of the largest edition."""
    edition = reading.largest(review(database, issue).proof)
    assert edition is not None
    used = provider or Scripted()
    return testing.send(
        database, lambda _: used, issue.id, edition.number, to=to or [who], own=[who], who=who, at=NOW, base_url=BASE
    )


def approve(database: Database, issue: Issue, who: str) -> None:
    accepted = dict.fromkeys({one.code for one in review(database, issue).checks if one.level == "amber"}, "seen")
    approval.approve(database, issue.id, who=who, at=NOW, accepted=accepted)


def reword(database: Database, issue: Issue, text: str, who: str = ANNA) -> None:
    editing.set_text(database, issue.id, "subject", text, who=who, at=NOW)
    make(database, issue)


@BOTH
def test_no_approval_before_a_test_of_that_very_content(database: Database):
    """Refused with what to do; a test of what it was before does not count, and one of what it is does."""
    issue = drafted(database, test_required=True)
    with pytest.raises(Refused, match=r"digest issues test 1 --to ADDRESS"):
        approve(database, issue, ANNA)
    tried(database, issue)
    reword(database, issue, "A better subject")
    assert review(database, issue).unmet(ANNA)
    with pytest.raises(Refused, match="A test of exactly this content"):
        approve(database, issue, ANNA)
    tried(database, issue)
    assert review(database, issue).unmet(ANNA) == ()
    approve(database, issue, ANNA)
    with database.reading() as session:
        assert drafting.find(session, issue.id).status == IssueStatus.approved


@BOTH
def test_a_test_goes_to_oneself_and_to_testers_alone(database: Database):
    """Anybody else is refused before anything is sent, also beside a tester; each is logged with edition and hash."""
    issue = drafted(database, testers=["carla@meridian.example"])
    provider = Scripted()
    for others in (["all@readers.example"], ["carla@meridian.example", "reader0@example.org"], [BELA]):
        with pytest.raises(Refused, match="neither yours nor a tester's"):
            tried(database, issue, *others, provider=provider)
    with pytest.raises(BadInput, match="Say who"):
        testing.allowed(weekly(), [], [])
    assert provider.got == []
    sent = tried(database, issue, ANNA, "Carla@meridian.example", ANNA, provider=provider)
    assert sent.to == (ANNA, "Carla@meridian.example")
    assert [one.recipients[0].address for one in provider.got] == [ANNA, "Carla@meridian.example"]
    assert {one.issue_ref for one in provider.got} == {"test"}
    assert all(one.content.subject.startswith("[Test] ") for one in provider.got)
    found = review(database, issue)
    assert found.proof is not None
    logged = [one.after for one in found.log if one.what == demands.TEST]
    assert [one["address"] for one in logged] == [ANNA, "Carla@meridian.example"]
    assert {one["hash"] for one in logged} == {found.proof.content_hash}
    assert UUID(logged[0]["edition"]) == reading.largest(found.proof).id  # type: ignore[union-attr]
    assert sum(found.counts.values()) == 0


def test_what_the_provider_refuses_is_no_test(database: Database):
    """It is a sentence, and counts for nothing."""
    issue = drafted(database, test_required=True)

    def refused(mailing: object) -> list[object]:
        return [Receipt(delivery_ref=mailing.recipients[0].delivery_ref, accepted=False, reason="no such box")]  # type: ignore[attr-defined]

    with pytest.raises(Refused, match="no such box"):
        tried(database, issue, provider=Scripted([refused]))
    assert not review(database, issue).known.tested


def test_editions_made_anew_while_a_test_leaves_do_not_count(database: Database):
    """Nobody can tell which content went, so the log names none."""
    issue = drafted(database, test_required=True)
    provider = Scripted()
    provider.before = lambda _: reword(database, issue, "Quite another")
    tried(database, issue, provider=provider)
    assert not review(database, issue).known.tested


def test_an_edition_of_another_issue_is_refused(database: Database):
    """A test is of the issue it is ordered for."""
    issue = drafted(database)
    edition = reading.largest(review(database, issue).proof)
    with database.writing() as session:
        other = session.get_one(Edition, edition.id)  # type: ignore[union-attr]
        number = other.number
    second = drafting.draft(database, "weekly", as_of=NOW, at=NOW, once=True)
    with pytest.raises(Refused, match="of another issue"):
        testing.send(
            database, lambda _: Scripted(), second.id, number, to=[ANNA], own=[ANNA], who=ANNA, at=NOW, base_url=BASE
        )


@BOTH
def test_who_changed_it_last_does_not_approve_it(database: Database):
    """The sentence names them; somebody else may; who only looked, commented or declined may, too."""
    issue = drafted(database, four_eyes=True)
    assert review(database, issue).unmet(ANNA) == ()
    reword(database, issue, "Bela's subject", BELA)
    reword(database, issue, "Anna's subject", ANNA)
    with pytest.raises(Refused, match=f"{ANNA} changed it last"):
        approve(database, issue, ANNA.upper())
    approve(database, issue, BELA)


def test_the_schedule_is_no_second_person():
    """Its approval of what is all green does not count where four eyes are wanted; a test is wanted of it as well."""
    publication = weekly(four_eyes=True)
    (said,) = demands.unmet(publication, Known(), who="schedule", number=1)
    assert "A person has to approve it" in said
    publication.four_eyes, publication.test_required = False, True
    assert len(demands.unmet(publication, Known(), who="schedule", number=1)) == 1
    assert demands.unmet(publication, Known(tested=True), who="schedule", number=1) == ()


def test_what_changes_no_mail_is_no_change(database: Database):
    """Machines, comments, tests and declined words are nobody's last change; refreshed candidates are."""
    issue = drafted(database)
    with database.writing() as session:
        for who, what, before in (
            (BELA, "set subject", {"subject": {}}),
            ("digest", "set subject", {"subject": {}}),
            (ANNA, "keep", {"kept": {}}),
            (ANNA, "test", None),
            (ANNA, "comment", "x"),
        ):
            log.add(session, session.get_one(Issue, issue.id), at=NOW, who=who, what=what, before=before)
    assert review(database, issue).known.changed_by == BELA
    with database.writing() as session:
        log.add(session, session.get_one(Issue, issue.id), at=NOW, who=ANNA, what="refresh", before="a", after="b")
    assert review(database, issue).known.changed_by == ANNA


@BOTH
def test_what_changed_since_the_approval_is_told(database: Database):
    """Stories in, out and moved, reworded ones, subject, and how many editions; nothing while it holds."""
    issue = drafted(database)
    approve(database, issue, ANNA)
    assert review(database, issue).approved_before is None
    dropped = newsroom.key("south-caucasus", 1)
    editing.exclude(database, issue.id, dropped, who=BELA, at=NOW)
    editing.set_text(
        database, issue.id, "headline", "Another headline", article=newsroom.key("south-caucasus", 2), who=BELA, at=NOW
    )
    assert review(database, issue).since == ()
    reword(database, issue, "Another subject", BELA)
    found = review(database, issue)
    assert found.approved_before is not None
    assert found.approved_before.who == ANNA
    said = " ".join(found.since)
    assert f"Out: “{newsroom.HEADLINES[1]} (South Caucasus)”." in said
    assert "In, at place" in said
    assert "and is “Another headline”." in said
    assert "and is “Another subject”." in said
    assert "are not what was approved" in said
    approve(database, issue, ANNA)
    assert review(database, issue).since == ()


def test_the_same_again_is_said_to_be_the_same(database: Database):
    """An edit that was taken back leaves nothing to tell."""
    issue = drafted(database)
    approve(database, issue, ANNA)
    reword(database, issue, "For a moment")
    reword(database, issue, "")
    found = review(database, issue)
    assert found.since == ()
    assert found.approved_before is not None


def test_testers_are_ten_addresses_at_most(database: Database):
    """Small letters, each once; an eleventh, and what is no address, are refused."""
    newsroom.found(database)
    with database.writing() as session:
        kept = publications.change(session, "weekly", {"testers": "A@x.example, a@x.example,b@x.example"})
        assert kept.testers == ["a@x.example", "b@x.example"]
        assert publications.change(session, "weekly", {"four_eyes": "true", "test_required": "yes"}).four_eyes
    for wrong in (",".join(f"t{n}@x.example" for n in range(11)), "nobody"):
        with database.writing() as session, pytest.raises(BadInput, match="testers"):
            publications.change(session, "weekly", {"testers": wrong})
