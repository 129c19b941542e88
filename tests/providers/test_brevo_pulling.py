"""Brevo's list of events: all pages of the right days, told as its webhooks tell them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from digest.accounts import ProviderName
from digest.providers import brevo
from digest.providers.brevo import BrevoPuller
from digest.providers.http import Caller
from digest.sending.provider import NotTaken, StopIssue, UnknownOutcome
from tests.conftest import NOW
from tests.providers.accounts import QUICK, account
from tests.providers.brevo_api import KEY, BrevoApi, refused
from tests.providers.test_brevo_events import HAPPENED, ID, read, told


def listed(word: str, at: datetime, number: int = 0, **more: Any) -> dict[str, Any]:
    """Return an event as the list of events writes it."""
    return {
        "event": word,
        "email": "reader@example.org",
        "date": at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "messageId": f"<{ID}>" if not number else f"<{number}@x>",
        "tag": '["delivery:7.42","issue-7"]',
        "from": "weekly@example.org",
        **more,
    }


def pulling(api: BrevoApi, page: int = 2500) -> BrevoPuller:
    """Return a puller over the stand-in."""
    given = Caller("https://api.brevo.com", {"api-key": KEY}, QUICK, transport=httpx.MockTransport(api))
    return BrevoPuller(given, page)


@pytest.mark.parametrize(
    ("pulled", "word"),
    [
        ("hardBounces", "hard_bounce"),
        ("softBounces", "soft_bounce"),
        ("delivered", "delivered"),
        ("spam", "spam"),
        ("opened", "opened"),
        ("clicks", "click"),
        ("invalid", "invalid_email"),
        ("deferred", "deferred"),
        ("blocked", "blocked"),
        ("unsubscribed", "unsubscribed"),
        ("error", "error"),
        ("loadedByProxy", "proxy_open"),
    ],
)
def test_pulled_and_told_are_the_same(pulled: str, word: str):
    """Both ways give one event the same id, kind and time, and find its delivery."""
    api = BrevoApi()
    api.events = [listed(pulled, HAPPENED)]
    (found,) = pulling(api).pull(NOW - timedelta(hours=1), NOW)
    event = read(told(word))
    assert (found.event_id, found.kind, found.at) == (event.event_id, event.kind, event.at)
    assert (found.permanent, found.machine) == (event.permanent, event.machine)
    assert (found.delivery_ref, found.message_id, found.address) == ("7.42", ID, "reader@example.org")


def test_all_pages_are_asked_for():
    """Page after page, oldest first, by whole days with one more before."""
    api = BrevoApi()
    api.events = [listed("delivered", HAPPENED, number) for number in range(1, 8)]
    found = list(pulling(api, 3).pull(NOW - timedelta(hours=1), NOW))
    assert len({one.event_id for one in found}) == 7
    assert [query["offset"] for query in api.asked] == ["0", "3", "6"]
    assert api.asked[0] == {
        "limit": "3",
        "offset": "0",
        "startDate": (NOW - timedelta(hours=25)).date().isoformat(),
        "endDate": NOW.date().isoformat(),
        "sort": "asc",
    }
    api.events = api.events[:6]
    assert len(list(pulling(api, 3).pull(NOW - timedelta(hours=1), NOW))) == 6


def test_what_lies_outside_is_left():
    """Within the days asked for: not before by more than a time zone, not after, but what has no time is kept."""
    api = BrevoApi()
    since = NOW - timedelta(hours=1)
    api.events = [
        listed("delivered", since - timedelta(hours=15), 1),
        listed("delivered", since - timedelta(hours=13), 2),
        listed("delivered", NOW + timedelta(seconds=1), 3),
        listed("deferred", NOW, 4, date=NOW.date().isoformat() + " later"),
        listed("delivered", NOW, 5, date=HAPPENED.replace(tzinfo=None).isoformat()),
    ]
    found = {one.message_id: one.at for one in pulling(api).pull(since, NOW)}
    assert found == {"2@x": since - timedelta(hours=13), "4@x": NOW, "5@x": HAPPENED}


def test_a_list_that_cannot_be_had_raises():
    """Throttled, not allowed, broken, or nothing there."""
    for answer, kind in (
        (refused(429, "too_many_requests", "slow down"), NotTaken),
        (refused(401, "unauthorized", "Key not found"), StopIssue),
        (refused(400, "invalid_parameter", "startDate is not valid"), StopIssue),
        (httpx.Response(500), UnknownOutcome),
    ):
        given = account(ProviderName.brevo, KEY)
        made = brevo.puller(given, QUICK, transport=httpx.MockTransport(lambda _, answer=answer: answer))
        with pytest.raises(kind):
            list(made.pull(NOW - timedelta(hours=1), NOW))
    assert list(pulling(BrevoApi()).pull(NOW - timedelta(hours=1), NOW)) == []
