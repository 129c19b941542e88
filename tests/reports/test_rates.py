"""Shares and ratios say how sure they are, and when there is too little to say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.reports.rates import rate, times


def test_a_share_has_wilsons_interval():
    """Worked by hand: 10 of 100 is between 5.5 and 17.4 %."""
    found = rate(10, 100)
    assert found is not None
    assert (found.value, round(found.low, 4), round(found.high, 4)) == (0.1, 0.0552, 0.1744)


def test_no_hits_are_not_certainty():
    """0 of 100 is a share of 0 with an upper end of 3.7 %; all of 100 is the same from above."""
    none, every = rate(0, 100), rate(100, 100)
    assert none is not None
    assert every is not None
    assert (none.value, none.low, round(none.high, 3)) == (0, 0, 0.037)
    assert (every.value, round(every.low, 3), every.high) == (1, 0.963, 1)


def test_what_nobody_counted_has_no_share():
    """None stays None; so does a share of nothing."""
    assert rate(None, 100) is None
    assert rate(0, 0) is None
    assert times(None, 10) is None
    assert times(3, 0) is None


@pytest.mark.parametrize(("of", "few"), [(29, True), (30, False)])
def test_few_tries_say_nothing(of, few):
    """Under 30 tries a share is too little to say."""
    found = rate(1, of)
    assert found is not None
    assert found.few is few


def test_clicks_over_expected_are_shrunk_as_in_the_formula():
    """Golden case 5: 3 on 1 is 1.33x; and 1 expected click is too few to say."""
    found = times(3, 1)
    assert found is not None
    assert round(found.value, 2) == 1.33
    assert found.few
    assert not getattr(times(3, 5), "few", True)


def test_clicks_have_a_poisson_interval():
    """Worked by hand: 20 clicks are between 12.2 and 30.9."""
    found = times(20, 20)
    assert found is not None
    assert round(found.low * 25 - 5, 1) == 12.2
    assert round(found.high * 25 - 5, 1) == 30.9


@given(st.integers(1, 10_000).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_a_share_lies_in_its_interval(pair):
    """Whatever was counted, and the interval never leaves 0 to 1."""
    found = rate(*pair)
    assert found is not None
    assert 0 <= found.low <= found.value <= found.high <= 1
