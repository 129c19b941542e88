"""The checks ask about what the newsroom changed; and what it takes back is not sent, however that became known."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from digest.articles import pages, storing
from digest.articles.feeds.models import Feed
from digest.articles.importing.data import ArticleData
from digest.articles.models import Article, article_id
from digest.clock import StillClock
from digest.database import Database
from digest.errors import Refused
from digest.fetching import Fetched, Fetcher
from digest.issues import drafting, editing, source_changes
from digest.issues.models import Issue
from digest.proofs import approval, making
from digest.proofs.check import Check, Level
from digest.rendering.urls import Urls
from digest.sending import control, last_look, starting
from tests.conftest import BOTH, NOW
from tests.sending import approved
from tests.sending.fakes import Scripted, means

SLUG = "story-south-caucasus-0"
ID = article_id(f"example.org/{SLUG}")
FIVE = timedelta(minutes=5)


class Gone(Fetcher):
    """A site whose pages are all gone."""

    def get(self, url, headers=None):  # noqa: ARG002 - the signature is Fetcher's
        """Answer 404."""
        return Fetched(url, 404, {}, b"")


def drafted(database: Database) -> UUID:
    """Make a newsroom with a reader, and draft its issue."""
    approved.newsroom(database)
    approved.reader(database, "one", [approved.WHERE[0]])
    return drafting.draft(database, approved.FAMILY, as_of=NOW, at=NOW).id


def import_(database: Database, source: str = "test", **changes: Any) -> None:
    """Import the first story again, changed."""
    data = {
        "url": f"https://example.org/{SLUG}",
        "headline": "Story number 0 from south-caucasus",
        "standfirst": "What happened, told in one sentence.",
    }
    with database.writing() as session:
        storing.store(session, [ArticleData.model_validate(data | changes)], source=source, at=NOW)


def checks(database: Database, issue: UUID) -> dict[str, Check]:
    """Make the proof and return what is amber or red."""
    proof = making.make_proof(
        database, issue, urls=Urls(approved.BASE, approved.KEYS), at=NOW, relaxed=approved.RELAXED
    )
    return {one.code: one for one in proof.checks if one.level in (Level.red, Level.amber)}


@BOTH
def test_a_changed_headline_is_amber_until_it_is_taken_or_kept(database: Database):
    """The check names the story, both texts, and the two commands."""
    issue = drafted(database)
    assert "source-changed" not in checks(database, issue)
    import_(database, headline="Another headline")
    check = checks(database, issue)["source-changed"]
    assert (check.level, check.place) == (Level.amber, "Story number 0 from south-caucasus")
    assert "headline: “Story number 0 from south-caucasus” is now “Another headline”" in check.sentence
    assert f"edit ISSUE take {ID}" in check.remedy
    assert f"keep {ID}" in check.remedy
    source_changes.keep(database, issue, ID, who="editor", at=NOW)
    assert "source-changed" not in checks(database, issue)
    import_(database, headline="A third headline", standfirst="x" * 300)
    assert "A third headline" in checks(database, issue)["source-changed"].sentence
    source_changes.take(database, issue, ID, who="editor", at=NOW)
    assert "source-changed" not in checks(database, issue)


@BOTH
def test_an_own_text_is_said_to_stay(database: Database):
    """The editor knows that taking alone does not show."""
    issue = drafted(database)
    editing.set_text(database, issue, "headline", "Ours", article=ID, who="editor", at=NOW)
    import_(database, headline="Another headline")
    check = checks(database, issue)["source-changed"]
    assert check.place == "Ours"
    assert check.sentence.endswith("Your own headline stays on top.")


@BOTH
def test_a_correction_has_its_own_check_with_the_same_answers(database: Database):
    """Corrected since: taken with the story, or declined."""
    issue = drafted(database)
    import_(database, correction="It was 200.")
    found = checks(database, issue)
    assert "source-changed" not in found
    assert f"take {ID}" in found["corrected-since"].remedy
    source_changes.keep(database, issue, ID, who="editor", at=NOW)
    assert "corrected-since" not in checks(database, issue)


@BOTH
def test_a_change_blocks_an_approval_until_it_is_answered_and_never_a_sending(database: Database, clock: StillClock):
    """Amber: accepted, taken or kept. After the approval it is only shown; the issue leaves as approved."""
    issue = drafted(database)
    import_(database, headline="Another headline")
    amber = checks(database, issue)
    accepted = {code: "a test" for code in amber if code != "source-changed"}
    with pytest.raises(Refused, match="--accept source-changed=REASON"):
        approval.approve(database, issue, who="editor", at=NOW, accepted=accepted)
    source_changes.keep(database, issue, ID, who="editor", at=NOW)
    checks(database, issue)
    approval.approve(database, issue, who="editor", at=NOW, accepted=accepted)
    import_(database, headline="A third headline")
    with database.reading() as session:
        held = session.get_one(Issue, issue)
        assert [one.article for one in source_changes.of_stories(session, held)] == [str(ID)]
        assert last_look.reasons(session, held, NOW) == []
    source_changes.keep(database, issue, ID, who="editor", at=NOW)
    with database.reading() as session:
        assert approval.valid(session, session.get_one(Issue, issue)) is not None
    control.send(database, issue, who="editor", at=NOW, undo=FIVE)
    clock.sleep(301)
    assert starting.start(means(database, clock, Scripted()), issue)


@BOTH
def test_taking_after_the_approval_takes_it_back(database: Database):
    """Another text is another mail."""
    issue = approved_issue(database)
    import_(database, headline="Another headline")
    source_changes.take(database, issue, ID, who="editor", at=NOW)
    with database.reading() as session:
        held = session.get_one(Issue, issue)
        assert (held.status, approval.valid(session, held)) == ("draft", None)


def approved_issue(database: Database) -> UUID:
    """Make a newsroom with a reader, and approve its issue."""
    approved.newsroom(database)
    approved.reader(database, "one", [approved.WHERE[0]])
    return approved.approve(database)


@BOTH
@pytest.mark.parametrize("how", ["import", "page"])
@pytest.mark.parametrize("status", ["unpublished", "retracted"])
def test_what_the_newsroom_takes_back_is_not_sent(database: Database, clock: StillClock, how: str, status: str):
    """Approved, ordered, then withdrawn by an import or found gone by the page check: held, with the reason."""
    issue = approved_issue(database)
    if how == "page":
        status = "unpublished"
        _known_by_a_feed(database)
    control.send(database, issue, who="editor", at=NOW, undo=FIVE)
    if how == "import":
        import_(database, status=status)
    else:
        for minutes in (-10, 0):
            pages.look(database, Gone(), NOW + timedelta(minutes=minutes), [ID], force=True)
    clock.sleep(301)
    assert not starting.start(means(database, clock, Scripted()), issue)
    with database.reading() as session:
        held = session.get_one(Issue, issue)
        assert held.status == "scheduled"
        assert f"A story is {status} since the editions were made" in held.held
    with pytest.raises(Refused, match="cannot go on"):
        control.resume(database, issue, who="editor", at=clock.now(), account="scripted")


def _known_by_a_feed(database: Database) -> None:
    with database.writing() as session:
        feed = {"id": "test", "url": "https://example.org/feed", "added_at": NOW, "next_at": NOW}
        session.add(Feed.model_validate(feed))
        assert session.exec(select(Article).where(Article.id == ID)).one().source == "test"
