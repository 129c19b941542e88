"""Drafting stores all an issue is built from, so that the same cut-off always tells the same."""

from datetime import timedelta

import pytest
from sqlmodel import select

from digest.database import Database
from digest.errors import NotFound, Refused
from digest.issues import drafting, telling
from digest.issues.building import Builder, build, issue_id
from digest.issues.models import Issue, IssueCandidate
from digest.issues.publications import add, checked
from digest.ranking.candidate import Reason
from tests.conftest import BOTH, NOW
from tests.issues import newsroom

ALL = ("sc", "ee", "ca")


@BOTH
def test_the_same_cutoff_again_returns_what_is_stored(database: Database):
    """A second draft is the first one, byte for byte, whatever was published or withdrawn since."""
    newsroom.found(database)
    newsroom.publish(database, newsroom.a_week())
    first = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    with database.reading() as session:
        told = telling.edition(build(drafting.recipe(session, first), ALL), drafting.recipe(session, first))
    newsroom.publish(database, [newsroom.article("late", hours=1)])
    newsroom.change(database, "shared", status="retracted", headline="Gone")
    again = drafting.draft(database, "weekly", as_of=NOW, at=NOW + timedelta(hours=3))
    with database.reading() as session:
        recipe = drafting.recipe(session, again)
        assert telling.edition(build(recipe, ALL), recipe) == told
        assert len(session.exec(select(Issue)).all()) == 1
    assert (again.id, again.number) == (issue_id("weekly", NOW), 1)


def test_every_candidate_has_a_place_or_a_reason(database: Database):
    """Nothing that was gathered is lost in silence."""
    newsroom.found(database)
    rows = newsroom.a_week()
    rows += [
        newsroom.article("old", hours=400),
        newsroom.article("soon", hours=-3),
        newsroom.article("gone", status="unpublished"),
        newsroom.article("russian", language="ru"),
        newsroom.article("elsewhere", regions={"middle-east": "tag"}),
    ]
    newsroom.publish(database, rows)
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    with database.reading() as session:
        plan = build(drafting.recipe(session, issue), ALL)
        stored = {str(key) for key in session.exec(select(IssueCandidate.article_id))}
    placed = {str(story.article_id) for story in plan.stories}
    left = {one.id: one.reason for one in plan.left_out}
    assert placed | left.keys() == stored == {str(row["id"]) for row in rows}
    assert not placed & left.keys()
    by_slug = {row["url"].rsplit("/", 1)[1]: left.get(str(row["id"])) for row in rows}
    assert by_slug["old"] == Reason.stale
    assert by_slug["soon"] == Reason.embargoed
    assert by_slug["gone"] == Reason.unpublished
    assert by_slug["russian"] == Reason.language
    assert by_slug["elsewhere"] == Reason.region


def test_a_special_issue_is_another_issue(database: Database):
    """`--once` at the same cut-off has its own id and number."""
    newsroom.found(database)
    regular = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    special = drafting.draft(database, "weekly", as_of=NOW, at=NOW, once=True)
    assert special.id != regular.id
    assert (regular.number, special.number) == (1, 2)


def test_a_publication_without_lists_is_refused(database: Database):
    """The sentence says what to add."""
    with database.writing() as session:
        add(session, checked(**newsroom.publication(id="bare")))
    with pytest.raises(Refused, match="digest lists add"):
        drafting.draft(database, "bare", as_of=NOW, at=NOW)
    with pytest.raises(NotFound, match="Publications: bare"):
        drafting.draft(database, "nonesuch", as_of=NOW, at=NOW)


def test_texts_of_the_edition_come_from_its_own_stories(database: Database):
    """Subject is the lead's headline, the preheader the next two; places count from the top; badges are few."""
    newsroom.found(database)
    newsroom.publish(database, newsroom.a_week())
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    with database.reading() as session:
        plan = Builder(drafting.recipe(session, issue)).build(ALL)
    assert plan.lead is not None
    assert plan.subject == plan.lead.headline
    assert plan.preheader
    assert plan.lead.headline not in plan.preheader
    assert [story.place for story in plan.stories] == list(range(1, len(plan.stories) + 1))
    assert sum(story.show_badge for story in plan.stories) * 3 <= len(plan.stories)
    assert "40.00" in plan.lead.why
    shared = next(story for story in plan.stories if "shared" in story.url)
    assert shared.also_in == ("central-asia",)


def test_a_region_without_news_is_named(database: Database):
    """The footer can say that nothing is new there; a region shown through a shared story is not named."""
    newsroom.found(database)
    newsroom.publish(
        database,
        [newsroom.article("a"), newsroom.article("b", regions={"south-caucasus": "tag", "central-asia": "tag"})],
    )
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    with database.reading() as session:
        plan = build(drafting.recipe(session, issue), ALL)
    assert plan.empty_regions == ("Eastern Europe",)


@BOTH
def test_refreshing_keeps_the_edits_and_moves_the_cutoff(database: Database):
    """New articles come in, the version rises, and the log tells both cut-offs."""
    newsroom.found(database)
    newsroom.publish(database, newsroom.a_week())
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    newsroom.publish(database, [newsroom.article("fresh", hours=-2)])
    later = NOW + timedelta(hours=4)
    refreshed = drafting.refresh(database, issue.id, later, later, "ed")
    with database.reading() as session:
        urls = {one.url for one in drafting.recipe(session, drafting.find(session, issue.id)).candidates}
    assert "https://meridian.example/fresh" in urls
    assert (refreshed.id, refreshed.as_of, refreshed.version) == (issue.id, later, 2)
