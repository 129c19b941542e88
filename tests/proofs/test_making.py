"""A proof holds an edition for every set of lists, siblings for who had a story, and falls with the next edit."""

from datetime import timedelta

import pytest
from sqlmodel import select

from digest.articles.feeds.models import Feed
from digest.database import Database
from digest.errors import Conflict, Refused
from digest.issues import drafting, editing
from digest.issues.models import Issue, IssueStatus
from digest.proofs import making, siblings, storing
from digest.proofs.check import Level
from digest.proofs.models import Edition, EditionAudience, EditionStory
from digest.proofs.proof import Proof
from digest.proofs.relaxed import NOT_NEEDED
from digest.rendering.urls import Urls
from digest.sending.models import Delivery, DeliveryState
from subscribers import AudienceSet, audience_sets
from tests.conftest import BOTH, KEYS, NOW
from tests.issues import newsroom
from tests.issues.newsroom import WEEK

URLS = Urls("http://127.0.0.1:8000", KEYS)


def drafted(database: Database) -> Issue:
    newsroom.found(database)
    newsroom.publish(database, newsroom.a_week())
    newsroom.reader(database, "a@readers.example", "sc")
    newsroom.reader(database, "b@readers.example", "sc")
    newsroom.reader(database, "c@readers.example", "sc", "ca")
    return drafting.draft(database, "weekly", as_of=NOW, at=NOW)


def proof_of(database: Database, issue: Issue, at=NOW) -> Proof:
    return making.make_proof(database, issue.id, urls=URLS, at=at, relaxed=NOT_NEEDED)


@BOTH
def test_each_set_of_lists_has_its_edition_and_its_readers(database: Database):
    """Two sets, two editions, in order of readers; stories and audiences are stored; nothing is red."""
    issue = drafted(database)
    proof = proof_of(database, issue)
    assert [(tuple(one.lists), one.readers) for one in proof.editions] == [(("sc",), 2), (("sc", "ca"), 1)]
    assert not [check for check in proof.checks if check.level in (Level.red, Level.amber)]
    with database.reading() as session:
        stories = [(one.edition_number, one.story_key) for one in session.exec(select(EditionStory))]
        audiences = session.exec(select(EditionAudience)).all()
        stored = making.stored_proof(session, drafting.find(session, issue.id))
        assert stored is not None
        assert stored.content_hash == proof.content_hash
        assert drafting.find(session, issue.id).status == IssueStatus.in_review
    assert {number for number, _key in stories} == {1, 2}
    assert len(stories) == len(set(stories)), "no story twice in an edition"
    assert len(audiences) == 2


@BOTH
def test_a_dead_feed_is_told_of(database: Database):
    """An issue whose feeds cannot be had says so, and an approval has to accept it."""
    issue = drafted(database)
    feed = {"id": "example.org/feed", "url": "https://example.org/feed", "name": "News", "failures": 3}
    feed |= {"added_at": NOW, "next_at": NOW, "tried_at": NOW, "error": "It answers 500."}
    with database.writing() as session:
        session.add(Feed.model_validate(feed))
    (check,) = [one for one in proof_of(database, issue).checks if one.level is Level.amber]
    assert check.code == "feed-dead"
    assert "News: dead: 3 failures in a row" in check.sentence


@BOTH
def test_a_proof_made_again_is_the_same(database: Database):
    """Same numbers, same ids, same bytes: nothing depends on when or how often."""
    issue = drafted(database)
    first = proof_of(database, issue)
    second = proof_of(database, issue, at=NOW + timedelta(hours=1))
    assert [(e.id, e.number, e.content_hash) for e in first.editions] == [
        (e.id, e.number, e.content_hash) for e in second.editions
    ]
    assert first.content_hash == second.content_hash


def test_an_edit_meanwhile_is_never_stored_unseen(database: Database):
    """Rendering ends with compare and swap: the proof of an issue that changed under it is refused."""
    issue = drafted(database)

    def meddle(_done: int) -> None:
        editing.set_text(database, issue.id, "subject", f"Changed {_done}", who="ed", at=NOW)

    with pytest.raises(Conflict, match="Make the proof again"):
        making.make_proof(database, issue.id, urls=URLS, at=NOW, relaxed=NOT_NEEDED, tell=meddle)
    with database.reading() as session:
        assert session.exec(select(Edition)).all() == []


