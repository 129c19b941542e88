"""Resend's webhooks: only what Svix signed is read, and each kind becomes ours."""

import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from digest.accounts import ProviderName
from digest.errors import SettingsError
from digest.providers import resend
from digest.providers.event import EventKind, Forged, ProviderEvent
from tests.conftest import NOW
from tests.providers.accounts import QUICK, account

SECRET = b"a secret of twenty-four b"
BATCH = "11111111-2222-4333-8444-555555555555"
WEBHOOK = resend.webhook(account(ProviderName.resend, webhook_secret=f"whsec_{b64encode(SECRET).decode()}"), QUICK)


def signed(body: bytes, at: datetime = NOW, secret: bytes = SECRET, event_id: str = "msg_1") -> dict[str, str]:
    """Return the headers that Svix would send."""
    stamp = str(int(at.timestamp()))
    made = b64encode(hmac.digest(secret, f"{event_id}.{stamp}.".encode() + body, "sha256")).decode()
    return {"svix-id": event_id, "svix-timestamp": stamp, "svix-signature": f"v1,{made}"}


def told(kind: str, **data: Any) -> bytes:
    """Return a body as Resend writes it."""
    shared = {
        "created_at": "2026-11-02T08:00:00.000Z",
        "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
        "from": "The Weekly <weekly@example.org>",
        "to": ["Björn <reader@example.org>"],
        "subject": "News für Björn",
        "tags": {"delivery": "7_2E42", "batch": BATCH, "issue": "issue-7"},
    }
    body = {"type": kind, "created_at": "2026-11-02T08:00:05.126Z", "data": {**shared, **data}}
    return json.dumps(body, ensure_ascii=False).encode()


def read(body: bytes) -> ProviderEvent:
    """Return the one event of a body."""
    (event,) = WEBHOOK.read(signed(body), body, NOW).events
    return event


def test_an_event_says_whose_and_when():
    """The names come from the tags, the time is the event's and not the mail's, the id is Svix'."""
    event = read(told("email.delivered"))
    assert event.event_id == "msg_1"
    assert event.kind is EventKind.delivered
    assert event.at == datetime(2026, 11, 2, 8, 0, 5, 126000, tzinfo=UTC)
    assert (event.delivery_ref, event.batch_id) == ("7.42", BATCH)
    assert (event.message_id, event.address) == ("56761188-7520-42d8-8898-ff6fc54ce618", "reader@example.org")
    assert event.raw["data"]["subject"] == "News für Björn"
    assert not event.machine


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        ("email.delivered", EventKind.delivered),
        ("email.delivery_delayed", EventKind.deferred),
        ("email.bounced", EventKind.bounced),
        ("email.failed", EventKind.rejected),
        ("email.suppressed", EventKind.rejected),
        ("email.complained", EventKind.complained),
        ("email.opened", EventKind.opened),
        ("email.clicked", EventKind.clicked),
        ("email.sent", EventKind.taken),
        ("email.scheduled", EventKind.unknown),
        ("email.received", EventKind.unknown),
        ("contact.updated", EventKind.unknown),
        ("email.teleported", EventKind.unknown),
    ],
)
def test_each_kind_has_a_word(kind: str, ours: EventKind):
    """Known ones are mapped, others are kept."""
    event = read(told(kind))
    assert event.kind is ours
    assert event.delivery_ref == "7.42"
    assert not event.permanent


@pytest.mark.parametrize(("kind", "permanent"), [("Permanent", True), ("Transient", False), ("Undetermined", False)])
def test_a_bounce_says_whether_the_address_is_dead(kind: str, permanent: bool):  # noqa: FBT001 - a table of answers
    """Only Permanent is for ever."""
    event = read(told("email.bounced", bounce={"type": kind, "subType": "General", "message": "550 no such user"}))
    assert event.permanent is permanent
    assert event.reason == f"{kind}: General: 550 no such user"


def test_reasons_and_links_are_kept():
    """A failure's reason, a suppression's words, the link of a click."""
    assert read(told("email.failed", failed={"reason": "reached_daily_quota"})).reason == "reached_daily_quota"
    suppressed = {"type": "OnAccountSuppressionList", "message": "on the list"}
    assert read(told("email.suppressed", suppressed=suppressed)).reason == "OnAccountSuppressionList: on the list"
    assert read(told("email.clicked", click={"link": "https://a.example/x"})).url == "https://a.example/x"


def test_tags_as_a_list_are_read_too():
    """Requests write them as a list of name and value; what is neither is left."""
    assert read(told("email.delivered", tags=[{"name": "delivery", "value": "7_2E9"}, 5])).delivery_ref == "7.9"
    assert read(told("email.delivered", tags=None)).delivery_ref == ""
    assert read(told("email.delivered", tags={"delivery": 5})).delivery_ref == ""


