"""Brevo's webhooks: only who knows the secret is read, and each word becomes ours."""

import json
from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any

import pytest

from digest.accounts import ProviderName
from digest.errors import SettingsError
from digest.providers import brevo
from digest.providers.brevo import BrevoWebhook
from digest.providers.event import EventKind, Forged, ProviderEvent
from tests.conftest import NOW
from tests.providers.accounts import QUICK, account

BATCH = "11111111-2222-4333-8444-555555555555"
ID = "202611020800.27287306012@smtp-relay.mailin.fr"
HAPPENED = NOW.replace(microsecond=0) - timedelta(minutes=3)
SECOND = int(HAPPENED.timestamp())
PASSWORD = "brevo:wörd:x"
BASIC = {"authorization": f"Basic {b64encode(PASSWORD.encode()).decode()}"}


def hook(secret: str = PASSWORD) -> BrevoWebhook:
    """Return the reader of an account with this secret."""
    return brevo.webhook(account(ProviderName.brevo, webhook_secret=secret), QUICK)


def told(word: str, **more: Any) -> dict[str, Any]:
    """Return an event as a webhook writes it."""
    shared = {
        "event": word,
        "email": "reader@example.org",
        "id": 9999999,
        "date": "2020-10-09 00:00:00",
        "ts": SECOND,
        "message-id": f"<{ID}>",
        "ts_event": SECOND,
        "ts_epoch": (SECOND - 60) * 1000,
        "subject": "Новини für Björn",
        "X-Mailin-custom": json.dumps({"delivery": "7.42", "batch": BATCH, "issue": "issue-7"}),
        "tag": '["delivery:7.42","issue-7"]',
        "tags": ["delivery:7.42", "issue-7"],
    }
    return {**shared, **more}


def read_all(said: object) -> tuple[ProviderEvent, ...]:
    """Return the events of a body."""
    return hook().read(BASIC, json.dumps(said, ensure_ascii=False).encode(), NOW).events


def read(said: dict[str, Any]) -> ProviderEvent:
    """Return the one event of a body."""
    (event,) = read_all(said)
    return event


def test_an_event_says_whose_and_when():
    """Our names come back in X-Mailin-custom, the message id as in the receipt, the time in UTC."""
    event = read(told("delivered"))
    assert event.event_id == f"{ID}:delivered"
    assert event.kind is EventKind.delivered
    assert event.at == HAPPENED
    assert (event.delivery_ref, event.batch_id) == ("7.42", BATCH)
    assert (event.message_id, event.address) == (ID, "reader@example.org")
    assert event.raw["subject"] == "Новини für Björn"


@pytest.mark.parametrize(
    ("word", "ours", "permanent", "machine"),
    [
        ("delivered", EventKind.delivered, False, False),
        ("deferred", EventKind.deferred, False, False),
        ("hard_bounce", EventKind.bounced, True, False),
        ("soft_bounce", EventKind.bounced, False, False),
        ("invalid_email", EventKind.bounced, True, False),
        ("blocked", EventKind.rejected, False, False),
        ("error", EventKind.rejected, False, False),
        ("spam", EventKind.complained, False, False),
        ("complaint", EventKind.complained, False, False),
        ("unsubscribed", EventKind.unsubscribed, False, False),
        ("unsubscribe", EventKind.unsubscribed, False, False),
        ("click", EventKind.clicked, False, False),
        ("opened", EventKind.opened, False, False),
        ("unique_opened", EventKind.opened, False, False),
        ("proxy_open", EventKind.opened, False, True),
        ("unique_proxy_open", EventKind.opened, False, True),
        ("request", EventKind.taken, False, False),
        ("list_addition", EventKind.unknown, False, False),
        ("", EventKind.unknown, False, False),
    ],
)
def test_each_word_has_ours(word: str, ours: EventKind, permanent: bool, machine: bool):  # noqa: FBT001 - a table
    """Known ones are mapped, others are kept."""
    event = read(told(word, reason=" 550 no such user ", link="https://a.example/x"))
    assert (event.kind, event.permanent, event.machine) == (ours, permanent, machine)
    assert event.reason == "550 no such user"
    assert event.url == ("https://a.example/x" if ours is EventKind.clicked else "")
    assert event.event_id


@pytest.mark.parametrize(
    ("given", "at"),
    [
        ({}, HAPPENED),
        ({"ts_event": SECOND - 9 * 3600, "ts_epoch": SECOND * 1000}, HAPPENED),  # ts_event in the account's zone
        ({"ts_event": SECOND + 9 * 3600, "ts_epoch": SECOND * 1000}, HAPPENED),
        ({"ts_event": None, "ts_epoch": SECOND}, HAPPENED),  # the page's own example has seconds
        ({"ts_event": "soon", "ts_epoch": True}, NOW),
        ({"ts_event": 10**30, "ts_epoch": -(10**15)}, NOW),
    ],
)
def test_the_time_is_the_latest_that_can_be(given: dict[str, Any], at: datetime):
    """Times in other zones are passed over; without any it is the time of the request."""
    assert read(told("delivered", **given)).at == at