def test_after_an_edit_the_old_proof_counts_no_more(database: Database):
    """What is stored is the proof of another version."""
    issue = drafted(database)
    proof_of(database, issue)
    editing.set_text(database, issue.id, "note", "Dear reader", who="ed", at=NOW)
    with database.reading() as session:
        assert making.stored_proof(session, drafting.find(session, issue.id)) is None


def test_without_readers_the_newsroom_still_sees_its_issue(database: Database):
    """One edition of all lists; that nobody would get it is red."""
    newsroom.found(database)
    newsroom.publish(database, newsroom.a_week())
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    proof = proof_of(database, issue)
    assert [tuple(one.lists) for one in proof.editions] == [("sc", "ee", "ca")]
    assert [check.code for check in proof.checks if check.level is Level.red] == ["no-readers"]


def test_readers_with_nothing_new_get_no_edition(database: Database):
    """They are named, and it is no fault."""
    newsroom.found(database)
    newsroom.publish(database, [newsroom.article("only")])
    newsroom.reader(database, "a@readers.example", "sc")
    newsroom.reader(database, "b@readers.example", "ee")
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    proof = proof_of(database, issue)
    assert [tuple(one.lists) for one in proof.editions] == [("sc",)]
    assert [check.sentence for check in proof.checks if check.code == "nothing-new"] == [
        "1 readers of Eastern Europe get no mail this time: nothing is new for them."
    ]


@BOTH
def test_the_next_issue_repeats_nothing(database: Database):
    """What a set was sent stays out of its next issue; what it had no room for is carried."""
    newsroom.found(database, section_stories=2, section_briefs=0)
    newsroom.publish(database, newsroom.a_week())
    newsroom.reader(database, "a@readers.example", "sc")
    first = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    proof_of(database, first)
    newsroom.sent(database, first, NOW)
    second = drafting.draft(database, "weekly", as_of=NOW + WEEK + timedelta(hours=40), at=NOW)
    proof_of(database, second, NOW + WEEK)
    with database.reading() as session:
        before = {s.article_id for s in storing.stories_of(session, newsroom.edition_of(session, first, "sc"))}
        after = {s.article_id for s in storing.stories_of(session, newsroom.edition_of(session, second, "sc"))}
    assert before
    assert after, "what the first issue had no room for stays eligible past its window"
    assert not before & after


@BOTH
def test_a_reader_who_changed_lists_gets_the_sibling(database: Database):
    """The shared story went to C in the edition of sc; in ca's it is new for all others, so only C gets a sibling."""
    newsroom.found(database, section_stories=3, section_briefs=0)
    newsroom.publish(
        database,
        [
            newsroom.article(
                "shared", hours=50, editors_choice=True, regions={"south-caucasus": "tag", "central-asia": "tag"}
            )
        ],
    )
    newsroom.reader(database, "c@readers.example", "sc")
    first = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    proof_of(database, first)
    newsroom.sent(database, first, NOW)
    later = NOW + timedelta(days=2)
    newsroom.publish(database, newsroom.a_week(later, "next-"))
    newsroom.reader(database, "c@readers.example", "ca")
    newsroom.reader(database, "d@readers.example", "sc", "ca")
    second = drafting.draft(database, "weekly", as_of=later, at=later)
    proof = proof_of(database, second, later)
    assert [(tuple(e.lists), len(e.without), e.readers) for e in proof.editions] == [
        (("sc", "ca"), 0, 1),
        (("sc", "ca"), 1, 1),
    ]
    base, sibling = proof.editions
    assert "meridian.example/shared" in base.html
    assert "meridian.example/shared" not in sibling.html
    newsroom.freezing(database, second, later)
    with database.reading() as session:
        moved = siblings.repeats(session, second, base)
        assert [keys for _who, keys in moved] == [frozenset({"meridian.example/shared"})]
        assert siblings.repeats(session, second, base, after_subscriber=moved[-1][0]) == []
        found = siblings.find_sibling(session, base, moved[0][1])
        assert found is not None
        assert found.number == sibling.number


