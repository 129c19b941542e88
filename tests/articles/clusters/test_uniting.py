"""Clusters do not depend on what came first, and never hold two articles that a person told apart."""

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from digest.articles.clusters.uniting import SPAN, Link, unite
from tests.conftest import NOW

IDS = [UUID(int=number) for number in range(1, 9)]
A, B, C, D = IDS[:4]
DATES = {one: NOW + number * timedelta(hours=1) for number, one in enumerate(IDS)}
Known = dict[str, Any]


@st.composite
def known(draw: st.DrawFn) -> Known:
    """Return anything that may be known of eight articles."""
    two = st.lists(st.sampled_from(IDS), min_size=2, max_size=2, unique=True)
    pair = two.map(lambda ids: (min(ids), max(ids)))
    said: dict[tuple[UUID, UUID], Any] = draw(
        st.dictionaries(pair, st.sampled_from(["apart", "same", 0.4, 0.7, 0.9, 1.0]), max_size=14)
    )
    days = draw(st.lists(st.integers(0, 20), min_size=8, max_size=8))
    return {
        "articles": {one: NOW + timedelta(days=day) for one, day in zip(IDS, days, strict=True)},
        "given": draw(st.dictionaries(st.sampled_from(IDS), st.lists(st.sampled_from("qr"), min_size=1), max_size=4)),
        "links": [
            Link(pair[0], pair[1], None if what == "same" else what) for pair, what in said.items() if what != "apart"
        ],
        "apart": [pair for pair, what in said.items() if what == "apart"],
    }


def joined(found: dict[UUID, str | None], one: UUID, other: UUID) -> bool:
    """Tell whether two stand in one cluster."""
    return found[one] is not None and found[one] == found[other]


@given(known(), st.integers(0, 1000))
def test_the_order_makes_no_difference(held: Known, seed: int):
    """Links, articles and verdicts in any order give the same clusters with the same names."""
    dice = Random(seed)  # noqa: S311
    mixed: Known = {one: dict(shuffled(dice, held[one].items())) for one in ("articles", "given")}
    mixed |= {one: shuffled(dice, held[one]) for one in ("links", "apart")}
    assert unite(**mixed) == unite(**held)


def shuffled(dice: Random, values: Any) -> list[Any]:
    """Return them in another order."""
    mixed = list(values)
    dice.shuffle(mixed)
    return mixed


@given(known())
def test_apart_stays_apart(held: Known):
    """No link, no name that a source gives, no chain of others brings together what a person told apart."""
    found = unite(**held)
    assert not any(joined(found, one, other) for one, other in held["apart"])


@given(known())
def test_without_a_reason_against_it_linked_articles_are_one(held: Known):
    """Nobody told anything apart, and all came in one day: every link holds, and a lone article has no cluster."""
    held |= {"apart": [], "articles": DATES}
    found = unite(**held)
    assert all(joined(found, link.first, link.second) for link in held["links"])
    for one, name in found.items():
        alone = [other for other in IDS if joined(found, one, other)] in ([], [one])
        assert not alone or name is None or name in held["given"][one]


@given(known())
def test_texts_alone_make_no_cluster_longer_than_two_weeks(held: Known):
    """A piece that recurs each week, always much the same, is not one story for a year."""
    texts = [link for link in held["links"] if link.text is not None]
    found = unite(held["articles"], given={}, links=texts, apart=held["apart"])
    for name in set(found.values()) - {None}:
        dates = [held["articles"][one] for one in IDS if found[one] == name]
        assert max(dates) - min(dates) <= SPAN


def test_names():
    """The smallest name that a source gives, else the id of the earliest article; nothing for one by itself."""
    chain = [Link(A, B, 0.7), Link(B, C, 0.8)]
    assert unite(DATES, given={}, links=chain, apart=()) == dict.fromkeys(IDS) | dict.fromkeys([A, B, C], str(A))
    found = unite(DATES, given={C: ["r", "q"], D: ["r"]}, links=chain, apart=())
    assert found == dict.fromkeys(IDS) | dict.fromkeys([A, B, C, D], "q")
    assert unite({A: NOW}, given={A: ["q"]}, links=(), apart=()) == {A: "q"}


def test_the_stronger_link_wins():
    """A is apart from C; B goes with the one it resembles more, or with the one a person named."""
    links = [Link(A, B, 0.7), Link(B, C, 0.9)]
    found = unite(DATES, given={}, links=links, apart=[(A, C)])
    assert (joined(found, A, B), joined(found, B, C)) == (False, True)
    found = unite(DATES, given={}, links=[*links, Link(A, B)], apart=[(A, C)])
    assert (joined(found, A, B), joined(found, B, C)) == (True, False)


def test_a_split_parts_what_a_source_calls_one():
    """The others keep the name; the one that was split has none, for the name is taken."""
    found = unite(DATES, given={one: ["q"] for one in (A, B, C)}, links=(), apart=[(A, B), (A, C)])
    assert (found[A], found[B], found[C]) == (None, "q", "q")
