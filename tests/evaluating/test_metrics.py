"""Measures of an order: values worked out by hand, and what must hold for any order."""

from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.evaluating.metrics import auc, concordance, ndcg, reciprocal_rank

NAMES = [f"s{number:02}" for number in range(20)]
ORDERS = st.permutations(NAMES)
GAINS = st.dictionaries(st.sampled_from(NAMES), st.floats(0, 9), max_size=20)
WANTED = st.sets(st.sampled_from(NAMES))


def test_a_gain_counts_by_its_place():
    """Worked by hand: 1 + 2/log2(3) of the 2 + 1/log2(3) that the best order has."""
    assert ndcg(["b", "a"], {"a": 2, "b": 1}) == pytest.approx((1 + 2 / log2(3)) / (2 + 1 / log2(3)))
    assert ndcg(["b", "a"], {"a": 2, "b": 1}) == pytest.approx(0.8597, abs=1e-4)
    assert ndcg(["x", "a"], {"a": 1}) == pytest.approx(0.6309, abs=1e-4)


def test_only_the_first_places_count():
    """What comes after the tenth place is not looked at; another depth can be asked for."""
    order = NAMES[:12]
    assert ndcg(order, {"s10": 1}) == 0
    assert ndcg(order, {"s10": 1}, depth=11) == pytest.approx(1 / log2(12))
    assert ndcg(order, {"s02": 1}, depth=2) == 0


def test_a_story_with_a_gain_that_was_left_out_is_missed():
    """The best order is that of all stories with a gain, also of those that the order does not have."""
    assert ndcg(["a"], {"a": 1, "b": 1}) == pytest.approx(1 / (1 + 1 / log2(3)))


def test_the_first_wanted_story_counts():
    """One over its place; 0 where none stands, nothing where none is wanted."""
    assert reciprocal_rank(["x", "y", "a", "b"], {"a", "b"}) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x"], {"a"}) == 0
    assert reciprocal_rank(["x"], set()) is None


def test_pairs_in_the_right_order_are_counted():
    """Worked by hand: of the six pairs of two wanted and three others, one is wrong."""
    assert auc(["a", "x", "b", "y", "z"], {"a", "b"}) == pytest.approx(5 / 6)
    assert auc(["a"], {"a"}) is None
    assert auc(["x"], {"a"}) is None
    assert concordance(["b", "a", "c"], {"a": 3, "b": 2, "c": 2}) == pytest.approx(1 / 2)
    assert concordance(["a", "b"], {}) is None


@given(ORDERS, GAINS)
def test_the_gain_lies_between_nothing_and_the_best(order, gains):
    """Never under 0 or over 1; 1 for the order by gain, and the same however the gains were written down."""
    value = ndcg(order, gains)
    if value is None:
        assert not any(gains.values())
        return
    assert -1e-12 <= value <= 1 + 1e-12
    assert value == ndcg(order, dict(reversed(gains.items())))
    best = sorted(NAMES, key=lambda one: -gains.get(one, 0.0))
    assert ndcg(best, gains) == pytest.approx(1)


@given(ORDERS, WANTED)
def test_the_area_is_the_share_of_pairs(order, wanted):
    """Both ways to count agree, and turned round it is what is missing to 1."""
    value = auc(order, wanted)
    assert value == pytest.approx(concordance(order, dict.fromkeys(wanted, 1.0)), abs=1e-12)
    if value is not None:
        assert 0 <= value <= 1
        assert auc(order[::-1], wanted) == pytest.approx(1 - value)


@given(ORDERS, WANTED)
def test_moving_a_wanted_story_up_never_lowers_a_measure(order, wanted):
    """A better order is never measured worse."""
    for number in range(1, len(order)):
        if order[number] in wanted and order[number - 1] not in wanted:
            better = [*order[: number - 1], order[number], order[number - 1], *order[number + 1 :]]
            gains = dict.fromkeys(wanted, 1.0)
            assert (ndcg(better, gains) or 0) >= (ndcg(order, gains) or 0) - 1e-12
            assert (auc(better, wanted) or 0) >= (auc(order, wanted) or 0)
            assert (reciprocal_rank(better, wanted) or 0) >= (reciprocal_rank(order, wanted) or 0)