@pytest.mark.parametrize("to", [None, [], [5], "reader@example.org", ["reader@example.org"]])
def test_an_address_is_read_where_there_is_one(to: object):
    """One, a list of one, or none."""
    assert read(told("email.delivered", to=to)).address == ("reader@example.org" if to and to != [5] else "")


def test_the_same_request_again_has_the_same_id():
    """A repetition is signed anew, and keeps its id."""
    body = told("email.delivered")
    first = WEBHOOK.read(signed(body), body, NOW)
    later = NOW + timedelta(hours=2)
    assert WEBHOOK.read(signed(body, later), body, later) == first


def test_one_of_several_signatures_is_enough():
    """While a secret is changed there are two, and signatures of other versions."""
    body = told("email.delivered")
    headers = signed(body)
    headers["svix-signature"] = f"v1a,xyz v1,AAAA {headers['svix-signature']}"
    assert len(WEBHOOK.read(headers, body, NOW).events) == 1


@pytest.mark.parametrize("name", ["svix-id", "svix-timestamp", "svix-signature"])
@pytest.mark.parametrize("value", [None, "", "nonsense", "1", "²", "v1,", "v2,abc", "ünï 1", "9" * 30])
def test_a_wrong_or_missing_header_is_refused(name: str, value: str | None):
    """Id and time are signed with the body."""
    body = told("email.delivered")
    headers = signed(body)
    if value is None:
        del headers[name]
    else:
        headers[name] = value
    with pytest.raises(Forged):
        WEBHOOK.read(headers, body, NOW)


def test_another_secret_or_body_is_refused():
    """Forged, changed or cut short."""
    body = told("email.delivered")
    for headers, given in (
        (signed(body, secret=b"another"), body),
        (signed(body), body.replace(b"delivered", b"bounced__")),
        (signed(body), body[:-10]),
        (signed(body), b""),
    ):
        with pytest.raises(Forged, match="RESEND_WEBHOOK_SECRET"):
            WEBHOOK.read(headers, given, NOW)


@pytest.mark.parametrize("seconds", [-301, 301, -86_400])
def test_too_old_or_too_new_is_refused(seconds: int):
    """Five minutes either way."""
    body = told("email.delivered")
    with pytest.raises(Forged, match="5 minutes"):
        WEBHOOK.read(signed(body, NOW + timedelta(seconds=seconds)), body, NOW)
    assert WEBHOOK.read(signed(body, NOW - timedelta(minutes=5)), body, NOW).events


@pytest.mark.parametrize("body", [b"", b"not json", b"\xff\xfe\x00", b'"text"', b"5", b"null", b'{"type": '])
def test_a_signed_body_without_sense_is_kept(body: bytes):
    """Nothing that Resend signed is lost."""
    event = read(body)
    assert event.kind is EventKind.unknown
    assert event.at == NOW.replace(microsecond=0)
    assert "\0" not in event.raw["body"]


@pytest.mark.parametrize(
    "body", [b"{}", b'{"type": 5, "created_at": 5, "data": 5}', b'{"type": "email.delivered", "created_at": "soon"}']
)
def test_an_event_that_says_nothing_has_the_time_it_was_signed(body: bytes):
    """Missing or odd fields are empty."""
    event = read(body)
    assert event.at == NOW.replace(microsecond=0)
    assert (event.delivery_ref, event.message_id, event.address) == ("", "", "")


def test_times_without_a_zone_are_utc():
    """The API's lists write a blank and +00; a zone is heeded."""
    body = json.dumps({"type": "email.delivered", "created_at": "2026-10-01 12:00:00.5+00"}).encode()
    assert read(body).at == datetime(2026, 10, 1, 12, 0, 0, 500000, tzinfo=UTC)
    body = json.dumps({"type": "email.delivered", "created_at": "2026-10-01T12:00:00"}).encode()
    assert read(body).at == datetime(2026, 10, 1, 12, tzinfo=UTC)


def test_a_hundred_events_in_one_body_are_all_read():
    """Resend sends one; should it send a list, each has an id of its own."""
    body = b"[" + b",".join([told("email.delivered")] * 99 + [b"5"]) + b"]"
    events = WEBHOOK.read(signed(body), body, NOW).events
    assert len({one.event_id for one in events}) == 100
    assert [one.kind for one in events] == [EventKind.delivered] * 99 + [EventKind.unknown]


def test_there_is_nothing_to_confirm():
    """No request asks for it."""
    body = told("email.delivered")
    assert WEBHOOK.read(signed(body), body, NOW).confirm == ""
    WEBHOOK.confirm("https://example.org")


@pytest.mark.parametrize("secret", [None, "", "whsec_", "whsec_not base64!", "whsec_ü"])
def test_it_needs_a_signing_secret(secret: str | None):
    """Without one, or with another text, nothing is built."""
    with pytest.raises(SettingsError, match="RESEND_WEBHOOK_SECRET"):
        resend.webhook(account(ProviderName.resend, webhook_secret=secret), QUICK)
