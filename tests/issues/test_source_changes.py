"""What the newsroom changed after a draft: found, taken or kept by an editor, and asked again when it changes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from digest.articles.models import Picture, article_id
from digest.articles.pictures.store import PictureStore
from digest.database import Database
from digest.errors import Conflict, NotFound, Refused
from digest.issues import drafting, editing, log, source_changes
from digest.issues.building import Builder
from digest.issues.edits import Edits
from digest.issues.models import Issue, IssueStatus
from digest.issues.source_changes import SourceChange
from tests.conftest import BOTH, NOW
from tests.issues import newsroom

SLUG = "south-caucasus-1"
ID = article_id(f"meridian.example/{SLUG}")
LATER = NOW + timedelta(hours=1)
ORDERS = ("sc", "ee", "ca")


def drafted(database: Database, **pictures: Any) -> Issue:
    """Draft an issue of the newsroom's week."""
    newsroom.found(database)
    newsroom.publish(database, newsroom.a_week())
    return drafting.draft(database, "weekly", as_of=NOW, at=NOW, **pictures)


def changes(database: Database, issue: Issue) -> list[SourceChange]:
    """Return what waits for an answer."""
    with database.reading() as session:
        return source_changes.of_stories(session, session.get_one(Issue, issue.id))


def asked(database: Database, issue: Issue) -> dict[str, tuple[str, str]]:
    """Return what changed of the one article that did."""
    (change,) = changes(database, issue)
    return dict(change.texts)


def take(database: Database, issue: Issue, article: UUID | None = ID, **more: Any) -> source_changes.Settled:
    return source_changes.take(database, issue.id, article, who="editor", at=LATER, **more)


def keep(database: Database, issue: Issue, article: UUID | None = ID, **more: Any) -> source_changes.Settled:
    return source_changes.keep(database, issue.id, article, who="editor", at=LATER, **more)


def status(database: Database, issue: Issue, state: str) -> None:
    with database.writing() as session:
        held = session.get_one(Issue, issue.id)
        held.status = IssueStatus(state)
        session.add(held)


@BOTH
def test_a_fresh_draft_has_no_changes(database: Database):
    """It is what the newsroom says."""
    assert changes(database, drafted(database)) == []


@BOTH
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"headline": "New"}, {"headline": ("Headline of south-caucasus-1 which is long enough to read", "New")}),
        ({"kicker": "Port", "byline": "Ana"}, {"kicker": ("", "Port"), "byline": ("", "Ana")}),
        ({"correction": "It was 200."}, {"correction": ("", "It was 200.")}),
        (
            {"image_url": "https://x.example/n.jpg"},
            {"picture": ("https://meridian.example/1.jpg", "https://x.example/n.jpg")},
        ),
        ({"image_url": ""}, {"picture": ("https://meridian.example/1.jpg", "")}),
        ({"image_alt": "A ferry"}, {"alt": ("What is seen", "A ferry")}),
        (
            {"url": "https://meridian.example/new"},
            {"url": ("https://meridian.example/south-caucasus-1", "https://meridian.example/new")},
        ),
    ],
)
def test_what_changed_is_found(database: Database, values: dict[str, str], expected: dict[str, tuple[str, str]]):
    """Headline, standfirst, kicker, byline, picture and its description, correction, address: old and new."""
    issue = drafted(database)
    newsroom.change(database, SLUG, **values)
    assert asked(database, issue) == expected


@BOTH
def test_what_no_reader_sees_is_no_change(database: Database):
    """Tracking in an address, the body, reads and tags."""
    issue = drafted(database)
    newsroom.change(database, SLUG, url=f"http://www.meridian.example/{SLUG}/?utm_source=feed", body="x", topics=["y"])
    assert changes(database, issue) == []


