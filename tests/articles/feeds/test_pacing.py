"""When a feed is asked again: never sooner than its cadence, never later than servers can wish for."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.articles.feeds import pacing
from tests.conftest import NOW

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", 0 * HOUR),
        ("120", 120 * timedelta(seconds=1)),
        ("999999999999", DAY),
        ("-5", 0 * HOUR),
        ("soon", 0 * HOUR),
        ("Tue, 24 Nov 2026 08:00:00 GMT", 2 * HOUR),
        ("Tue, 24 Nov 2026 08:00:00", 2 * HOUR),
        ("Tue, 24 Nov 2026 05:00:00 GMT", 0 * HOUR),
        ("Tue, 24 Nov 2099 05:00:00 GMT", DAY),
        ("²", 0 * HOUR),
    ],
)
def test_a_server_may_ask_us_to_stay_away_for_a_day_at_most(value, expected):
    """In seconds or until a date; nonsense and the past are nothing."""
    assert pacing.retry_after({"retry-after": value}, NOW) == expected


@pytest.mark.parametrize(
    ("control", "body", "expected"),
    [
        ("", b"", 0 * HOUR),
        ("public, max-age=7200", b"", 2 * HOUR),
        ('s-maxage=99999, max-age="600"', b"", 10 * MINUTE),
        ("no-cache, max-age=7200", b"", 0 * HOUR),
        ("max-age=99999999999", b"", 6 * HOUR),
        ("", b"<rss><channel><ttl> 90 </ttl>", 90 * MINUTE),
        ("max-age=60", b"<ttl>9999999</ttl>", 6 * HOUR),
        ("", b"<ttl>often</ttl>", 0 * HOUR),
    ],
)
def test_an_answer_may_say_how_long_it_stays_as_it_is(control, body, expected):
    """Cache-Control or ttl, whichever is longer, at most six hours."""
    assert pacing.fresh_for({"cache-control": control}, body) == expected


@given(st.text(max_size=20), st.integers(5, 10_080), st.timedeltas(0 * HOUR, 6 * HOUR))
def test_a_success_waits_its_cadence_and_a_tenth_at_most(feed_id, every, fresh):
    """Never sooner; the same for the same feed and time; in whole seconds, so that no claim is mistaken for it."""
    found = pacing.after_success(feed_id, every, NOW, fresh)
    wait = max(every * MINUTE, fresh)
    assert wait - timedelta(seconds=1) <= found - NOW <= wait * 1.1 + timedelta(seconds=1)
    assert found == pacing.after_success(feed_id, every, NOW, fresh)
    assert (found - NOW).microseconds == 0


def test_failures_wait_twice_as_long_each_time_up_to_six_hours():
    """30 minutes, 1 h, 2 h, 4 h, 6 h; a feed that is asked daily stays daily; a longer Retry-After holds."""
    waits = [pacing.after_failure("f", 30, failures, NOW) - NOW for failures in (1, 2, 3, 4, 5, 50)]
    for wait, expected in zip(waits, (0.5, 1, 2, 4, 6, 6), strict=True):
        assert expected * HOUR <= wait <= expected * 1.1 * HOUR
    assert DAY <= pacing.after_failure("f", 1440, 4, NOW) - NOW <= 1.1 * DAY
    assert pacing.after_failure("f", 30, 1, NOW, 5 * HOUR) == NOW + 5 * HOUR
    assert pacing.after_failure("f", 30, 1, NOW, MINUTE) - NOW >= 30 * MINUTE


def test_feeds_that_were_added_together_are_not_asked_together():
    """The jitter spreads them."""
    assert len({pacing.after_success(f"feed {n}", 60, NOW) for n in range(50)}) > 40


def test_a_claim_is_told_from_a_schedule():
    """For ten minutes after it began, and for no time that a schedule gives."""
    lease = NOW + pacing.LEASE
    assert pacing.claimed(NOW, lease, NOW + 9 * MINUTE)
    assert not pacing.claimed(NOW, lease, NOW + 11 * MINUTE)
    assert not pacing.claimed(NOW, NOW + 10 * MINUTE, NOW)
    assert not pacing.claimed(None, lease, NOW)