@BOTH
def test_who_changes_lists_while_the_ledger_is_written_is_still_found(database: Database):
    """Their row was written for the edition of their old lists; they are asked about by that row."""
    newsroom.found(database)
    both = {"south-caucasus": "tag", "central-asia": "tag"}
    newsroom.publish(database, [newsroom.article("shared", editors_choice=True, regions=both)])
    newsroom.reader(database, "c@readers.example", "sc")
    first = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    proof_of(database, first)
    newsroom.sent(database, first, NOW)
    later = NOW + timedelta(days=2)
    newsroom.publish(database, [newsroom.article("asia", at=later, regions={"central-asia": "tag"})])
    newsroom.reader(database, "d@readers.example", "ca")
    second = drafting.draft(database, "weekly", as_of=later, at=later)
    proof_of(database, second, later)
    with database.writing() as session:
        base = newsroom.edition_of(session, second, "ca")
        assert siblings.repeats(session, second, base) == []
        who = session.exec(select(Delivery.subscriber_id)).one()
        session.add(
            Delivery(
                issue_number=second.number, subscriber_id=who, edition_number=base.number, state=DeliveryState.freezing
            )
        )
        session.flush()
        assert siblings.repeats(session, second, base) == [(who, frozenset({"meridian.example/shared"}))]


@BOTH
def test_siblings_nobody_foresaw_are_made_at_the_freeze(database: Database):
    """Readers who change lists after approval: one gets a sibling made then, one had it all and gets no mail."""
    newsroom.found(database)
    both = {"south-caucasus": "tag", "central-asia": "tag"}
    newsroom.publish(database, [newsroom.article("shared", editors_choice=True, regions=both)])
    newsroom.reader(database, "c@readers.example", "sc")
    first = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    proof_of(database, first)
    newsroom.sent(database, first, NOW)
    later = NOW + timedelta(days=2)
    newsroom.publish(database, [newsroom.article("asia", at=later, regions={"central-asia": "tag"})])
    newsroom.reader(database, "d@readers.example", "ca")
    newsroom.reader(database, "e@readers.example", "sc", "ca")
    second = drafting.draft(database, "weekly", as_of=later, at=later)
    assert [len(one.without) for one in proof_of(database, second, later).editions] == [0, 0]
    newsroom.reader(database, "c@readers.example", "ca")
    newsroom.freezing(database, second, later)
    with database.writing() as session:
        base = newsroom.edition_of(session, second, "sc", "ca")
        moved = siblings.repeats(session, second, base)
        assert [keys for _who, keys in moved] == [frozenset({"meridian.example/shared"})]
        made = siblings.sibling_for(session, second, base, moved[0][1], urls=URLS, at=later)
        assert made is not None and made.made_at_freeze  # noqa: PT018 - one fact
        assert siblings.sibling_for(session, second, base, moved[0][1], urls=URLS, at=later) is made
        assert [story.story_key for story in storing.stories_of(session, made)] == ["meridian.example/asia"]
        asia = frozenset({"meridian.example/asia"})
        assert siblings.sibling_for(session, second, base, asia, urls=URLS, at=later) is not None
        assert siblings.sibling_for(session, second, made, asia, urls=URLS, at=later) is None, "they had the other, too"
        base = newsroom.edition_of(session, second, "ca")
        all_of_it = frozenset({"meridian.example/shared", "meridian.example/asia"})
        assert siblings.sibling_for(session, second, base, all_of_it, urls=URLS, at=later) is None


@BOTH
def test_a_set_first_seen_after_approval_gets_its_edition(database: Database):
    """It is made from the approved stories, marked as made at the freeze, and only once."""
    issue = drafted(database)
    proof_of(database, issue)
    newsroom.reader(database, "new@readers.example", "ee")
    with database.writing() as session:
        new = next(one for one in audience_sets(session, "weekly", NOW) if one.lists == ("ee",))
        held = drafting.find(session, issue.id)
        made = making.edition_for(session, held, new, URLS, NOW)
        again = making.edition_for(session, held, new, URLS, NOW)
        assert made is not None
        assert again is not None
        assert (made.number, made.made_at_freeze, again.number) == (3, True, 3)
        unknown = AudienceSet(99, "weekly", ("nonesuch",), "en", 1)
        assert making.edition_for(session, held, unknown, URLS, NOW) is None


def test_the_proof_of_an_approved_issue_stands(database: Database):
    """Its editions are not made anew behind the approval's back."""
    issue = drafted(database)
    with database.writing() as session:
        held = drafting.find(session, issue.id)
        held.status = IssueStatus.approved
        session.add(held)
    with pytest.raises(Refused, match="is approved; its editions stand"):
        proof_of(database, issue)
