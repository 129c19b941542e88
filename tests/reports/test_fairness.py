"""The exposure monitor: shares of attention against shares of what could have stood."""

from datetime import timedelta
from typing import Any

from digest.issues import recipe as recipes
from digest.issues.models import Issue
from digest.reports import asking, fairness, standing
from digest.reports.facts import Standing
from tests.conftest import NOW
from tests.issues import newsroom as small
from tests.reports import newsroom


def story(**changes: Any) -> Standing:
    """Return a story of one country, desk and author."""
    given: dict[str, Any] = {
        "issue": 1,
        "key": "a",
        "countries": ("Georgia",),
        "authors": ("Ann",),
        "desk": "World",
        "exposure": 1.0,
    }
    return Standing(**(given | changes))


def test_a_share_is_of_stories_and_of_exposure():
    """Half of the stories with a tenth of the exposure are 0.2 times: amber; the other half 1.8 times: within."""
    stories = [story(exposure=0.2)] * 5 + [story(countries=("Armenia",), exposure=1.8)] * 5
    found = {one.name: one for one in fairness.shares(stories, "country")}
    assert round(found["Georgia"].ratio, 6) == 0.2
    assert (found["Georgia"].verdict, found["Armenia"].verdict) == ("amber", "within")
    assert (found["Georgia"].stories, found["Georgia"].of_stories) == (5, 0.5)


def test_the_bounds_themselves_are_within():
    """Amber outside 0.5 to 2.0, not on them."""
    stories = [story(exposure=1)] * 10 + [story(desk="Data", exposure=4)] * 5
    found = {one.name: one for one in fairness.shares(stories, "desk")}
    assert (found["World"].ratio, found["Data"].ratio) == (0.5, 2.0)
    assert {one.verdict for one in found.values()} == {"within"}


def test_few_stories_say_nothing():
    """Four stories without any exposure are too few to be amber."""
    found = fairness.shares([story()] * 20 + [story(authors=("Ben",), exposure=0.0)] * 4, "author")
    assert [(one.name, one.verdict) for one in found] == [("Ann", "within"), ("Ben", "too few to say")]


def test_two_authors_share_a_story_and_the_nameless_are_in_no_share():
    """Each of two has half of it; a story without author changes nobody's share."""
    stories = [story(authors=("Ann", "Ben"), exposure=4.0), story(exposure=2.0), story(authors=(), exposure=9.0)]
    found = {one.name: one for one in fairness.shares(stories, "author")}
    assert (found["Ann"].of_stories, found["Ben"].of_stories) == (0.75, 0.25)
    assert round(found["Ann"].of_exposure, 6) == round(4 / 6, 6)
    assert fairness.nameless(stories, "author") == 1


def test_nothing_printed_has_no_shares():
    """Without exposure there is no share to say."""
    assert fairness.shares([story(exposure=0.0)], "desk") == []


def test_four_issues_are_watched(database):
    """Of six issues the last four; ten stories a region and issue could have stood."""
    newsroom.history(database, 6)
    with database.reading() as session:
        found = asking.report(session, "weekly", NOW + timedelta(days=5))
    assert found.head["exposure_of"] == [3, 4, 5, 6]
    rows = found.as_json()["exposure_country"]
    assert {row["name"]: row["stories"] for row in rows} == {
        "Central Asia (several countries)": 40,
        "Eastern Europe (several countries)": 40,
        "South Caucasus (several countries)": 40,
    }
    assert round(sum(row["share_of_exposure"] for row in rows), 5) == 1
    assert "A monitor, not a weight" in found.table("exposure_country").note
    names = {row["name"] for row in found.as_json()["exposure_author"]}
    assert "Lela Kobakhidze" in names
    assert {row["name"] for row in found.as_json()["exposure_desk"]} == {"World desk", "Data desk"}


def test_what_could_have_stood_follows_the_ranking(database):
    """Unpublished, in another language or too old: not eligible; taken out by an editor: eligible all the same."""
    newsroom.found(database)
    small.publish(
        database,
        [
            small.article("good"),
            small.article("gone", status="unpublished"),
            small.article("foreign", language="ar"),
            small.article("old", hours=24 * 20, first_seen_at=NOW - timedelta(days=20)),
            small.article("taken-out"),
        ],
    )
    issue = newsroom.send(database, NOW, 0, 100)
    with database.writing() as session:
        held = session.get_one(Issue, issue.id)
        held.edits = {"excluded": {"": [str(small.article("taken-out")["id"])]}}
        session.add(held)
    with database.reading() as session:
        keys = {one.key for one in standing.of_issue(session, session.get_one(Issue, issue.id))}
    named = {"good", "gone", "foreign", "old", "taken-out"}
    assert {key.partition("/")[2] for key in keys} & named == {"good", "taken-out"}


def test_a_story_is_of_its_own_region_not_of_those_above(database):
    """Tagged South Caucasus and its neighbourhood it is of South Caucasus."""
    newsroom.found(database)
    issue = newsroom.send(database, NOW, 0, 100)
    with database.reading() as session:
        recipe = recipes.load(session, session.get_one(Issue, issue.id))
    assert standing.own(("south-caucasus", "eastern-neighbourhood", "world"), recipe) == ["south-caucasus"]
