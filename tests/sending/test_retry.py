"""When to try again, and what an error means: pure, so every rule is tried."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sending.provider import BatchRefused, NotTaken, ProviderError, StopIssue, UnknownOutcome
from digest.sending.retry import LONGEST, TRIES, Fate, Repeats, decide, next_try, wait
from digest.settings import Uncertain
from tests.conftest import NOW

HOUR = timedelta(hours=1)
NO_KEYS = Repeats(None, NOW, 1)
KEYS = Repeats(HOUR, NOW, 1)


@pytest.mark.parametrize(
    ("error", "repeats", "uncertain", "fate"),
    [
        (NotTaken("x"), KEYS, Uncertain.hold, Fate.again),
        (BatchRefused("x"), KEYS, Uncertain.hold, Fate.refused),
        (StopIssue("x"), KEYS, Uncertain.hold, Fate.stop),
        (UnknownOutcome("x"), KEYS, Uncertain.resend, Fate.repeat),
        (UnknownOutcome("x"), NO_KEYS, Uncertain.hold, Fate.uncertain),
        (UnknownOutcome("x"), NO_KEYS, Uncertain.resend, Fate.resend),
        (ProviderError("what nobody foresaw"), NO_KEYS, Uncertain.hold, Fate.uncertain),
        (NotTaken("x"), Repeats(HOUR, NOW, 2), Uncertain.hold, Fate.repeat),
        (BatchRefused("x"), Repeats(HOUR, NOW, 2), Uncertain.hold, Fate.repeat),
        (StopIssue("x"), Repeats(HOUR, NOW, 2), Uncertain.hold, Fate.repeat),
        (NotTaken("x"), Repeats(HOUR, NOW, TRIES), Uncertain.hold, Fate.uncertain),
        (UnknownOutcome("x"), Repeats(HOUR, NOW, TRIES), Uncertain.hold, Fate.uncertain),
        (UnknownOutcome("x"), Repeats(HOUR, None, 1), Uncertain.hold, Fate.uncertain),
        (UnknownOutcome("x"), Repeats(HOUR, NOW - timedelta(minutes=58), 1), Uncertain.hold, Fate.uncertain),
        (UnknownOutcome("x"), Repeats(HOUR, NOW - timedelta(minutes=57), 1), Uncertain.hold, Fate.repeat),
    ],
)
def test_each_error_has_its_fate(error: ProviderError, repeats: Repeats, uncertain: Uncertain, fate: Fate):
    """Only what surely was not taken is queued again by itself; the same key only inside its window."""
    assert decide(error, repeats, NOW, uncertain) is fate


@given(st.integers(1, TRIES), st.floats(0, 1), st.floats(0, 100_000))
def test_waits_grow_and_keep_what_was_asked(tries: int, jitter: float, asked: float):
    """A wait is never shorter than the provider asked, and grows fourfold, give or take a quarter."""
    pause = wait(tries, jitter, asked)
    assert pause >= timedelta(seconds=asked) - timedelta(microseconds=1)
    plain = wait(tries, jitter)
    assert 0.75 * 5 * 4 ** (tries - 1) <= plain.total_seconds() + 1e-6
    assert plain.total_seconds() <= 1.25 * 5 * 4 ** (tries - 1) + 1e-6


@given(st.integers(1, 20), st.integers(0, 100_000), st.integers(0, 100_000))
def test_tries_end(tries: int, since: int, pause: int):
    """Nobody is tried more than eight times, or after a day."""
    at = next_try(tries, NOW - timedelta(seconds=since), NOW, timedelta(seconds=pause))
    if at is None:
        assert tries >= TRIES or timedelta(seconds=since + pause) > LONGEST
    else:
        assert tries < TRIES
        assert at == NOW + timedelta(seconds=pause)
