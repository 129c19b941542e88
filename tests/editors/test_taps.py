"""What one tap offers and refuses, and what a look at an issue holds while others change it."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import select

from digest.editors import approving, reading, taps, times, views
from digest.editors.taps import Tap
from digest.errors import Conflict, NotFound, Refused
from digest.issues import editing
from digest.issues.models import Issue, Publication
from digest.proofs import approval
from digest.proofs.models import Edition
from digest.proofs.relaxed import NOT_NEEDED
from digest.rendering.urls import Urls
from tests.conftest import KEYS, NOW
from tests.editors import newsroom
from tests.editors.newsroom import ANNA, BASE, BELA, key
from tests.issues import newsroom as articles

URLS = Urls(BASE, KEYS)


@pytest.fixture
def issue(database):
    """Draft an issue, and make its editions."""
    newsroom.found(database)
    made = newsroom.draft(database)
    newsroom.prove(database, made)
    return made


def review(database, issue, at=NOW):
    """Read the review of an issue."""
    with database.reading() as session:
        return reading.read(session, issue.id, urls=URLS, at=at)


def do(database, issue, tap, article, **more):
    """Do what a page offered to Anna."""
    held = review(database, issue)
    given = {"by": "", "version": held.issue.version, "who": ANNA, "at": NOW} | more
    return taps.do(database, held, tap, article, **given)


def test_a_story_that_waits_has_no_place_to_move_from(database, issue):
    """Up, drop and swap are for what stands in the edition."""
    for tap in (Tap.up, Tap.drop, Tap.swap):
        with pytest.raises(NotFound, match="does not stand in the largest edition"):
            taps.offer(review(database, issue), tap, key("south-caucasus", 7))
    with pytest.raises(NotFound, match="no candidate"):
        taps.offer(review(database, issue), Tap.drop, uuid4())


def test_nobody_moves_the_lead_up(database, issue):
    """There is nothing above it."""
    lead = review(database, issue).plan.lead
    assert lead is not None
    with pytest.raises(Refused, match="stands in Lead"):
        taps.offer(review(database, issue), Tap.up, lead.article_id)


def test_the_lead_can_be_swapped(database, issue):
    """The one that was chosen is the lead then."""
    held = review(database, issue)
    assert held.plan.lead is not None
    lead = held.plan.lead.article_id
    chosen = taps.offer(held, Tap.swap, lead).choices[0]["id"]
    do(database, issue, Tap.swap, lead, by=chosen)
    after = review(database, issue).plan.lead
    assert after is not None
    assert str(after.article_id) == chosen


def test_where_nothing_waits_there_is_nothing_to_swap_for(database):
    """The page says so, instead of an empty choice."""
    newsroom.found(database, section_stories=20)
    issue = newsroom.draft(database)
    with pytest.raises(Refused, match="No other story waits"):
        taps.offer(review(database, issue), Tap.swap, key("south-caucasus", 2))


def test_what_is_not_pinned_cannot_be_freed(database, issue):
    """Somebody else was quicker."""
    with pytest.raises(Refused, match="is not pinned any more"):
        taps.offer(review(database, issue), Tap.free, key("south-caucasus", 2))


def test_up_twice_goes_up_twice(database, issue):
    """Each pin is worked out from what stands now; other pins make room."""
    story = key("eastern-europe", 3)
    places = []
    for _ in range(3):
        do(database, issue, Tap.up, story)
        places.append(next(one.place for one in review(database, issue).plan.stories if one.article_id == story))
    assert places == sorted(places, reverse=True)
    assert len(set(places)) == 3


def test_the_version_that_was_looked_at_decides(database, issue):
    """Also where the story is gone since: the conflict is said first."""
    editing.exclude(database, issue.id, key("south-caucasus", 2), who=BELA, at=NOW)
    with pytest.raises(Conflict):
        do(database, issue, Tap.up, key("south-caucasus", 2), version=1)


@pytest.mark.parametrize(
    ("status", "words"),
    [("in_review", ""), ("approved", "approval back"), ("scheduled", "order back"), ("paused", "new approval")],
)
def test_a_change_that_costs_more_than_a_draft_is_warned_of(database, issue, status, words):
    """An approval, an order, a revision."""
    warned = taps.warning(newsroom.set_issue(database, issue.id, status=status))
    assert words in warned
    assert bool(warned) == bool(words)


def test_what_was_ordered_is_listed_with_the_way_back(database, issue):
    """Drops, pins, and the lead."""
    editing.exclude(database, issue.id, key("south-caucasus", 1), who=BELA, at=NOW)
    editing.pin(database, issue.id, key("south-caucasus", 2), list_id="sc", place=1, who=BELA, at=NOW)
    editing.lead(database, issue.id, key("central-asia", 0), who=BELA, at=NOW)
    orders = taps.orders(review(database, issue))
    assert [(one["tap"], one["article"]) for one in orders] == [
        ("back", str(key("south-caucasus", 1))),
        ("free", str(key("south-caucasus", 2))),
        ("free", str(key("central-asia", 0))),
    ]
    assert "is pinned to place 1 of South Caucasus" in orders[1]["what"]


def test_a_story_that_was_not_weighed_is_not_among_the_best(database, issue):
    """What is too old has no points, and is no suggestion."""
    left = review(database, issue).plan.left_out
    shown = views.best_left_out(left, len(left))
    assert all(one.points for one in shown)
    totals = [one.points.total for one in shown if one.points]
    assert totals == sorted(totals, reverse=True)


@dataclass(frozen=True, slots=True)
class Meddling(Urls):
    """Addresses that change the issue while its editions are rendered."""

    meddle: object = None

    def how(self, publication: str) -> str:
        """Change, then answer."""
        self.meddle()  # type: ignore[operator]
        return Urls(self.base_url, self.keys).how(publication)


def test_an_edit_while_the_editions_are_made_is_no_error(database):
    """The issue is shown as it is then, not checked yet."""
    newsroom.found(database)
    issue = newsroom.draft(database)
    done: list[Issue] = []

    def meddle() -> None:
        if not done:
            done.append(editing.exclude(database, issue.id, key("central-asia", 1), who=BELA, at=NOW))

    meddling = Meddling(BASE, KEYS, meddle)
    found = reading.prepared(database, issue.id, urls=meddling, relaxed=NOT_NEEDED, at=NOW)
    assert found.proof is None
    assert views.tally(found) == "not checked yet"
    assert found.issue.version == 2


def test_an_edition_that_was_cut_to_size_is_shown_as_cut(database, issue):
    """What readers will not get is not shown as if they did."""
    with database.writing() as session:
        edition = session.exec(select(Edition).order_by(Edition.readers.desc()).limit(1)).one()  # type: ignore[attr-defined]
        edition.trimmed = [{"headline": "one"}]
        session.add(edition)
    assert len(review(database, issue).plan.stories) == 15


def test_editions_made_in_the_moment_of_approval_let_it_fall(database, issue, monkeypatch):
    """What was approved is what was looked at, or nothing."""
    held = review(database, issue)
    assert held.proof is not None
    real = approval.approve

    def late(*args, **more):
        articles.reader(database, "new@example.org", "ee", at=NOW)
        newsroom.prove(database, issue)
        return real(*args, **more)

    monkeypatch.setattr(approval, "approve", late)
    with pytest.raises(Conflict, match="made anew"):
        approving.approve(database, issue.id, version=1, proof=held.proof.content_hash, reasons={}, who=ANNA, at=NOW)
    with database.reading() as session:
        assert session.get_one(Issue, issue.id).status == "in_review"


def test_instants_are_said_in_the_zone_and_in_utc():
    """With the day of both where they differ; a newsroom in UTC reads it once."""
    assert times.when(NOW, "UTC") == "Tue 24 Nov, 06:00 UTC"
    assert times.when(NOW, "Asia/Tokyo") == "Tue 24 Nov, 15:00 in Asia/Tokyo (06:00 UTC)"
    late = NOW + timedelta(hours=12)
    assert times.when(late, "Asia/Tokyo") == "Wed 25 Nov, 03:00 in Asia/Tokyo (Tue 18:00 UTC)"


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(-5, "0 minutes"), (1, "1 minute"), (119, "119 minutes"), (120, "2 hours"), (3000, "2 days")],
)
def test_spans_are_said_roughly(minutes, words):
    """Minutes, hours, days."""
    assert times.span(timedelta(minutes=minutes)) == words


def test_the_review_ends_at_its_own_hour_or_at_the_sending(database, issue):
    """The earlier of both; without an hour there is no end."""
    with database.reading() as session:
        publication = session.get_one(Publication, "weekly")
    sends = issue.send_at
    assert times.deadline(publication, issue) == sends
    early = Publication.model_validate(publication.model_dump() | {"review": "30 8 * * *"})
    assert times.deadline(early, issue) == NOW + timedelta(minutes=90)
    late = Publication.model_validate(publication.model_dump() | {"review": "0 20 * * *"})
    assert times.deadline(late, issue) == sends
    issue.send_at = None
    assert times.deadline(publication, issue) is None


def test_a_popular_story_can_only_be_dropped(database, issue):
    """Readers put it there, not points of a section; a correction must stand."""
    shown = review(database, issue)
    story = shown.plan.stories[-1]
    assert views.row(replace(story, block="popular")).taps == ("drop",)
    assert views.row(replace(story, block="correction")).taps == ()
