"""The rulings on ranking, and the finer points of its rules, one small newsroom each."""

from dataclasses import replace

from digest.ranking.candidate import Candidate, RankedEdition, SectionOrder
from digest.ranking.edition import rank_edition
from digest.ranking.formula import DAILY, WEEKLY
from digest.ranking.pool import Pool
from digest.ranking.section import rank_section
from tests.ranking.making import AS_OF, ago, ids, order, reasons, story


def ranked(candidates: list[Candidate], asked: SectionOrder, formula=WEEKLY) -> tuple[list[str], dict[str, str]]:
    """Return the ids of a section in order, and the reasons of those left out."""
    found = rank_section(candidates, asked, as_of=AS_OF, formula=formula, set_key="weekly")
    return ids(found.placed), reasons(found.left_out)


def edition(candidates: list[Candidate], *asked: SectionOrder, **wishes) -> RankedEdition:
    """Return the edition of the weekly readers."""
    return rank_edition(candidates, asked, as_of=AS_OF, formula=WEEKLY, set_key="weekly", **wishes)


def sections(found: RankedEdition) -> dict[str, list[str]]:
    """Return list -> ids, full and brief together."""
    return {one.order.list_id: ids([*one.stories, *one.briefs]) for one in found.sections}


def lead(found: RankedEdition) -> str:
    """Return the id of the lead, "" where there is none."""
    return found.lead.candidate.id if found.lead else ""


def many(count: int, **inputs) -> list[Candidate]:
    """Return stories s0, s1, ... each an hour older than the one before."""
    return [story(f"s{number}", 1.0 + number, **inputs) for number in range(count)]


def test_a_carried_story_stays_for_four_weeks() -> None:
    """A story carried over is eligible for this further window, up to 28 days of age; another is stale by then."""
    found = [story("in", 672, carried=True), story("out", 673, carried=True), story("old", 193)]
    assert ranked(found, order()) == (["in"], {"out": "stale", "old": "stale"})


def test_the_daily_window_is_shorter() -> None:
    """A daily takes stories of 24 hours and 6 of grace."""
    found = [story("in", 30), story("out", 31)]
    assert ranked(found, order(), DAILY) == (["in"], {"out": "stale"})


def test_common_topics_are_not_capped() -> None:
    """A topic on over a third of eight or more eligible stories is no reason to leave any out; below that it is."""
    war = many(4, topics=frozenset({"war"}))
    others = [story(f"x{number}", 100, topics=frozenset({f"t{number}"})) for number in range(8)]
    asked = order(stories=9, briefs=9)
    assert ranked(war + others, asked)[1] == {"s2": "cap or space", "s3": "cap or space"}
    assert ranked(war + others[:7], asked)[1] == {}
    assert ranked(war + others[:3], asked)[1] == {"s2": "cap or space", "s3": "cap or space"}


def test_what_was_sent_does_not_count_as_eligible_for_common_topics() -> None:
    """Stories that the readers had are not eligible, so they make no topic common."""
    war = many(3, topics=frozenset({"war"}))
    had = [story(f"h{number}", topics=frozenset({"war"}), sent={"weekly": ago(99)}) for number in range(9)]
    others = [story(f"x{number}", 100) for number in range(6)]
    assert ranked(war + had + others, order(stories=9, briefs=9))[1]["s2"] == "cap or space"


def test_an_excluded_story_still_counts_for_common_topics() -> None:
    """Excluding one story never changes which topics are capped for the others."""
    war = many(4, topics=frozenset({"war"}))
    others = [story(f"x{number}", 100) for number in range(7)]
    asked = order(stories=9, briefs=9, excluded=frozenset({"s0"}))
    assert ranked(war + others, asked)[1] == {"s0": "excluded"}


def test_an_author_stands_twice() -> None:
    """The third story of an author is left out, though there is space."""
    assert ranked(many(3, authors=frozenset({"Ana"})), order()) == (["s0", "s1"], {"s2": "cap or space"})


def test_caps_yield_until_there_are_two() -> None:
    """Where a newsroom allows a topic once, a second story of it still stands if nothing else does."""
    once = replace(WEEKLY, topic_cap=1)
    assert ranked(many(3, topics=frozenset({"war"})), order(), once) == (["s0", "s1"], {"s2": "cap or space"})


def test_pins_beyond_the_end_follow_in_their_order() -> None:
    """Pins further down than the section reaches come at its end, and take places from the weakest."""
    asked = order(stories=2, briefs=1, pins={"s4": 9, "s3": 7})
    assert ranked(many(5), asked) == (["s0", "s3", "s4"], {"s1": "cap or space", "s2": "cap or space"})


def test_two_pins_on_one_place() -> None:
    """The second of two pins on one place takes the next."""
    assert ranked(many(3), order(pins={"s2": 1, "s1": 1}))[0] == ["s1", "s2", "s0"]


