"""Intervals: seeded, around the mean, narrower with more units; differences are taken on the same units."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.evaluating.bootstrap import Drawn, Estimate, Tally
from digest.evaluating.reporting import Difference


def found(tally: Tally, method: str = "a", measure: str = "m") -> Estimate:
    """Return the mean of a method with its interval."""
    estimate = tally.drawn(seed=1, draws=200).estimate(method, measure)
    assert estimate is not None
    return estimate


def apart(drawn: Drawn, first: str = "a", second: str = "b") -> Estimate:
    """Return the difference of two methods."""
    estimate = drawn.difference(first, second, "m")
    assert estimate is not None
    return estimate


def noise(units: int) -> Tally:
    """Return a tally of two methods whose values vary much from unit to unit, but little from each other."""
    dice, tally = Random(3), Tally()  # noqa: S311 - dice for a test, not a secret
    for unit in range(units):
        value = dice.gauss(0.5, 0.2)
        tally.add(str(unit), "a", "m", value + dice.gauss(0.02, 0.02))
        tally.add(str(unit), "b", "m", value)
    return tally


def test_the_mean_is_over_values_not_over_units():
    """A unit with three values weighs three times as much; None is no value."""
    tally = Tally()
    for value in (1.0, 1.0, 1.0, None):
        tally.add("often", "a", "m", value)
    tally.add("once", "a", "m", 0.0)
    assert found(tally).value == 0.75
    assert found(tally).units == tally.units("m") == 2


def test_an_interval_holds_the_mean_and_narrows_with_more_units():
    """Sixteen times the units, about a quarter of the width."""
    few, many = found(noise(40)), found(noise(640))
    assert few.low <= few.value <= few.high
    assert (many.high - many.low) == pytest.approx((few.high - few.low) / 4, rel=0.4)


def test_a_small_difference_shows_when_both_have_the_same_units():
    """The means' own intervals overlap widely, that of the difference leaves 0 out: the units are paired."""
    drawn = noise(100).drawn(seed=1, draws=300)
    first, second = drawn.estimate("a", "m"), drawn.estimate("b", "m")
    assert first is not None
    assert second is not None
    assert second.high > first.low
    assert apart(drawn).clear
    assert apart(drawn).value == pytest.approx(first.value - second.value)
    assert apart(drawn, "b", "a").value == -apart(drawn).value


def test_the_same_seed_draws_the_same():
    """Another seed draws others."""
    tally = noise(50)
    assert tally.drawn(seed=5, draws=100).draws == tally.drawn(seed=5, draws=100).draws
    assert tally.drawn(seed=5, draws=100).draws != tally.drawn(seed=6, draws=100).draws


def test_one_unit_shows_nothing_and_none_has_no_mean():
    """A single issue has an interval of no width, but no difference is told where nothing was measured."""
    tally = Tally()
    tally.add("only", "a", "m", 0.4)
    assert (found(tally).low, found(tally).high) == (0.4, 0.4)
    drawn = tally.drawn(seed=1, draws=100)
    assert drawn.estimate("b", "m") is None
    assert drawn.difference("a", "b", "m") is None


@given(st.lists(st.tuples(st.sampled_from("pqrst"), st.floats(0, 1)), min_size=1, max_size=30), st.randoms())
def test_the_order_of_adding_means_nothing(values, dice):
    """Values added in another order give the same mean, and an interval inside the least and the greatest value."""
    shuffled = values.copy()
    dice.shuffle(shuffled)
    first, second = Tally(), Tally()
    for tally, rows in ((first, values), (second, shuffled)):
        for unit, value in rows:
            tally.add(unit, "a", "m", value)
    assert found(first).value == pytest.approx(found(second).value)
    least, greatest = (pick(value for _unit, value in values) for pick in (min, max))
    assert least - 1e-9 <= found(first).low <= found(first).high <= greatest + 1e-9


def test_a_difference_is_said_as_it_is():
    """The better one first; where the interval holds 0, that these issues show none."""
    better = Difference("ours", "newest", "m", Estimate(0.04, 0.01, 0.07, 40))
    assert better.sentence("40 issues") == "ours is better than newest by 0.040 (0.010 to 0.070)."
    worse = Difference("ours", "newest", "m", Estimate(-0.04, -0.07, -0.01, 40))
    assert worse.sentence("40 issues") == "newest is better than ours by 0.040 (0.010 to 0.070)."
    none = Difference("ours", "newest", "m", Estimate(0.01, -0.02, 0.03, 40)).sentence("40 issues")
    assert "no difference that 40 issues can show: +0.010 (-0.020 to +0.030)" in none
