"""Mailgun's webhooks and list of events: only what is signed is read, each word becomes ours, ids are the same."""

import hmac
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest

from digest.accounts import ProviderName
from digest.errors import SettingsError
from digest.providers import mailgun
from digest.providers.event import EventKind, Forged, ProviderEvent
from digest.providers.mailgun import MailgunPuller, MailgunWebhook
from digest.sending.provider import NotTaken, StopIssue, UnknownOutcome
from tests.conftest import NOW
from tests.providers.accounts import QUICK, account
from tests.providers.mailgun_server import DOMAIN, KEY, MailgunApi

SECRET = "webhook-signing-key"
BATCH = "11111111-2222-4333-8444-555555555555"
HAPPENED = NOW - timedelta(minutes=3)
TOKEN = "651869375b9df3c98fc15c4889b102119add1235c38fc92824"


def hook(secret: str | None = SECRET) -> MailgunWebhook:
    """Return the reader of an account with this secret."""
    return mailgun.webhook(account(ProviderName.mailgun, KEY, domain=DOMAIN, webhook_secret=secret), QUICK)


def happened(word: str, **more: Any) -> dict[str, Any]:
    """Return an event as Mailgun writes it."""
    return {
        "event": word,
        "id": "hTWCTD81RtiDN-1234567",
        "timestamp": HAPPENED.timestamp(),
        "recipient": "reader@example.org",
        "user-variables": {"delivery": "7.42", "batch": BATCH, "issue": "issue-7"},
        "message": {"headers": {"to": "Jos\u00e9 <jose@example.org>", "message-id": "2026.1.DF@mg.example.org"}},
        "delivery-status": {"code": 250, "message": "OK", "description": ""},
        **more,
    }


def signed(event: object, at: datetime = NOW, secret: str = SECRET, name: str = "signature") -> bytes:
    """Return a request's body."""
    stamp = str(int(at.timestamp()))
    proof = hmac.new(secret.encode(), f"{stamp}{TOKEN}".encode(), sha256).hexdigest()
    signature = {"timestamp": stamp, "token": TOKEN, "signature": "0" * 64, name: proof}
    return json.dumps({"signature": signature, "event-data": event}, ensure_ascii=False).encode()


def read(event: object) -> ProviderEvent:
    """Return the one event of a request."""
    (found,) = hook().read({}, signed(event), NOW).events
    return found


def puller(transport: Callable[[httpx.Request], httpx.Response]) -> MailgunPuller:
    """Return what asks for events, over a transport."""
    mine = account(ProviderName.mailgun, KEY, domain=DOMAIN)
    return mailgun.puller(mine, QUICK, transport=httpx.MockTransport(transport))


def test_an_event_says_whose_and_when():
    """Ids, our metadata, the message id as in the receipt, the time in UTC, and its own words."""
    event = read(happened("delivered", subject="Новини für José"))
    assert event.event_id == "hTWCTD81RtiDN-1234567"
    assert (event.kind, event.at) == (EventKind.delivered, HAPPENED)
    assert (event.delivery_ref, event.batch_id) == ("7.42", BATCH)
    assert (event.message_id, event.address) == ("2026.1.DF@mg.example.org", "reader@example.org")
    assert event.raw["subject"] == "Новини für José"
    assert (event.permanent, event.machine, event.url) == (False, False, "")