@BOTH
def test_take_freezes_the_texts_and_nothing_else(database: Database):
    """Points, places and all that was frozen stay; version and log tell; an approval would fall."""
    issue = drafted(database)
    with database.reading() as session:
        before = drafting.recipe(session, issue)
    newsroom.change(
        database, SLUG, headline="New", correction="It was 200.", editors_choice=False, regions={}, topics=[]
    )
    settled = take(database, issue)
    assert (settled.issue.version, settled.issue.status) == (issue.version + 1, "draft")
    assert dict(settled.changes[0].texts) == {
        "headline": ("Headline of south-caucasus-1 which is long enough to read", "New"),
        "correction": ("", "It was 200."),
    }
    with database.reading() as session:
        after = drafting.recipe(session, session.get_one(Issue, issue.id))
        entry = log.entries(session, issue)[-1]
    taken: dict[str, Any] = {"headline": "New", "correction": "It was 200.", "correction_due": True}
    assert after.by_id[str(ID)] == replace(before.by_id[str(ID)], **taken)
    assert [one for one in after.candidates if one.id != str(ID)] == [
        one for one in before.candidates if one.id != str(ID)
    ]
    assert (entry.what, entry.who, entry.after) == (
        "take",
        "editor",
        {str(ID): {"headline": "New", "correction": "It was 200."}},
    )
    points = [[(one.article_id, one.points) for one in Builder(made).build(ORDERS).stories] for made in (before, after)]
    assert points[0] == points[1]
    assert changes(database, issue) == []


@BOTH
def test_an_editor_s_own_text_stays_on_top(database: Database):
    """It is said, before and after."""
    issue = drafted(database)
    editing.set_text(database, issue.id, "headline", "Ours", article=ID, who="editor", at=NOW)
    newsroom.change(database, SLUG, headline="New", standfirst="New, too.")
    (change,) = changes(database, issue)
    assert change.own == ("headline",)
    assert change.as_json()["own"] == ["headline"]
    assert take(database, issue).changes[0].own == ("headline",)
    with database.reading() as session:
        plan = Builder(drafting.recipe(session, session.get_one(Issue, issue.id))).build(ORDERS)
    (story,) = (one for one in plan.stories if one.article_id == ID)
    assert (story.headline, story.standfirst) == ("Ours", "New, too.")


@BOTH
def test_keep_asks_again_only_when_it_changes_again(database: Database):
    """Declined once is declined; another text is another question; taking forgets what was declined."""
    issue = drafted(database)
    newsroom.change(database, SLUG, headline="New")
    kept = keep(database, issue)
    assert (kept.issue.version, len(kept.changes)) == (issue.version + 1, 1)
    assert changes(database, issue) == []
    assert keep(database, issue).changes == ()
    newsroom.change(database, SLUG, headline="Newer")
    assert asked(database, issue)["headline"][1] == "Newer"
    newsroom.change(database, SLUG, headline="New")
    assert changes(database, issue) == []
    taken = take(database, issue)
    assert (len(taken.changes), Edits.model_validate(taken.issue.edits).kept) == (1, {})
    with database.reading() as session:
        assert [one.what for one in log.entries(session, issue)] == ["draft", "keep", "take"]


@BOTH
@pytest.mark.parametrize("state", ["approved", "scheduled", "paused"])
def test_keep_leaves_an_approval_alone_and_take_does_not(database: Database, state: str):
    """The mail does not change by keeping: same version, same hash."""
    issue = drafted(database)
    newsroom.change(database, SLUG, headline="New")
    status(database, issue, state)
    with database.reading() as session:
        before = drafting.recipe(session, issue).hash
    kept = keep(database, issue).issue
    assert (kept.version, kept.status, kept.revision) == (issue.version, state, 1)
    with database.reading() as session:
        assert drafting.recipe(session, session.get_one(Issue, issue.id)).hash == before
    taken = take(database, issue).issue
    assert (taken.version, taken.status) == (issue.version + 1, "draft")


