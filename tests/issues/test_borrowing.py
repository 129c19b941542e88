"""A publication that borrows: under a heading of its own, with the reason, and nothing is hidden by it."""

from dataclasses import replace

import pytest

from digest.database import Database
from digest.issues import drafting, explaining, finding
from digest.issues.building import Builder
from digest.issues.plan import EditionPlan
from digest.rendering import context
from digest.rendering.urls import Urls
from tests.conftest import BOTH, KEYS, NOW
from tests.issues import newsroom

PARENT = "eastern-neighbourhood"


def built(database: Database, *lists: str, **changes: str) -> tuple[Builder, EditionPlan]:
    """Draft an issue of one story of the South Caucasus, three of its parent, and two of Central Asia."""
    newsroom.found(database, **{"empty": "borrow"} | changes)
    newsroom.publish(
        database,
        [
            newsroom.article("tbilisi", hours=5),
            *(newsroom.article(f"east-{n}", hours=10 + n, regions={PARENT: "tag"}) for n in range(3)),
            *(newsroom.article(f"steppe-{n}", hours=30 + n, regions={"central-asia": "tag"}) for n in range(2)),
        ],
    )
    issue = drafting.draft(database, "weekly", as_of=NOW, at=NOW)
    with database.reading() as session:
        builder = Builder(drafting.recipe(session, issue))
    return builder, builder.build(lists)


def sections(plan: EditionPlan) -> list[tuple[str, str, bool, list[str]]]:
    """Return list, heading, whether it is borrowed, and the ends of the addresses."""
    return [
        (one.list_id, one.heading, one.borrowed, [story.url.rsplit("/")[-1] for story in one.stories])
        for one in plan.sections
    ]


@BOTH
def test_a_thin_list_borrows_under_its_parents_name(database: Database):
    """One story of its own leads; the parent's best stands behind, and explain says where it comes from and why."""
    builder, plan = built(database, "sc", "ca")
    assert sections(plan) == [
        ("sc", "Eastern Neighbourhood", True, ["east-0"]),
        ("ca", "Central Asia", False, ["steppe-0", "steppe-1"]),
    ]
    (story,) = plan.sections[0].stories
    assert (story.region, story.list_id) == (PARENT, "sc")
    assert story.why.endswith(
        "Borrowed from Eastern Neighbourhood: South Caucasus has one story of its own, 2 are wanted."
    )
    assert f"region 10.00 (tag {PARENT})" in story.why
    article = finding.candidate(builder.recipe, "https://meridian.example/east-0")
    (place,) = explaining.one(builder, article, [("sc", "ca")])["places"]
    assert "Borrowed from Eastern Neighbourhood" in place["answer"]
    assert plan.empty_regions == ()


def test_a_list_that_only_borrowed_still_says_that_it_has_nothing_new(database: Database):
    """Two borrowed stories are no news from Eastern Europe, and both empty lists borrow different ones."""
    _, plan = built(database, "ee", "sc")
    assert sections(plan) == [
        ("ee", "Eastern Neighbourhood", True, ["east-0", "east-1"]),
        ("sc", "Eastern Neighbourhood", True, ["east-2"]),
    ]
    assert plan.empty_regions == ("Eastern Europe",)
    assert len({story.article_id for story in plan.stories}) == len(plan.stories) == 4


@pytest.mark.parametrize("policy", ["skip", "send", "hold"])
def test_nobody_else_borrows(database: Database, policy: str):
    """Under every other policy a story never goes down the tree."""
    _, plan = built(database, "sc", "ca", empty=policy)
    assert [one[0] for one in sections(plan)] == ["ca"]


def test_a_sibling_borrows_only_what_its_edition_holds(database: Database):
    """Readers who had the borrowed story get nothing new in its place."""
    builder, plan = built(database, "sc", "ca")
    without = plan.sections[0].stories[0].story_key
    sibling = builder.sibling(plan, frozenset({without}))
    assert {story.article_id for story in sibling.stories} < {story.article_id for story in plan.stories}
    assert sections(sibling) == [("ca", "Central Asia", False, ["steppe-0", "steppe-1"])]


@pytest.mark.parametrize(("language", "heading"), [("en", "From Eastern Neighbourhood"), ("ar", "من الجوار الشرقي")])
def test_the_mail_says_from(database: Database, language: str, heading: str):
    """The heading is the catalogue's, in the language of the edition."""
    _, plan = built(database, "sc", "ca")
    first = replace(plan.sections[0], heading={"en": "Eastern Neighbourhood", "ar": "الجوار الشرقي"}[language])
    plan = replace(plan, language=language, sections=(first, *plan.sections[1:]))
    made = context.make(plan, Urls("https://digest.example.org", KEYS))
    assert made.values["sections"][0].heading == heading
