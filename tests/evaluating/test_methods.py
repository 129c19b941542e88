"""The orders that are compared: ours is the ranking's own, the others are what they are called."""

from hypothesis import given

from digest.evaluating.cases import Case, Placement, Story, Without
from digest.evaluating.methods import by_badge, by_date, by_hacker_news, by_points, by_popularity, by_section
from digest.ranking.candidate import Candidate
from digest.ranking.formula import WEEKLY, theta
from digest.ranking.section import rank_section
from tests.ranking.making import AS_OF, ids, order, story
from tests.ranking.newsrooms import newsrooms


def test_plain_orders_are_what_they_are_called():
    """By clicks, by date, by badge and then date, by clicks that fade with age."""
    told = [story("old", 100, clicks=90), story("new", 2, clicks=0), story("badge", 50, clicks=40, editors_choice=True)]
    assert by_popularity(told, "sc", AS_OF, WEEKLY) == ["old", "badge", "new"]
    assert by_date(told, "sc", AS_OF, WEEKLY) == ["new", "badge", "old"]
    assert by_badge(told, "sc", AS_OF, WEEKLY) == ["badge", "new", "old"]
    young = [story("much", 30, clicks=101), story("some", 3, clicks=31), story("none", 0, clicks=0)]
    assert by_hacker_news(young, "sc", AS_OF, WEEKLY) == ["some", "much", "none"]


def test_a_most_read_list_is_kept_in_its_order():
    """What has a rank comes before what has only counts."""
    told = [story("third", popular_rank=(3, 5)), story("first", popular_rank=(1, 5)), story("counted", clicks=900)]
    assert by_popularity(told, "sc", AS_OF, WEEKLY) == ["first", "third", "counted"]


@given(newsrooms())
def test_ours_is_the_order_of_the_section(newsroom):
    """It starts with what the section prints, and then has everything else, once."""
    wanted = order("sc", stories=10, briefs=0, languages=frozenset({"en", "ru"}))
    ranked = rank_section(newsroom.candidates, wanted, as_of=AS_OF, formula=WEEKLY)
    ours = by_section(newsroom.candidates, "sc", AS_OF, WEEKLY)
    assert ours[: len(ranked.placed)] == ids(ranked.placed)
    assert sorted(ours) == sorted(by_points(newsroom.candidates, "sc", AS_OF, WEEKLY))


@given(newsrooms())
def test_no_order_depends_on_how_stories_came_in(newsroom):
    """The same stories the other way round give the same order by every method."""
    turned = newsroom.candidates[::-1]
    for method in (by_section, by_points, by_popularity, by_date, by_badge, by_hacker_news):
        assert method(newsroom.candidates, "sc", AS_OF, WEEKLY) == method(turned, "sc", AS_OF, WEEKLY)


def a_case() -> Case:
    """Return a case of three stories: one on top, one far down, one that stood nowhere."""
    top = Story(candidate=story("top", clicks=30, expected=2), placements=[Placement(40, 1)], machine_clicks=9)
    low = Story(candidate=story("low", clicks=10), placements=[Placement(40, 8), Placement(20, 1)])
    return Case(unit="1", as_of=AS_OF, region="sc", stories=[top, low, Story(candidate=story("none"))], gains={})


def told(without: Without = Without.nothing) -> dict[str, Candidate]:
    """Return what the ranking is told of the case."""
    return {one.id: one for one in a_case().candidates(WEEKLY, without)}


def test_places_are_expected_as_the_formula_says():
    """Expected clicks of mails are added to those of the site; other numbers of the formula expect others."""
    assert told()["top"].expected == 2 + 40
    assert told()["low"].expected == 40 * theta(8, WEEKLY) + 20
    assert told()["none"].expected == 0
    assert told()["top"].clicks == 30


def test_without_places_all_get_the_same_share():
    """What all mails together should bring stays, it is only not told apart by place."""
    flat = told(Without.places)
    level = (40 + 40 * theta(8, WEEKLY) + 20) / 100
    assert (flat["top"].expected, flat["low"].expected) == (2 + 40 * level, 60 * level)


def test_without_the_filter_machine_clicks_count():
    """They are added to the human ones of that story."""
    unfiltered = told(Without.filter)
    assert (unfiltered["top"].clicks, unfiltered["low"].clicks) == (39, 10)