@BOTH
def test_all_at_once(database: Database):
    """Every candidate that changed, those without a place too; nothing changed: the issue is left alone."""
    issue = drafted(database)
    assert take(database, issue, None).issue.version == issue.version
    for slug in (SLUG, "eastern-europe-2", "central-asia-4"):
        newsroom.change(database, slug, headline=f"New {slug}")
    assert len(keep(database, issue, None).changes) == 3
    assert len(take(database, issue, None).changes) == 3
    with database.reading() as session:
        recipe = drafting.recipe(session, session.get_one(Issue, issue.id))
    assert sorted(one.headline for one in recipe.candidates if one.headline.startswith("New")) == [
        "New central-asia-4",
        "New eastern-europe-2",
        "New south-caucasus-1",
    ]


@BOTH
def test_what_cannot_be_taken_is_a_sentence(database: Database):
    """No candidate, another version, too late; and a sent issue asks nothing any more."""
    issue = drafted(database)
    with pytest.raises(NotFound, match="not a candidate"):
        take(database, issue, article_id("meridian.example/unknown"))
    with pytest.raises(Conflict, match="changed meanwhile"):
        keep(database, issue, version=7)
    newsroom.change(database, SLUG, headline="New")
    status(database, issue, "sent")
    for order in (take, keep):
        with pytest.raises(Refused, match="can no longer be changed"):
            order(database, issue)
    assert changes(database, issue) == []


@BOTH
def test_a_refreshed_issue_has_the_new_texts(database: Database):
    """What was declined is over with it; the next change asks."""
    issue = drafted(database)
    newsroom.change(database, SLUG, headline="New")
    keep(database, issue)
    drafting.refresh(database, issue.id, LATER, LATER, "editor")
    assert changes(database, issue) == []
    newsroom.change(database, SLUG, headline="Newer")
    assert asked(database, issue)["headline"] == ("New", "Newer")


@BOTH
def test_our_cut_copy_is_the_same_picture(database: Database, tmp_path: Any):
    """Frozen is our file; the newsroom's address of it is no change, another picture is; so is one that came back."""
    store = PictureStore(tmp_path, "https://digest.example")
    old, new = "https://meridian.example/1.jpg", "https://meridian.example/9.jpg"
    with database.writing() as session:
        for url, more in (
            (old, {"lead": "a" * 32 + ".jpg", "thumb": "b" * 32 + ".jpg"}),
            ("https://meridian.example/3.jpg", {"error": "It is not found."}),
        ):
            session.add(Picture.model_validate({"url": url, "tried_at": NOW} | more))
    issue = drafted(database, pictures=store)
    assert changes(database, issue) == []
    newsroom.change(database, SLUG, image_url=new)
    assert asked(database, issue) == {"picture": (f"https://digest.example/pictures/{'a' * 32}.jpg", new)}
    take(database, issue, pictures=store)
    assert changes(database, issue) == []
    newsroom.change(database, "south-caucasus-3", image_url=old)
    assert asked(database, issue) == {"picture": ("", old)}
    take(database, issue, None, pictures=store)
    with database.reading() as session:
        recipe = drafting.recipe(session, session.get_one(Issue, issue.id))
    third = recipe.by_id[str(article_id("meridian.example/south-caucasus-3"))]
    assert (dict(third.picture or {})["url"], third.picture_lost) == (
        f"https://digest.example/pictures/{'a' * 32}.jpg",
        "",
    )


def test_an_issue_of_another_formula_is_shown_all_the_same(database: Database):
    """It cannot be built before it is refreshed; that is no reason to fail here."""
    issue = drafted(database)
    with database.writing() as session:
        held = session.get_one(Issue, issue.id)
        held.frame = held.frame | {"formula": "older"}
        session.add(held)
    assert changes(database, issue) == []
    with database.writing() as session:
        held = session.get_one(Issue, issue.id)
        held.frame = held.frame | {"lists": []}
        session.add(held)
    assert changes(database, issue) == []