@pytest.mark.parametrize(
    ("said", "kind", "permanent"),
    [
        (happened("failed", severity="temporary", reason="generic"), EventKind.deferred, False),
        (happened("failed", severity="permanent", reason="bounce"), EventKind.bounced, True),
        (happened("failed", severity="permanent", reason="suppress-bounce"), EventKind.bounced, True),
        (happened("failed", severity="permanent", reason="generic"), EventKind.bounced, True),
        (happened("failed", severity="permanent", reason="old"), EventKind.bounced, False),
        (happened("failed", severity="permanent", reason="espblock"), EventKind.bounced, False),
        (happened("failed", severity="permanent", reason="suppress-unsubscribe"), EventKind.rejected, False),
        (happened("failed", severity="permanent", reason="suppress-complaint"), EventKind.rejected, False),
        (
            happened("failed", severity="permanent", reason="bounce", **{"delivery-status": {"bounce-type": "soft"}}),
            EventKind.bounced, False,
        ),
        (
            happened("failed", severity="permanent", reason="old", **{"delivery-status": {"bounce-type": "hard"}}),
            EventKind.bounced, True,
        ),
        (
            happened("failed", severity="permanent", reason="generic", **{"delivery-status": {"code": 498}}),
            EventKind.bounced, False,
        ),
        (happened("rejected", reject={"reason": "Sandbox"}), EventKind.rejected, False),
        (happened("complained"), EventKind.complained, False),
        (happened("unsubscribed"), EventKind.unsubscribed, False),
        (happened("opened"), EventKind.opened, False),
        (happened("clicked"), EventKind.clicked, False),
        (happened("accepted"), EventKind.taken, False),
        (happened("list_member_uploaded"), EventKind.unknown, False),
        ({}, EventKind.unknown, False),
        ({"event": 7, "timestamp": True, "user-variables": "x", "message": []}, EventKind.unknown, False),
    ],
)  # fmt: skip
def test_each_word_has_ours(said: dict[str, Any], kind: EventKind, permanent: bool):  # noqa: FBT001 - a table
    """Known ones are mapped, others are kept."""
    event = read(said)
    assert (event.kind, event.permanent) == (kind, permanent)
    assert event.event_id
    assert event.raw == said


def test_reasons_clicks_and_machines():
    """The server's words, the address of a click, and who Mailgun says clicked."""
    status = {"message": " 5.1.1 no such user ", "description": "x"}
    assert read(happened("failed", **{"delivery-status": status})).reason == "5.1.1 no such user"
    rejected = read(happened("rejected", recipient=None, reject={"reason": "too big"}, **{"delivery-status": None}))
    assert (rejected.reason, rejected.address) == ("too big", "jose@example.org")
    click = happened("clicked", url="https://a.example/x", **{"client-info": {"bot": "generic"}})
    assert (read(click).url, read(click).machine) == ("https://a.example/x", True)
    assert not read(happened("opened", **{"client-info": {"bot": ""}})).machine
    assert read(happened("delivered", url="https://a.example/x")).url == ""


def test_what_was_not_merged_names_no_delivery():
    """A variable that Mailgun did not fill in is no delivery of ours; no time means that of the request."""
    event = read({"event": "delivered", "user-variables": {"delivery": "%recipient.delivery%"}})
    assert event.delivery_ref == ""
    assert read(happened("delivered", timestamp="soon")).at == event.at
    assert event.at == NOW.replace(microsecond=0)


def test_a_replay_has_the_same_id():
    """The same request twice, and the same event signed anew: one event."""
    body = signed(happened("delivered"))
    later = signed(happened("delivered"), NOW + timedelta(minutes=10))
    ids = {
        hook().read({}, body, NOW).events[0].event_id,
        hook().read({}, body, NOW + timedelta(hours=8)).events[0].event_id,
        hook().read({}, later, NOW + timedelta(minutes=10)).events[0].event_id,
    }
    assert len(ids) == 1
    nameless = {"event": "delivered"}
    assert read(nameless).event_id == read(nameless).event_id != read({"event": "opened"}).event_id


@pytest.mark.parametrize(
    "body",
    [
        signed(happened("delivered"), secret="another key"),
        signed(happened("delivered"), NOW - timedelta(hours=10)),
        signed(happened("delivered"), NOW + timedelta(minutes=6)),
        signed(happened("delivered"))[:-30],
        json.dumps({"event-data": happened("delivered")}).encode(),
        json.dumps({"signature": {"timestamp": "1", "token": "", "signature": ""}}).encode(),
        json.dumps({"signature": {"timestamp": "1", "token": "t", "signature": "\u00e9"}}).encode(),
        json.dumps([{"signature": {}}]).encode(),
        b"timestamp=1&token=t&signature=s&event=delivered",
        b"\xff\x00",
        b"",
    ],
    ids=range(11),
)
def test_what_proves_nothing_is_refused(body: bytes):
    """Forged, too old, from the future, cut off, unsigned, no JSON."""
    with pytest.raises(Forged):
        hook().read({}, body, NOW)


def test_a_token_or_time_that_was_changed_is_refused():
    """The proof is of both."""
    body = signed(happened("delivered"))
    for old, new in ((TOKEN, TOKEN[:-1] + "5"), (str(int(NOW.timestamp())), str(int(NOW.timestamp()) + 1))):
        with pytest.raises(Forged):
            hook().read({}, body.replace(old.encode(), new.encode()), NOW)


