"""What a draft shows of its articles' pictures: our cut copies, the newsroom's own, or nothing and why."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.articles.models import Picture
from digest.articles.pictures.store import PictureStore
from digest.database import Database
from digest.issues import drafting, editing
from digest.issues.building import Builder
from digest.issues.inputs import Inputs
from digest.issues.models import Issue
from digest.issues.plan import Picture as PicturePlan
from tests.conftest import BOTH, NOW
from tests.issues.newsroom import article, found, publish

STORE = PictureStore(Path("pictures"), "https://digest.example/")
LEAD, THUMB = f"{'a' * 32}.jpg", f"{'b' * 32}.jpg"
OWN: dict[str, Any] = {"image_alt": "A bridge", "image_credit": "Photo: Ann", "image_width": 4000, "image_height": 3000}


def known(database: Database, name: str, **values: Any) -> None:
    """Store what became of a picture."""
    row = {"url": f"https://meridian.example/{name}.jpg", "tried_at": NOW} | values
    with database.writing() as session:
        session.add(Picture.model_validate(row))


@pytest.fixture
def newsroom(database: Database) -> Database:
    """Found a newsroom with an article for each way that a picture may go."""
    found(database)
    names = ("lost", "kept", "asked", "failing", "new")
    rows = [
        article(name, hours=n + 1, image_url=f"https://meridian.example/{name}.jpg", **OWN)
        for n, name in enumerate(names)
    ]
    publish(database, [*rows, article("without", hours=9)])
    known(database, "kept", lead=LEAD, lead_width=1280, lead_height=960, thumb=THUMB)
    known(database, "lost", error="The server answers 404 (Not Found).", failures=1)
    known(database, "asked", next_at=NOW + timedelta(minutes=10))
    known(database, "failing", error="It took too long.", failures=2, next_at=NOW + timedelta(hours=1))
    return database


def inputs(database: Database, issue: Issue) -> dict[str, Inputs]:
    """Return the frozen inputs of an issue, by the name of the article."""
    with database.reading() as session:
        return {one.url.rpartition("/")[2]: one for one in drafting.recipe(session, issue).candidates}


def newsrooms(name: str) -> dict[str, Any]:
    """Return the newsroom's own picture, as it is frozen."""
    url = f"https://meridian.example/{name}.jpg"
    return {"url": url, "alt": "A bridge", "credit": "Photo: Ann", "width": 4000, "height": 3000}


@BOTH
def test_a_draft_shows_our_cut_copies(newsroom):
    """Where we have them; what cannot be had leaves a story without; what was not fetched yet is the newsroom's own."""
    frozen = inputs(newsroom, drafting.draft(newsroom, "weekly", as_of=NOW, at=NOW, pictures=STORE))
    assert frozen["kept"].picture == {
        "url": f"https://digest.example/pictures/{LEAD}",
        "thumb": f"https://digest.example/pictures/{THUMB}",
        "alt": "A bridge",
        "credit": "Photo: Ann",
        "width": 1280,
        "height": 960,
    }
    assert (frozen["lost"].picture, frozen["lost"].picture_lost) == (None, "The server answers 404 (Not Found).")
    for name in ("asked", "failing", "new"):
        assert (frozen[name].picture, frozen[name].picture_pending) == (newsrooms(name), True)
    assert (frozen["without"].picture, frozen["without"].picture_pending) == (None, False)


def test_a_draft_without_a_store_shows_the_newsrooms_own(newsroom):
    """PICTURES=newsroom: whatever became of the copies."""
    frozen = inputs(newsroom, drafting.draft(newsroom, "weekly", as_of=NOW, at=NOW))
    for name in ("kept", "lost", "asked", "failing", "new"):
        one = frozen[name]
        assert (one.picture, one.picture_lost, one.picture_pending) == (newsrooms(name), "", False)


def test_refreshing_and_adding_show_them_too(newsroom):
    """A picture that came meanwhile is shown after a refresh; an article brought in by hand comes with its copy."""
    publish(newsroom, [article("old", hours=2_000, image_url="https://meridian.example/old.jpg", **OWN)])
    known(newsroom, "old", lead=LEAD, lead_width=1280, lead_height=960, thumb=THUMB)
    issue = drafting.draft(newsroom, "weekly", as_of=NOW, at=NOW, pictures=STORE)
    known(newsroom, "new", lead=LEAD, lead_width=1280, lead_height=960, thumb=THUMB)
    assert inputs(newsroom, issue)["new"].picture_pending, "a draft is frozen"
    editing.add(newsroom, issue.id, "https://meridian.example/old", who="ed", at=NOW, pictures=STORE)
    assert (inputs(newsroom, issue)["old"].picture or {})["url"].endswith(LEAD)
    drafting.refresh(newsroom, issue.id, NOW, NOW, "ed", pictures=STORE)
    frozen = inputs(newsroom, issue)
    assert all((frozen[name].picture or {})["url"].endswith(LEAD) for name in ("new", "old", "kept"))


def test_the_lead_has_a_picture_that_can_be_had(newsroom):
    """A lost picture counts as none; the plan has both sizes, and the words an editor set."""
    issue = drafting.draft(newsroom, "weekly", as_of=NOW, at=NOW, pictures=STORE)
    with newsroom.reading() as session:
        recipe = drafting.recipe(session, issue)
    plan = Builder(recipe).build(("sc",))
    lead = f"https://digest.example/pictures/{LEAD}"
    thumb = f"https://digest.example/pictures/{THUMB}"
    shown = {story.url.rpartition("/")[2]: story.picture for story in plan.stories}
    assert shown["kept"] == PicturePlan(lead, "A bridge", "Photo: Ann", 1280, 960, thumb)
    assert shown["lost"] is None
    assert plan.lead is not None
    assert plan.lead.url.endswith("/kept"), "the newest has none"


def test_drafts_of_before_are_read_back():
    """Stored before there were copies: no thumb, nothing lost, nothing pending."""
    stored = {
        "id": "5f0f3f04-5f6c-4f4b-9c3e-0a1b2c3d4e5f",
        "canonical_url": "meridian.example/a",
        "url": "https://meridian.example/a",
        "headline": "A",
        "language": "en",
        "picture": {"url": "https://meridian.example/a.jpg", "alt": "A bridge"},
        "status": "published",
        "published_at": "2026-11-23T06:00:00Z",
        "first_seen_at": "2026-11-23T06:00:00Z",
    }
    one = Inputs.from_json(stored)
    assert (one.picture, one.picture_lost, one.picture_pending) == (stored["picture"], "", False)
    assert one.as_json() == stored