@pytest.mark.parametrize(
    ("given", "delivery"),
    [
        ({}, "7.42"),
        ({"X-Mailin-custom": None}, "7.42"),
        ({"X-Mailin-custom": "a:b|c:d", "tags": None}, "7.42"),
        ({"X-Mailin-custom": "[]", "tags": None, "tag": "delivery:7.9"}, "7.9"),
        ({"X-Mailin-custom": '{"delivery": 5}', "tags": [5, "other"], "tag": ""}, ""),
        ({"X-Mailin-custom": "", "tags": None, "tag": "5"}, ""),
        ({"X-Mailin-custom": "", "tags": None, "tag": None}, ""),
    ],
)
def test_a_delivery_is_found_in_the_metadata_or_the_tags(given: dict[str, Any], delivery: str):
    """The header first; tags as a list, as JSON in a text, or alone."""
    assert read(told("delivered", **given)).delivery_ref == delivery


def test_the_same_again_has_the_same_id_and_another_has_its_own():
    """What happens once is named by mail and word; what may happen again also by its second."""
    assert read(told("delivered")).event_id == read(told("delivered", id=1, ts_event=SECOND - 5)).event_id
    deferred = read(told("deferred"))
    assert deferred.event_id == read(told("deferred")).event_id == f"{ID}:deferred:{SECOND}"
    assert deferred.event_id != read(told("deferred", ts_event=SECOND + 60)).event_id
    assert read(told("hard_bounce")).event_id != read(told("soft_bounce")).event_id


def test_without_a_message_id_the_words_are_the_id():
    """A hash of what was told: the same again is the same."""
    first = read({"event": "delivered", "email": "a@example.org"})
    assert first.event_id == read({"email": "a@example.org", "event": "delivered"}).event_id
    assert first.event_id != read({"event": "delivered", "email": "b@example.org"}).event_id
    assert read(told("deferred", ts_event=None, ts_epoch=None)).event_id == f"{ID}:deferred:"


def test_a_list_of_a_hundred_events_is_read():
    """A batched webhook posts a list; what is no event in it is kept."""
    events = read_all([told("delivered", **{"message-id": f"<{n}@x>"}) for n in range(99)] + [5])
    assert len({one.event_id for one in events}) == 100
    assert events[99].kind is EventKind.unknown
    assert events[99].raw == {"value": 5}
    assert read_all([]) == ()


@pytest.mark.parametrize("body", [b"", b"not json", b"\xff\xfe\x00", b'{"event": ', b"5", b'"text"', b"null"])
def test_a_body_without_sense_is_kept(body: bytes):
    """Nothing that Brevo sent is lost, and the same again is the same."""
    (event,) = hook().read(BASIC, body, NOW).events
    assert (event.kind, event.at) == (EventKind.unknown, NOW)
    assert hook().read(BASIC, body, NOW).events[0].event_id == event.event_id
    assert "\0" not in str(event.raw.get("body", ""))


@pytest.mark.parametrize(
    "given",
    [
        "", "Basic", "Basic ", "basic AAAA", f"Basic {b64encode(b'brevo:word').decode()}", "Bearer brevo:wörd:x",
        BASIC["authorization"][:-4], BASIC["authorization"].replace("Basic", "Bearer"), "ünï cöde",
    ],
)  # fmt: skip
def test_who_does_not_know_the_password_is_refused(given: str):
    """Missing, wrong, cut short, or under another scheme."""
    with pytest.raises(Forged, match="BREVO_WEBHOOK_SECRET"):
        hook().read({"authorization": given} if given else {}, b"{}", NOW)


def test_a_token_is_a_bearers():
    """A secret without a colon is the token that the webhook was made with."""
    token = hook("a-token")
    for given in ("Bearer a-token", "bearer  a-token"):
        assert token.read({"authorization": given}, b"{}", NOW).events
    for given in ("a-token", "Bearer a-toke", f"Basic {b64encode(b'a-token').decode()}", "Basic a-token"):
        with pytest.raises(Forged):
            token.read({"authorization": given}, b"{}", NOW)


def test_old_events_are_read():
    """Brevo tries again for days, and proves no time: what is old is late."""
    assert read(told("delivered", ts_event=SECOND - 86_400 * 5, ts_epoch=None)).at == HAPPENED - timedelta(days=5)


def test_it_needs_a_secret_and_confirms_nothing():
    """Without one nothing is built."""
    with pytest.raises(SettingsError, match="BREVO_WEBHOOK_SECRET"):
        brevo.webhook(account(ProviderName.brevo), QUICK)
    hook().confirm("https://example.org")