@pytest.mark.parametrize("stamp", ["", "soon", "nan", f"{NOW.timestamp():.1f}", f"{NOW.timestamp():.0f}e0", "9" * 40])
def test_what_is_no_time_is_refused(stamp: str):
    """Though it is signed."""
    proof = hmac.new(SECRET.encode(), f"{stamp}{TOKEN}".encode(), sha256).hexdigest()
    body = {"signature": {"timestamp": stamp, "token": TOKEN, "signature": proof}, "event-data": {}}
    with pytest.raises(Forged, match="old"):
        hook().read({}, json.dumps(body).encode(), NOW)


def test_a_time_may_be_a_number():
    """The page shows text in the example, and calls it a number."""
    body = signed(happened("delivered")).replace(
        f'"{int(NOW.timestamp())}"'.encode(), str(int(NOW.timestamp())).encode()
    )
    assert hook().read({}, body, NOW).events


def test_a_subaccount_may_be_signed_by_its_parent():
    """parent-signature is made with the main account's key."""
    (event,) = hook().read({}, signed(happened("delivered"), name="parent-signature"), NOW).events
    assert event.kind is EventKind.delivered


@pytest.mark.parametrize("nonsense", ["text", None, [], 7])
def test_signed_nonsense_is_kept(nonsense: object):
    """A signed request that makes no sense is one unknown event."""
    event = read(nonsense)
    assert (event.kind, event.at) == (EventKind.unknown, NOW.replace(microsecond=0))
    assert event.raw["event-data"] == nonsense


def test_a_webhook_needs_its_key_and_no_confirmation():
    """Without the signing key nothing could be proved."""
    for secret in (None, ""):
        with pytest.raises(SettingsError, match="MAILGUN_WEBHOOK_SECRET"):
            hook(secret)
    with pytest.raises(ValueError, match="no confirmation"):
        hook().confirm("https://api.mailgun.net/x")


def test_pulled_events_are_those_of_the_webhooks():
    """Page after page, until an empty one; each event equals the webhook's."""
    api = MailgunApi()
    api.events = [
        happened("delivered", id=str(n), timestamp=(NOW - timedelta(minutes=n)).timestamp()) for n in range(5)
    ]
    found = list(puller(api).pull(NOW - timedelta(minutes=3), NOW))
    assert sorted(one.event_id for one in found) == ["0", "1", "2", "3"]
    assert found[0] == read(api.events[0])
    assert len(api.asked) == 3


def test_our_key_goes_to_no_other_host():
    """The next page is asked for at our base URL, whatever host the answer names."""
    api = MailgunApi()
    api.next_host = "https://evil.example.net"
    api.events = [happened("delivered", id=str(n)) for n in range(3)]
    hosts: list[str] = []

    def noted(request: httpx.Request) -> httpx.Response:
        hosts.append(request.url.host)
        return api(request)

    assert len(list(puller(noted).pull(HAPPENED - timedelta(minutes=1), NOW))) == 3
    assert set(hosts) == {"api.mailgun.net"}


@pytest.mark.parametrize(
    "body", [{}, {"items": [{}]}, {"items": [{}], "paging": {"next": "https://x/v3/other/events"}}]
)
def test_an_answer_that_is_no_list_is_not_the_end(body: object):
    """Nothing is taken for the end that Mailgun did not say is the end."""
    with pytest.raises(UnknownOutcome):
        list(puller(lambda _: httpx.Response(200, json=body)).pull(HAPPENED, NOW))


def test_a_page_that_names_itself_ends():
    """No page is asked for twice."""
    page = {"items": [happened("delivered")], "paging": {"next": f"https://x/v3/{DOMAIN}/events/same"}}
    assert len(list(puller(lambda _: httpx.Response(200, json=page)).pull(HAPPENED, NOW))) == 2


def test_refusals_while_pulling():
    """As for sending."""
    with pytest.raises(StopIssue, match="MAILGUN_API_KEY"):
        list(puller(lambda _: httpx.Response(401, text="Forbidden")).pull(HAPPENED, NOW))
    with pytest.raises(NotTaken):
        list(puller(lambda _: httpx.Response(429)).pull(HAPPENED, NOW))