def test_more_pins_than_places() -> None:
    """Every pin stands, even where a section has fewer places."""
    assert ranked(many(3), order(stories=1, briefs=0, pins={"s0": 1, "s1": 1, "s2": 2}))[0] == ["s0", "s1", "s2"]


def test_a_pin_lifts_neither_language_nor_region_nor_sent() -> None:
    """A pinned story skips the age test and the caps, and nothing else."""
    found = [
        story("a", language="ru"),
        story("b", regions={"ca": "tag"}),
        story("c", sent={"weekly": ago(200)}),
        story("d", 900),
    ]
    left = {"a": "language", "b": "region", "c": "already sent"}
    assert ranked(found, order(pins={"a": 1, "b": 1, "c": 1, "d": 1})) == (["d"], left)


def test_a_pinned_story_stands_for_its_cluster() -> None:
    """Of one cluster the pinned story stands, even where another has more points."""
    found = [story("a", 1, cluster="q", editors_choice=True), story("b", 100, cluster="q")]
    assert ranked(found, order(pins={"b": 1})) == (["b"], {"a": "duplicate of b"})


def test_a_set_that_had_one_of_a_cluster_had_the_story() -> None:
    """An article of the same cluster as one already sent is not sent to that set, however new."""
    found = [story("old", 190, cluster="q", sent={"weekly": ago(150)}), story("new", 1, cluster="q")]
    assert ranked(found, order()) == ([], {"old": "already sent", "new": "already sent"})


def test_a_year_later_a_story_may_return() -> None:
    """What was sent more than 365 days ago may be sent again."""
    found = [story("a", 8000, evergreen=True, sent={"weekly": ago(365 * 24)})]
    assert ranked(found, order()) == ([], {"a": "already sent"})
    again = [story("a", 8000, evergreen=True, sent={"weekly": ago(365 * 24 + 1)})]
    assert ranked(again, order()) == (["a"], {})


def test_evergreens_end_after_a_year() -> None:
    """An evergreen is stale after 365 days."""
    found = [story("in", 365 * 24, evergreen=True), story("out", 365 * 24 + 1, evergreen=True)]
    assert ranked(found, order()) == (["in"], {"out": "stale"})


def test_a_list_may_allow_another_language() -> None:
    """A story stands in its own language, or where a list allows that language."""
    found = [story("a", language="ru")]
    assert ranked(found, order()) == ([], {"a": "language"})
    assert ranked(found, order(languages=frozenset({"ru"}))) == (["a"], {})


def test_a_moved_story_stands_where_it_was_moved() -> None:
    """A move counts more than evidence: in there without any, out of everywhere else."""
    found = [story("a", 1), story("b", 2), story("c", 3), story("d", 4, regions={"ca": "tag"})]
    moved = edition(found, order("sc"), order("ca", moved_in=frozenset({"b"})))
    assert (lead(moved), sections(moved)) == ("a", {"sc": ["c"], "ca": ["d", "b"]})
    assert moved.sections[1].stories[1].points.region == 0.0


def test_a_moved_story_is_judged_where_it_was_moved() -> None:
    """If a moved story cannot stand in its new section, it stands in none, and that section says why."""
    found = [story("a", 1), story("b", 2)]
    ru = order("ca", language="ru", moved_in=frozenset({"b"}))
    assert reasons(edition(found, order("sc"), ru).left_out) == {"b": "language"}


def test_the_lead_has_a_picture_where_one_has() -> None:
    """The lead is the best full story with a picture; without any picture, the best."""
    found = [story("a", 1), story("b", 50, has_image=True)]
    assert lead(edition(found, order())) == "b"
    assert lead(edition(found[:1], order())) == "a"


def test_a_brief_never_leads_by_itself_but_an_editor_may_ask() -> None:
    """The lead is chosen among full stories; an editor's lead counts wherever the story stands, and nowhere else."""
    found = [story("a", 1), story("b", 50, has_image=True), story("c", 60)]
    asked = order(stories=1, briefs=1)
    assert lead(edition(found, asked)) == "a"
    wanted = edition(found, asked, lead="b")
    assert (lead(wanted), wanted.lead_list, sections(wanted)) == ("b", "sc", {"sc": ["a"]})
    assert lead(edition(found, asked, lead="c")) == "a"


def test_the_place_of_the_lead_stays_empty() -> None:
    """When the lead leaves its section, nobody moves up: full stories stay full, briefs brief, places as they were."""
    found = edition(many(7), order(stories=2, briefs=2))
    (left,) = found.sections
    assert (ids(left.stories), ids(left.briefs)) == (["s1"], ["s2", "s3"])
    assert [one.place for one in left.stories] == [2]


