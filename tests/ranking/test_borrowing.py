"""A thin section borrows from the regions above it, only where it may, and never a story twice (ruling 5)."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings

from digest.ranking.candidate import Candidate, RankedEdition, SectionOrder
from digest.ranking.edition import rank_edition
from digest.ranking.formula import WEEKLY
from digest.ranking.pool import Pool
from tests.ranking.making import AS_OF, ids, order, reasons, story
from tests.ranking.newsrooms import Newsroom, newsrooms

EAST = ("east", "world")  # above sc, nearest first


def edition(candidates: list[Candidate], *asked: SectionOrder, **wishes: Any) -> RankedEdition:
    """Return the edition of the weekly readers."""
    return rank_edition(candidates, asked, as_of=AS_OF, formula=WEEKLY, set_key="weekly", **wishes)


def thin(list_id: str = "sc", **wishes: Any) -> SectionOrder:
    """Return the order of a section that may borrow."""
    return order(list_id, lenders=EAST, **wishes)


def east(one: str, hours: float = 20, **inputs: Any) -> Candidate:
    """Return a story of the parent region."""
    return story(one, hours, **{"regions": {"east": "tag", "world": "tag"}} | inputs)


def world(one: str, **inputs: Any) -> Candidate:
    """Return a story of the region at the top."""
    return story(one, 1, **{"regions": {"world": "tag"}} | inputs)


def own(*names: str) -> list[Candidate]:
    """Return stories of the section itself."""
    return [story(one, 5 + n, regions={"sc": "tag", "east": "tag", "world": "tag"}) for n, one in enumerate(names)]


def borrowed(found: RankedEdition) -> list[tuple[str, str, int, list[str]]]:
    """Return list, lender, own stories and ids of what is borrowed."""
    return [
        (one.order.list_id, one.order.region, one.own, ids(one.stories))
        for one in found.sections
        if one.own is not None
    ]


def test_a_section_with_one_story_borrows_one() -> None:
    """It takes the best of its parent, in a section of its own behind it, with the points it has there."""
    found = edition([*own("a"), east("e1"), east("e2", 10)], thin())
    assert borrowed(found) == [("sc", "east", 1, ["e2"])]
    assert found.lead is not None
    assert found.lead.candidate.id == "a"
    assert found.sections[0].stories[0].points.region == 10.0
    assert reasons(found.left_out) == {"e1": "region"}


def test_an_empty_section_borrows_two_and_none_of_them_leads() -> None:
    """They stand under their own heading, whole; a mail of borrowed stories has no lead."""
    found = edition([east(f"e{n}", 10 + n, has_image=True) for n in range(4)], thin())
    assert (found.lead, borrowed(found)) == (None, [("sc", "east", 0, ["e0", "e1"])])
    assert edition([east("e0")], thin(), lead="e0").lead is None


def test_who_may_not_borrow_borrows_nothing() -> None:
    """Without lenders, and with two stories of its own, nothing goes down the tree."""
    assert borrowed(edition([*own("a"), east("e1")], order())) == []
    assert borrowed(edition([*own("a", "b"), east("e1")], thin())) == []


def test_the_nearest_region_with_anything_lends() -> None:
    """The parent first; what it has not, the region above it lends; never both for one section."""
    assert borrowed(edition([world("w"), east("e")], thin())) == [("sc", "east", 0, ["e"])]
    assert borrowed(edition([world("w"), east("e", language="ru")], thin())) == [("sc", "world", 0, ["w"])]
    assert borrowed(edition([east("e", hours=500)], thin())) == []


def test_nothing_is_borrowed_from_a_region_the_readers_have() -> None:
    """Its best stand in the mail already; and what is above it is nearer to that region than to this."""
    many = [east(f"e{n}", 10 + n) for n in range(9)]
    assert borrowed(edition([*own("a"), *many, world("w")], thin(), order("east"))) == []
    assert borrowed(edition([*own("a"), east("e"), world("w")], thin(), order("world", general=True))) == []


def test_what_stands_or_was_sent_or_taken_out_is_not_lent() -> None:
    """Neither a story, nor another of its cluster; nor what an editor excluded or moved elsewhere."""
    found = [
        *own("a"),
        east("twin", cluster="q"),
        story("told", 3, regions={"ca": "tag", "world": "tag"}, cluster="q"),
        east("had", sent={"weekly": AS_OF}),
        east("out", excluded=True),
        east("off"),
        east("moved"),
        east("last", 90, cluster="z"),
        east("mate", 91, cluster="z"),
    ]
    asked = [thin(excluded=frozenset({"off"})), order("ca", moved_in=frozenset({"moved"}))]
    told = edition(found, *asked)
    assert borrowed(told) == [("sc", "east", 1, ["last"])]
    assert borrowed(edition(found[:-2], *asked)) == []


def test_two_thin_sections_share_what_there_is() -> None:
    """In the order of the mail, each story once."""
    found = edition([east(f"e{n}", 10 + n) for n in range(3)], thin("sc"), thin("ee"))
    assert borrowed(found) == [("sc", "east", 0, ["e0", "e1"]), ("ee", "east", 0, ["e2"])]


def test_an_evergreen_is_lent_where_nothing_newer_is() -> None:
    """One at most, and only for the place that is lacking."""
    found = [*own("a"), east("e1", 4000, evergreen=True), east("e2", 4000, evergreen=True)]
    assert borrowed(edition(found, thin())) == [("sc", "east", 1, ["e1"])]
    assert borrowed(edition([*found, east("new")], thin())) == [("sc", "east", 1, ["new"])]


@settings(max_examples=150, deadline=None)
@given(newsrooms(32))
def test_borrowing_never_repeats_nor_changes_the_rest(news: Newsroom) -> None:
    """With lenders: own sections as without, each story once or with a reason; the same from a shared pool."""
    orders = news.reader()
    lent = [one if one.general else replace(one, lenders=("me", "world")) for one in orders]
    plain, with_loans = edition(news.candidates, *orders), edition(news.candidates, *lent)
    own_sections = [one for one in with_loans.sections if one.own is None]
    assert [(ids(one.stories), ids(one.briefs)) for one in own_sections] == [
        (ids(one.stories), ids(one.briefs)) for one in plain.sections
    ]
    assert with_loans.lead == plain.lead
    standing = [one for section in with_loans.sections for one in ids([*section.stories, *section.briefs])]
    standing += ids(with_loans.popular) + ids([with_loans.lead] if with_loans.lead else [])
    assert sorted([*standing, *(one.id for one in with_loans.left_out)]) == sorted(one.id for one in news.candidates)
    pool = Pool(news.candidates, AS_OF, WEEKLY)
    for asked, wanted in ((orders, plain), (lent, with_loans), (orders, plain)):
        assert edition([], *asked, pool=pool) == wanted
    for one in with_loans.sections:
        assert one.own is None or 0 < len(one.stories) <= WEEKLY.minimum - one.own
