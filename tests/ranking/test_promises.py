"""What the ranking promises of every newsroom, whatever stands in it."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from digest.ranking.candidate import Candidate, Placed, RankedEdition, RankedSection, SectionOrder
from digest.ranking.edition import rank_edition
from digest.ranking.formula import WEEKLY, cents, explain
from digest.ranking.pool import Pool
from digest.ranking.section import rank_section
from tests.ranking.making import AS_OF, ids, standing
from tests.ranking.newsrooms import LISTS, Newsroom, newsrooms

EXAMPLES = settings(max_examples=200, deadline=None)


def edition(candidates: list[Candidate], orders: Sequence[SectionOrder]) -> RankedEdition:
    """Return the edition of the weekly readers."""
    return rank_edition(candidates, orders, as_of=AS_OF, formula=WEEKLY, set_key="weekly")


def section(candidates: list[Candidate], order: SectionOrder) -> RankedSection:
    """Return one section of the weekly readers."""
    return rank_section(candidates, order, as_of=AS_OF, formula=WEEKLY, set_key="weekly")


def printed(found: RankedEdition) -> list[Placed]:
    """Return all that stands in a mail."""
    return [*standing(found), *found.popular]


def related(one: Candidate, other: Candidate) -> bool:
    """Tell whether two stories share a topic, an author or a cluster."""
    same_cluster = one.cluster is not None and one.cluster == other.cluster
    return bool(one.topics & other.topics or one.authors & other.authors or same_cluster)


@EXAMPLES
@given(newsrooms(32))
def test_the_order_of_the_input_does_not_matter(news: Newsroom) -> None:
    """The same candidates in any order give the same edition, every detail of it."""
    orders = news.reader()
    shuffled = news.dice.sample(news.candidates, len(news.candidates))
    assert edition(news.candidates, orders) == edition(shuffled, orders)


@EXAMPLES
@given(newsrooms(32))
def test_a_shared_pool_changes_nothing(news: Newsroom) -> None:
    """Editions ranked one after the other from one pool are those ranked by themselves."""
    pool = Pool(news.candidates, AS_OF, WEEKLY)
    first = news.reader()
    for orders in (first, news.reader(), first):
        shared = rank_edition((), orders, as_of=AS_OF, formula=WEEKLY, set_key="weekly", pool=pool)
        assert shared == edition(news.candidates, orders)


@EXAMPLES
@given(newsrooms(32))
def test_every_candidate_has_a_place_or_a_reason(news: Newsroom) -> None:
    """Everyone is placed once or left out for one reason: nobody is lost, and nobody stands twice."""
    found = edition(news.candidates, news.reader())
    names = [*ids(printed(found)), *(one.id for one in found.left_out)]
    assert sorted(names) == sorted(one.id for one in news.candidates)


@EXAMPLES
@given(newsrooms(32))
def test_no_story_twice_and_none_already_sent(news: Newsroom) -> None:
    """No cluster stands twice in a mail, Popular included, and nothing stands in it that its readers were sent."""
    stories = [one.candidate for one in printed(edition(news.candidates, news.reader()))]
    clusters = [one.cluster for one in stories if one.cluster]
    assert len(clusters) == len(set(clusters))
    for one in stories:
        sent = one.sent.get("weekly")
        assert sent is None or (AS_OF - sent).days > 365 or (one.refreshed_at and one.refreshed_at > sent)


@EXAMPLES
@given(newsrooms(32))
def test_the_parts_add_up(news: Newsroom) -> None:
    """The parts of a score sum to it, to the cent, and the sentence that explains it ends with that sum."""
    for one in printed(edition(news.candidates, news.reader())):
        parts = (one.points.editor, one.points.reading, one.points.freshness, one.points.region)
        assert one.points.total == cents(sum(parts))
        sentence = explain(one.candidate, "sc", one.points, one.penalty, AS_OF, WEEKLY)
        assert sentence.endswith(f"= {one.points.total - one.penalty + 1e-9:.2f}")


@EXAMPLES
@given(newsrooms(32), st.sampled_from(LISTS))
def test_adding_a_story_changes_no_points(news: Newsroom, name: str) -> None:
    """A story's points depend on itself alone: one more candidate changes nobody's."""
    assume(news.candidates)
    order = news.order(name)
    weighed = [
        {one.id: one.points for one in found.left_out} | {one.candidate.id: one.points for one in found.placed}
        for found in (section(news.candidates, order), section(news.candidates[1:], order))
    ]
    both = weighed[0].keys() & weighed[1].keys()
    assert all(None in {weighed[0][one], weighed[1][one]} or weighed[0][one] == weighed[1][one] for one in both)


def kin(candidates: list[Candidate], first: Candidate) -> set[str]:
    """Return the ids of all that a chain of shared topics, authors or clusters leads to."""
    family, edge = {first.id}, [first]
    while edge:
        near = edge.pop()
        found = [one for one in candidates if one.id not in family and related(one, near)]
        family |= {one.id for one in found}
        edge += found
    return family


@EXAMPLES
@given(newsrooms(32), st.sampled_from(["sc", "ca"]))
def test_excluding_a_story_leaves_the_order_of_strangers(news: Newsroom, name: str) -> None:
    """Two stories that share no topic, author or cluster with an excluded one, or over others, keep their order.

    Over others: what a story loses for likeness to one that moves up can turn its order against a third. Pins are
    left out: they own their places, whoever goes.
    """
    order = replace(news.order(name), pins={}, stories=news.dice.choice([2, 4, 99]))
    before = section(news.candidates, order).placed
    assume(before)
    gone = news.dice.choice(before).candidate
    after = section(news.candidates, replace(order, excluded=order.excluded | {gone.id})).placed
    family = kin([one.candidate for one in (*before, *after)], gone)
    strangers = [one.candidate.id for one in after if one.candidate.id not in family]
    assert [one for one in ids(before) if one in strangers] == [one for one in strangers if one in ids(before)]


@EXAMPLES
@given(newsrooms(32))
def test_limits_hold(news: Newsroom) -> None:
    """No section is longer than asked for unless pins make it so, and no two evergreens fill one."""
    for found in edition(news.candidates, news.reader()).sections:
        pinned = sum(one.pinned for one in (*found.stories, *found.briefs))
        assert len(found.stories) <= found.order.stories
        assert len(found.briefs) <= max(found.order.briefs, pinned)
        assert sum(one.candidate.evergreen and not one.pinned for one in (*found.stories, *found.briefs)) <= 1
