"""Building is pure: the same recipe gives the same edition, and no story stands in it twice, whatever editors do."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.issues.building import Builder, build, issue_id
from digest.issues.edits import Edits
from digest.issues.frame import Frame
from digest.issues.inputs import Inputs
from digest.issues.models import Issue
from digest.issues.recipe import Recipe, assemble
from digest.ranking.candidate import Reason
from tests.conftest import NOW
from tests.issues import newsroom

REGIONS = ("world", "eastern-neighbourhood", "south-caucasus", "eastern-europe", "central-asia")
PARENTS = {"world": None, "eastern-neighbourhood": "world", "central-asia": "world"}
LISTS = {"sc": "south-caucasus", "ee": "eastern-europe", "ca": "central-asia", "all": "world"}
IDS = tuple(f"00000000-0000-4000-8000-{number:012}" for number in range(14))

FRAME = Frame.model_validate(
    {
        "formula": "v1",
        "publication": newsroom.publication()
        | {
            "language": "en",
            "sender_name": "The Meridian",
            "cadence": "weekly",
            "editor_name": "",
            "editor_role": "",
            "section_stories": 3,
            "section_briefs": 1,
            "house_bylines": ["Our Staff"],
            "minimum_stories": 1,
        },
        "lists": [
            {"id": key, "name": key.upper(), "region": region, "language": "en", "position": place}
            for place, (key, region) in enumerate(LISTS.items())
        ],
        "regions": [
            {
                "id": region,
                "parent": PARENTS.get(region, "eastern-neighbourhood"),
                "names": {"en": region.title()},
                "color": "#000000",
                "color_dark": "#ffffff",
            }
            for region in REGIONS
        ],
    }
)


def stored(number: int, **changes: Any) -> dict[str, Any]:
    """Return the stored inputs of a candidate."""
    published = NOW - timedelta(hours=changes.pop("hours", 10 + number))
    return Inputs(
        **{
            "id": IDS[number],
            "canonical_url": f"meridian.example/{number}",
            "url": f"https://meridian.example/{number}",
            "headline": f"Headline {number}",
            "published_at": published,
            "first_seen_at": published,
            "regions": {"south-caucasus": "tag"},
            **changes,
        }
    ).as_json()


def recipe_of(inputs: list[dict[str, Any]], edits: Edits | None = None) -> Recipe:
    """Return the recipe of an issue with these candidates."""
    issue = Issue.model_validate(
        {
            "id": issue_id("weekly", NOW),
            "number": 1,
            "publication_id": "weekly",
            "as_of": NOW,
            "frame": FRAME.model_dump(mode="json"),
            "edits": (edits or Edits()).model_dump(),
            "created_at": NOW,
            "changed_at": NOW,
        }
    )
    return assemble(issue, inputs)


evidence = st.dictionaries(st.sampled_from(REGIONS), st.sampled_from(["tag", "feed", "mention"]), max_size=3)
candidates = st.lists(
    st.fixed_dictionaries(
        {
            "hours": st.floats(0, 700),
            "regions": evidence,
            "editors_choice": st.booleans(),
            "evergreen": st.booleans(),
            "topics": st.lists(st.sampled_from("abcdef"), max_size=3).map(tuple),
            "authors": st.lists(st.sampled_from(["Ann", "Bo", "Our Staff"]), max_size=2).map(tuple),
            "cluster": st.sampled_from([None, None, "one", "two"]),
            "clicks": st.integers(0, 100).map(float),
            "expected": st.integers(0, 50).map(float),
            "picture": st.sampled_from([None, {"url": "https://meridian.example/p.jpg"}]),
            "carried": st.sets(st.sampled_from(["sc", "ca sc"])).map(lambda found: tuple(sorted(found))),
            "correction": st.sampled_from(["", "It was Tuesday."]),
            "correction_due": st.booleans(),
            "sent": st.sampled_from([{}, {"sc": NOW - timedelta(days=7)}]),
        }
    ),
    max_size=len(IDS),
).map(lambda found: [stored(number, **one) for number, one in enumerate(found)])
lists = st.lists(st.sampled_from(sorted(LISTS)), min_size=1, max_size=4, unique=True).map(tuple)
places = st.dictionaries(st.sampled_from(IDS), st.integers(1, 6), max_size=3)
edits = st.builds(
    Edits,
    pins=st.dictionaries(st.sampled_from(sorted(LISTS)), places, max_size=2),
    excluded=st.dictionaries(st.sampled_from(["", "sc"]), st.lists(st.sampled_from(IDS), max_size=3), max_size=2),
    moved=st.dictionaries(st.sampled_from(IDS), st.sampled_from(sorted(LISTS)), max_size=2),
    lead=st.sampled_from(["", *IDS]),
)
RELAXED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@RELAXED
@given(candidates, edits, lists)
def test_building_twice_gives_the_same_plan(inputs, orders, wanted):
    """By one builder or by another, in whatever order the candidates were stored."""
    builder = Builder(recipe_of(inputs, orders))
    first = builder.build(wanted)
    assert builder.build(wanted) == first
    assert build(recipe_of(list(reversed(inputs)), orders), wanted) == first
    assert recipe_of(list(reversed(inputs)), orders).hash == builder.recipe.hash


@RELAXED
@given(candidates, edits, lists)
def test_no_story_stands_twice_and_none_is_lost(inputs, orders, wanted):
    """Whatever editors do: one place per story, places from 1, a reason for all others, badges on a third at most."""
    plan = Builder(recipe_of(inputs, orders)).build(wanted)
    keys = [story.story_key for story in plan.stories]
    assert len(keys) == len(set(keys))
    assert [story.place for story in plan.stories] == list(range(1, len(keys) + 1))
    standing = {str(story.article_id) for story in plan.stories}
    left = [one.id for one in plan.left_out]
    assert len(left) == len(set(left))
    assert standing.isdisjoint(left)
    assert standing | set(left) == {one["id"] for one in inputs}
    assert 3 * sum(story.show_badge for story in plan.stories) <= len(plan.stories)
    assert len(plan.corrections) <= 3
    assert standing.isdisjoint(set(orders.excluded.get("", ())) - {str(s.article_id) for s in plan.corrections})


@RELAXED
@given(candidates, edits, lists, st.data())
def test_a_sibling_is_the_edition_less_what_was_had(inputs, orders, wanted, data):
    """Nothing enters that the edition does not have, nothing of what was had stays, all have a place or a reason."""
    builder = Builder(recipe_of(inputs, orders))
    base = builder.build(wanted)
    mine = [story.story_key for story in base.stories if story.block != "correction"]
    had = frozenset(data.draw(st.sets(st.sampled_from(mine)))) if mine else frozenset()
    sibling = builder.build(wanted, had)
    assert {s.story_key for s in sibling.stories} <= {s.story_key for s in base.stories} - had
    assert not had or sibling.without == tuple(sorted(had))
    ids = {str(story.article_id) for story in sibling.stories} | {one.id for one in sibling.left_out}
    assert ids == {one["id"] for one in inputs}


def test_a_correction_of_a_sent_story_stands_once_before_popular():
    """Only for the sets that had the story, and no longer among those left out."""
    inputs = [
        stored(0, sent={"sc": NOW - timedelta(days=7)}, correction="It was Tuesday.", correction_due=True, hours=190),
        stored(1),
    ]
    plan = build(recipe_of(inputs), ("sc",))
    assert [(story.correction, story.block, story.place) for story in plan.corrections] == [
        ("It was Tuesday.", "correction", 2)
    ]
    assert plan.left_out == ()
    other = build(recipe_of(inputs), ("sc", "ca"))
    assert other.corrections == ()


def test_what_a_set_had_no_room_for_is_carried_for_that_set_only():
    """Ruling 1: stale for all others, eligible for the set whose last issue had no room."""
    inputs = [stored(0, hours=300, carried=("sc",)), stored(1, hours=5)]
    builder = Builder(recipe_of(inputs))
    assert IDS[0] in {str(story.article_id) for story in builder.build(("sc",)).stories}
    stale = builder.build(("sc", "ee")).left_out
    assert [(one.id, one.reason) for one in stale] == [(IDS[0], Reason.stale)]


def test_the_general_list_comes_last_unless_the_reader_put_it_elsewhere():
    """Rule 11; there the story names its own region."""
    inputs = [stored(n, regions={region: "tag"}) for n, region in enumerate(REGIONS[2:] + REGIONS[2:])]
    builder = Builder(recipe_of(inputs))
    assert [section.list_id for section in builder.build(("sc", "all")).sections][-1] == "all"
    general = builder.build(("all", "sc")).sections
    assert general[0].list_id == "all"
    assert {story.region for story in general[0].stories} <= set(REGIONS[2:])


def test_house_bylines_kickers_and_region_tags_are_no_topics():
    """Ruling 3: they would make strangers alike."""
    inputs = stored(0, topics=("South Caucasus", "Central-Asia", "News", "rail"), kicker="news", authors=("Our Staff",))
    plan = Builder(recipe_of([inputs])).ranked(("sc",))
    assert plan.lead is not None
    assert plan.lead.candidate.topics == {"rail"} | ({"south-caucasus"} & set())
    assert plan.lead.candidate.authors == frozenset()
