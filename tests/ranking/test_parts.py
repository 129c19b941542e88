"""The small parts: points, merging, likeness, and the sentences that explain."""

from dataclasses import replace
from typing import Any

import pytest

from digest.ranking.candidate import LeftOut, Points, Reason
from digest.ranking.edition import rank_edition
from digest.ranking.explaining import explain_left_out
from digest.ranking.filling import likeness
from digest.ranking.formula import ANYWHERE, DAILY, WEEKLY, cents, explain, for_cadence, points, theta
from digest.ranking.merging import merge
from digest.ranking.section import rank_section
from tests.ranking.making import AS_OF, ago, ids, order, story


def test_each_cadence_has_its_formula() -> None:
    """Weekly and daily have formulas; another word is refused with a sentence."""
    assert for_cadence("weekly") is WEEKLY
    assert for_cadence("daily") is DAILY
    with pytest.raises(ValueError, match="write weekly or daily"):
        for_cadence("hourly")


def test_halves_round_up() -> None:
    """Rank 2 of 9 is worth 28.125 points, and that is 28.13."""
    assert points(story("a", popular_rank=(2, 9)), "sc", AS_OF, WEEKLY).reading == 28.13
    assert points(story("a", popular_rank=(1, 1)), "sc", AS_OF, WEEKLY).reading == 30.0
    assert cents(0.125) == 0.13


def test_attention_falls_with_the_place() -> None:
    """Place 1 counts whole, place 8 by 0.287, and none less than a tenth."""
    assert [round(theta(place, WEEKLY), 3) for place in (1, 8, 99)] == [1.0, 0.287, 0.1]


def test_reading_has_a_floor_and_a_ceiling() -> None:
    """A quarter of the expected clicks or less gives nothing, four times or more gives 30."""
    assert points(story("a", clicks=0, expected=995), "sc", AS_OF, WEEKLY).reading == 0.0
    assert points(story("a", clicks=9995, expected=5), "sc", AS_OF, WEEKLY).reading == 30.0


def test_the_daily_half_life_is_twelve_hours() -> None:
    """In a daily a story loses half its freshness in twelve hours."""
    assert points(story("a", 12), "sc", AS_OF, DAILY).freshness == 10.0


def test_likeness() -> None:
    """One cluster is wholly alike; otherwise the share of common topics counts; no topics are no likeness."""
    one = story("a", topics=frozenset({"rail", "vote"}), cluster="q")
    assert likeness(one, replace(one, topics=frozenset())) == 1.0
    assert likeness(one, replace(one, cluster=None, topics=frozenset({"rail"}))) == 0.5
    assert likeness(story("a"), story("b")) == 0.0


def test_one_page_is_one_story() -> None:
    """Candidates of one canonical URL are united: the greater signal, the earliest date, the strongest evidence."""
    one = story("k1", 30, url="x.test/a", clicks=3, regions={"sc": "feed", "ca": "tag"}, cluster="q")
    two = story(
        "k0",
        40,
        url="x.test/a",
        refreshed_at=ago(9),
        status="retracted",
        editors_choice=True,
        expected=9,
        popular_rank=(3, 9),
        topics=frozenset({"rail"}),
        own_regions=frozenset({"sc"}),
        sent={"weekly": ago(200)},
    )
    three = story("k2", 35, url="x.test/a", popular_rank=(2, 9), sent={"weekly": ago(300), "daily": ago(1)})
    (whole,) = merge([one, two, three])
    assert (whole.id, whole.published_at, whole.refreshed_at, whole.status) == ("k0", ago(40), ago(9), "retracted")
    assert (whole.editors_choice, whole.clicks, whole.expected, whole.popular_rank) == (True, 3, 9, (2, 9))
    assert (whole.regions, whole.topics, whole.cluster) == ({"ca": "tag", "sc": "tag"}, frozenset({"rail"}), "q")
    assert whole.sent == {"weekly": ago(200), "daily": ago(1)}
    assert merge([three, two, one]) == [whole]


def test_an_order_may_name_any_id_of_a_page() -> None:
    """Pins, exclusions, moves, lead and without hold for a page, under whichever of its ids they were given."""
    twins = [story("k1", url="x.test/a", regions={"ca": "tag"}), story("k2", url="x.test/a", regions={"ca": "tag"})]
    found = [*twins, story("z", 1)]
    pinned = order(pins={"k2": 1, "k1": 3}, moved_in=frozenset({"k2"}))
    assert ids(rank_section(found, pinned, as_of=AS_OF, formula=WEEKLY).placed) == ["k1", "z"]
    out = order("ca", excluded=frozenset({"k2"}))
    assert rank_section(found, out, as_of=AS_OF, formula=WEEKLY).placed == ()
    mail = rank_edition(found, [order(moved_in=frozenset({"k2"}))], as_of=AS_OF, formula=WEEKLY, lead="k2")
    assert mail.lead
    assert mail.lead.candidate.id == "k1"


PARTS = Points(40.0, 22.17, 14.30, 10.0)


@pytest.mark.parametrize(
    ("inputs", "region", "words"),
    [
        ({"clicks": 68, "expected": 27}, "sc", "(2.3x what its places and age would give: 68 on 27)"),
        ({}, "sc", "(no reading data yet, counted as average)"),
        ({"popular_rank": (2, 9)}, "sc", "(number 2 of 9 in the most read)"),
        ({}, "sc", "(10 h old)"),
        ({"refreshed_at": ago(8)}, "sc", "(8 h since its update)"),
        ({"evergreen": True}, "sc", "(evergreen)"),
        ({}, "sc", "(tag sc)"),
        ({"regions": {"ee": "mention", "ca": "feed"}}, ANYWHERE, "(feed ca)"),
        ({"regions": {}}, ANYWHERE, "(no region)"),
        ({}, "ca", "(no evidence for ca, put there by an editor)"),
    ],
)
def test_a_place_is_explained(inputs: dict[str, Any], region: str, words: str) -> None:
    """Each part says in brackets what it comes from."""
    assert words in explain(story("a", **inputs), region, PARTS, 0.0, AS_OF, WEEKLY)


def test_the_whole_sentence() -> None:
    """The sentence names every part with its points, what likeness cost, and the sum."""
    one = story("a", 35, editors_choice=True, clicks=68, expected=27, regions={"south-caucasus": "tag"})
    assert explain(one, "south-caucasus", PARTS, 12.5, AS_OF, WEEKLY) == (
        "Editor's choice 40.00 + reading 22.17 (2.3x what its places and age would give: 68 on 27)"
        " + freshness 14.30 (35 h old) + region 10.00 (tag south-caucasus) - likeness 12.50 = 73.97"
    )


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_explained(reason: Reason) -> None:
    """Every reason has a sentence, with what it refers to, and the points where there are any."""
    sentence = explain_left_out(LeftOut("a", reason, "b", PARTS))
    assert sentence.endswith("It has 86.47 points.")
    assert "{" not in sentence
    assert explain_left_out(LeftOut("a", Reason.duplicate, "b")).startswith("It tells the same story as b,")
