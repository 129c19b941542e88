"""The ranking against the naive second implementation, over random newsrooms in random order."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.ranking.edition import rank_edition
from digest.ranking.formula import DAILY, WEEKLY, Formula
from digest.ranking.section import rank_section
from tests.ranking.making import AS_OF, ids, reasons, standing
from tests.ranking.newsrooms import LISTS, Newsroom, newsrooms
from tests.ranking.reference import Reference
from tests.ranking.reference_edition import Edition

FORMULAS = st.sampled_from([WEEKLY, WEEKLY, DAILY, replace(WEEKLY, topic_cap=1, author_cap=1)])
KEYS = st.sampled_from(["weekly", "daily", ""])


@given(newsrooms(), st.sampled_from(LISTS), FORMULAS, KEYS)
@settings(max_examples=400, deadline=None)
def test_section_is_the_same(news: Newsroom, name: str, formula: Formula, key: str) -> None:
    """A section has the same stories, points, losses and reasons as the rules worked out the slow way."""
    asked = news.order(name)
    ranked = rank_section(news.candidates, asked, as_of=AS_OF, formula=formula, set_key=key)
    placed, left = Reference(news.candidates, AS_OF, formula, key).section(asked)
    assert [(one.candidate.id, one.points.total, one.penalty) for one in ranked.placed] == placed
    assert reasons(ranked.left_out) == left


@given(newsrooms(32), FORMULAS, KEYS)
@settings(max_examples=600, deadline=None)
def test_edition_is_the_same(news: Newsroom, formula: Formula, key: str) -> None:
    """An edition has the same lead, sections, Popular block, points and reasons as worked out the slow way."""
    asked = news.reader()
    lead = news.dice.choice([None, "s00", "s05", "s07"])
    without = frozenset(news.dice.choice([[], [], ["s01", "q"], ["gone"]]))
    ranked = rank_edition(
        news.candidates, asked, as_of=AS_OF, formula=formula, set_key=key, lead=lead, without=without, popular=3
    )
    slow = Edition(Reference(news.candidates, AS_OF, formula, key, without), asked).make(lead, 3)
    assert slow == (
        ranked.lead.candidate.id if ranked.lead else None,
        {one.order.list_id: (ids(one.stories), ids(one.briefs)) for one in ranked.sections},
        ids(ranked.popular),
        {one.candidate.id: (one.points.total, one.penalty) for one in standing(ranked)},
        reasons(ranked.left_out),
    )
