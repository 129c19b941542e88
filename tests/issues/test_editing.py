"""Editors have the last word, within the rules; every word of theirs is logged."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from digest.articles.models import article_id
from digest.database import Database
from digest.errors import BadInput, Conflict, NotFound
from digest.issues import drafting, editing, log
from digest.issues.building import build
from digest.issues.models import Issue, IssueStatus
from digest.issues.plan import EditionPlan
from digest.ranking.candidate import Reason
from tests.conftest import BOTH, NOW
from tests.issues import newsroom

ALL = ("sc", "ee", "ca")
WHO: dict[str, Any] = {"who": "ed", "at": NOW}


@pytest.fixture
def issue(database: Database) -> Issue:
    newsroom.found(database)
    newsroom.publish(database, [*newsroom.a_week(), newsroom.article("ancient", hours=5000)])
    return drafting.draft(database, "weekly", as_of=NOW, at=NOW)


def id_of(slug: str) -> UUID:
    return article_id(f"meridian.example/{slug}")


def plan_of(database: Database, issue: Issue, *lists: str) -> EditionPlan:
    with database.reading() as session:
        return build(drafting.recipe(session, drafting.find(session, issue.id)), lists or ALL)


def slugs(plan: EditionPlan) -> list[str]:
    return [story.url.rsplit("/", 1)[1] for story in plan.stories]


@BOTH
def test_a_pin_holds_its_place_and_unpinning_gives_it_back(database: Database, issue: Issue):
    """The pinned story stands there and says so; unpinned, all is as before, but for the version."""
    before = plan_of(database, issue, "ee")
    editing.pin(database, issue.id, id_of("eastern-europe-4"), list_id="ee", place=2, **WHO)
    pinned = plan_of(database, issue, "ee")
    story = next(one for one in pinned.stories if one.article_id == id_of("eastern-europe-4"))
    assert story.pinned
    assert story.place <= 3
    changed = editing.unpin(database, issue.id, id_of("eastern-europe-4"), **WHO)
    assert plan_of(database, issue, "ee") == before
    assert (changed.version, changed.edits) == (3, {})


def test_two_pins_on_one_place_stand_one_after_the_other(database: Database, issue: Issue):
    """The later order gets the place, the earlier one moves down."""
    editing.pin(database, issue.id, id_of("eastern-europe-4"), list_id="ee", place=1, **WHO)
    changed = editing.pin(database, issue.id, id_of("eastern-europe-3"), list_id="ee", place=1, **WHO)
    assert changed.edits["pins"] == {"ee": {str(id_of("eastern-europe-4")): 2, str(id_of("eastern-europe-3")): 1}}


def test_excluded_is_out_with_the_reason_and_included_is_back(database: Database, issue: Issue):
    """Everywhere, or in one list's section only."""
    before = slugs(plan_of(database, issue))
    editing.exclude(database, issue.id, id_of("shared"), **WHO)
    plan = plan_of(database, issue)
    assert "shared" not in slugs(plan)
    assert next(one.reason for one in plan.left_out if one.id == str(id_of("shared"))) == Reason.excluded
    editing.include(database, issue.id, id_of("shared"), **WHO)
    assert slugs(plan_of(database, issue)) == before
    editing.exclude(database, issue.id, id_of("shared"), list_id="sc", **WHO)
    moved = next(one for one in plan_of(database, issue).stories if one.article_id == id_of("shared"))
    assert moved.list_id == "ca"


def test_a_chosen_lead_leads(database: Database, issue: Issue):
    """And its headline is the subject; "" leaves it to the ranking again."""
    ranked = plan_of(database, issue)
    editing.lead(database, issue.id, id_of("central-asia-2"), **WHO)
    plan = plan_of(database, issue)
    assert plan.lead is not None
    assert plan.lead.article_id == id_of("central-asia-2")
    assert plan.subject == plan.lead.headline
    editing.lead(database, issue.id, None, **WHO)
    assert plan_of(database, issue) == ranked


def test_replacing_puts_the_other_in_its_place(database: Database, issue: Issue):
    """The lead by a lead, a story by a pin at its place; what does not stand cannot be replaced."""
    lead = plan_of(database, issue).lead
    assert lead is not None
    editing.add(database, issue.id, "meridian.example/ancient", **WHO)
    editing.replace(database, issue.id, lead.article_id, id_of("ancient"), **WHO)
    plan = plan_of(database, issue)
    assert plan.lead is not None
    assert plan.lead.article_id == id_of("ancient")
    assert lead.article_id not in {one.article_id for one in plan.stories}
    standing = plan.sections[-1].stories[-1]
    editing.replace(database, issue.id, standing.article_id, id_of("central-asia-4"), **WHO)
    assert standing.article_id not in {one.article_id for one in plan_of(database, issue).stories}
    with pytest.raises(NotFound, match="does not stand"):
        editing.replace(database, issue.id, standing.article_id, id_of("shared"), **WHO)