def test_nothing_to_say() -> None:
    """Without a story there is no lead, no section, no Popular."""
    assert edition([], order()) == RankedEdition(None, "", (), (), ())


def test_a_thin_section_takes_a_shared_story_nobody_used() -> None:
    """A region under two takes what its neighbour had no room for."""
    shared = [story(f"s{number}", 1.0 + number, regions={"sc": "tag", "ca": "feed"}) for number in range(5)]
    found = edition(shared, order("sc", stories=2, briefs=0), order("ca"))
    assert (lead(found), sections(found)) == ("s0", {"sc": ["s1"], "ca": ["s2", "s3"]})
    assert reasons(found.left_out) == {"s4": "cap or space"}


def test_world_lists_the_rest_at_most_two_a_region() -> None:
    """A general section takes every region's best, at most two a region, less what stands elsewhere."""
    both = {"own_regions": frozenset({"am"}), "regions": {"am": "tag", "sc": "tag", "world": "tag"}}
    found = [
        *many(4, own_regions=frozenset({"ge"}), regions={"ge": "tag", "sc": "tag", "world": "tag"}),
        *(story(f"a{number}", 20.0 + number, **both) for number in range(3)),
        story("none", 90, regions={}),
        story("c", 30, regions={"ca": "tag", "world": "tag"}),
    ]
    world = order("world", general=True, stories=9)
    left = {"a2": "cap or space", "s2": "cap or space", "s3": "cap or space"}
    alone = edition(found, world)
    assert (lead(alone), sections(alone)) == ("s0", {"world": ["s1", "a0", "a1", "c", "none"]})
    assert reasons(alone.left_out) == left
    beside = edition(found, world, order("ca"), order("sc", stories=1, briefs=1))
    assert sections(beside) == {"world": ["s2", "s3", "a0", "a1", "none"], "ca": ["c"], "sc": ["s1"]}


def test_world_leaves_out_clusters_that_stand_elsewhere() -> None:
    """A story whose twin stands in a region's section, or is kept for another list, is not told again."""
    found = [
        story("a", 1, cluster="q"),
        story("b", 1, cluster="q", regions={"me": "tag"}),
        story("k", 2, cluster="k", regions={"me": "tag"}),
        story("l", 3, cluster="k", regions={"me": "tag"}),
        story("m", 4, cluster="m", regions={"me": "tag"}),
        story("n", 5, cluster="m", regions={"me": "tag"}),
    ]
    world = order("world", general=True)
    globe = order("globe", general=True, pins={"l": 1})
    told = edition(found, world, order("sc"), globe)
    assert sections(told) == {"world": ["m"], "globe": ["l"]}
    assert reasons(told.left_out) == {"b": "duplicate of a", "k": "duplicate of l", "n": "duplicate of m"}


def test_readers_who_had_a_story_get_an_edition_without_it() -> None:
    """``without`` names articles or clusters; they stand nowhere, Popular included, and count as already sent."""
    found = [story("a", clicks=99), story("b", cluster="q", clicks=99), story("c", cluster="q", clicks=99)]
    for names in ({"a", "q"}, {"a", "b"}, {"a", "c", "unknown"}):
        assert set(reasons(edition(found, order(), without=frozenset(names)).left_out).values()) == {"already sent"}


def test_the_most_telling_reason_is_given() -> None:
    """Of the reasons of several sections, the one from a section of its own regions counts, and there the last."""
    found = [
        story("a", excluded=False),
        story("b", 500, regions={"ca": "tag"}),
        story("c", language="ru", regions={"me": "tag"}),
        story("d", regions={"me": "tag"}),
    ]
    asked = [order("sc", excluded=frozenset({"a"})), order("ca", language="ru", languages=frozenset({"en"}))]
    assert reasons(edition(found, *asked).left_out) == {"a": "excluded", "b": "stale", "c": "region", "d": "region"}


def test_a_story_put_into_one_general_list_stays_out_of_another() -> None:
    """What an editor moved to one general list, or to a region's, the other general list does not take."""
    found = [story("a", 1, regions={}), story("b", 2, regions={}), story("c", 3, regions={})]
    world, globe = order("world", general=True), order("globe", general=True, moved_in=frozenset({"a"}))
    moved_away = order("sc", moved_in=frozenset({"b"}), stories=0, briefs=0)
    told = edition(found, world, globe, moved_away)
    assert (lead(told), sections(told)) == ("a", {"world": ["c"]})
    assert reasons(told.left_out) == {"b": "cap or space"}


def test_two_editions_of_one_pool() -> None:
    """What the pool remembers of one edition is right for the next: the same again gives the same."""
    pool = Pool([*many(9), story("x", 900)], AS_OF, WEEKLY)
    first, second = (edition([], order("sc"), order("ca"), pool=pool) for _ in range(2))
    assert first == second
    assert edition([], order("ca"), pool=pool).lead is None