def test_a_moved_story_stands_in_the_other_section(database: Database, issue: Issue):
    """Moved to another list's section it leaves its own."""
    editing.move(database, issue.id, id_of("eastern-europe-0"), list_id="ca", **WHO)
    story = next(one for one in plan_of(database, issue).stories if one.article_id == id_of("eastern-europe-0"))
    assert story.list_id == "ca"


def test_a_stored_article_can_be_brought_in(database: Database, issue: Issue):
    """By its address; one that nobody imported is refused with the command to do so."""
    newsroom.publish(database, [newsroom.article("forgotten", hours=300)])
    with pytest.raises(NotFound, match="Bring it in"):
        editing.pin(database, issue.id, id_of("forgotten"), list_id="sc", place=1, **WHO)
    editing.add(database, issue.id, "https://www.meridian.example/forgotten/?utm_source=x", **WHO)
    assert "forgotten" in slugs(plan_of(database, issue, "sc"))
    with pytest.raises(NotFound, match="digest articles import"):
        editing.add(database, issue.id, "https://meridian.example/unheard-of", **WHO)


def test_texts_are_overlays(database: Database, issue: Issue):
    """Of the issue, of one list's editions, of a story; an empty text gives the original back."""
    original = plan_of(database, issue)
    editing.set_text(database, issue.id, "subject", "  For   all ", **WHO)
    editing.set_text(database, issue.id, "subject", "For Asia", list_id="ca", **WHO)
    editing.set_text(database, issue.id, "headline", "Rewritten here", article=id_of("shared"), **WHO)
    assert plan_of(database, issue, "sc").subject == "For all"
    assert plan_of(database, issue, "sc", "ca").subject == "For Asia"
    assert "Rewritten here" in {story.headline for story in plan_of(database, issue).stories}
    editing.set_text(database, issue.id, "subject", "", **WHO)
    editing.set_text(database, issue.id, "subject", "", list_id="ca", **WHO)
    editing.set_text(database, issue.id, "headline", "", article=id_of("shared"), **WHO)
    assert plan_of(database, issue) == original


def test_orders_that_make_no_sense_are_refused(database: Database, issue: Issue):
    """Each with a sentence that says what there is."""
    with pytest.raises(NotFound, match="Its lists: sc, ee, ca"):
        editing.pin(database, issue.id, id_of("shared"), list_id="moon", place=1, **WHO)
    with pytest.raises(BadInput, match="not a place"):
        editing.pin(database, issue.id, id_of("shared"), list_id="sc", place=0, **WHO)
    with pytest.raises(BadInput, match="There is no text"):
        editing.set_text(database, issue.id, "colour", "red", **WHO)
    with pytest.raises(BadInput, match="Name the article"):
        editing.set_text(database, issue.id, "headline", "x", **WHO)
    with pytest.raises(BadInput, match="2000 is the most"):
        editing.set_text(database, issue.id, "note", "x" * 2001, **WHO)
    with pytest.raises(NotFound, match="There is no issue"):
        editing.exclude(database, uuid4(), id_of("shared"), **WHO)


@BOTH
def test_a_conflict_is_told_never_overwritten(database: Database, issue: Issue):
    """Who looked at an older version must look again."""
    editing.exclude(database, issue.id, id_of("shared"), version=1, **WHO)
    with pytest.raises(Conflict, match="version 2, you looked at 1"):
        editing.set_text(database, issue.id, "subject", "Mine", version=1, **WHO)


def test_every_change_is_logged_and_nothing_is_no_change(database: Database, issue: Issue):
    """Who, what, before and after; repeating an order adds nothing."""
    editing.exclude(database, issue.id, id_of("shared"), **WHO)
    again = editing.exclude(database, issue.id, id_of("shared"), **WHO)
    assert (again.version, again.status) == (2, IssueStatus.draft)
    with database.reading() as session:
        told = [(one.who, one.what, one.before, one.after) for one in log.entries(session, again)]
    assert told[1:] == [("ed", "exclude", {"excluded": {}}, {"excluded": {"": [str(id_of("shared"))]}})]
