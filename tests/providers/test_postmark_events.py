"""Postmark's webhooks and list of bounces: only who knows the password is read, each word becomes ours, ids are one."""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from digest.accounts import ProviderName
from digest.errors import SettingsError
from digest.providers import postmark
from digest.providers.event import EventKind, Forged, ProviderEvent
from digest.providers.postmark import PostmarkPuller, PostmarkWebhook
from digest.sending.provider import NotTaken, StopIssue, UnknownOutcome
from tests.conftest import NOW
from tests.providers.accounts import QUICK, account
from tests.providers.postmark_server import KEY, PostmarkApi

PASSWORD = "postmark:w\u00f6rd:x"
BASIC = {"authorization": f"Basic {b64encode(PASSWORD.encode()).decode()}"}
BATCH = "11111111-2222-4333-8444-555555555555"
ID = "883953f4-6105-42a2-a16a-77a8eac79483"
AT = "2026-11-02T03:05:06.2735393-05:00"
HAPPENED = datetime(2026, 11, 2, 8, 5, 6, 273539, tzinfo=UTC)


def hook(secret: str | None = PASSWORD) -> PostmarkWebhook:
    """Return the reader of an account with this secret."""
    return postmark.webhook(account(ProviderName.postmark, KEY, webhook_secret=secret), QUICK)


def happened(record: str, **more: Any) -> dict[str, Any]:
    """Return an event as a webhook writes it."""
    metadata = {"delivery": "7.42", "batch": BATCH, "issue": "issue-7"}
    return {"RecordType": record, "MessageID": ID, "MessageStream": "broadcast", "Metadata": metadata, **more}


def bounce(kind: str, number: int = 42, **more: Any) -> dict[str, Any]:
    """Return a bounce."""
    return happened("Bounce", **{"ID": number, "Type": kind, "Email": "reader@example.org", "BouncedAt": AT, **more})


def read_all(said: object) -> tuple[ProviderEvent, ...]:
    """Return the events of a body."""
    return hook().read(BASIC, json.dumps(said, ensure_ascii=False).encode(), NOW).events


def read(said: object) -> ProviderEvent:
    """Return the one event of a body."""
    (event,) = read_all(said)
    return event


def puller(transport: Callable[[httpx.Request], httpx.Response]) -> PostmarkPuller:
    """Return what asks for bounces, over a transport."""
    return postmark.puller(account(ProviderName.postmark, KEY), QUICK, transport=httpx.MockTransport(transport))


def test_an_event_says_whose_and_when():
    """Ids, our metadata, the message id as in the receipt, the time in UTC, and its own words."""
    event = read(happened("Delivery", Recipient="reader@example.org", DeliveredAt=AT, Details="250 прийнято"))
    assert event.event_id == f"{ID}:Delivery"
    assert (event.kind, event.at) == (EventKind.delivered, HAPPENED)
    assert (event.delivery_ref, event.batch_id) == ("7.42", BATCH)
    assert (event.message_id, event.address) == (ID, "reader@example.org")
    assert event.reason == "250 прийнято"
    assert event.raw["Details"] == "250 прийнято"


@pytest.mark.parametrize(
    ("kind", "ours", "permanent"),
    [
        ("HardBounce", EventKind.bounced, True),
        ("BadEmailAddress", EventKind.bounced, True),
        ("SoftBounce", EventKind.bounced, False),
        ("Blocked", EventKind.bounced, False),
        ("DMARCPolicy", EventKind.bounced, False),
        ("SpamNotification", EventKind.bounced, False),
        ("VirusNotification", EventKind.bounced, False),
        ("Unknown", EventKind.bounced, False),
        ("SomethingNew", EventKind.bounced, False),
        ("Transient", EventKind.deferred, False),
        ("DnsError", EventKind.deferred, False),
        ("SpamComplaint", EventKind.complained, False),
        ("Unsubscribe", EventKind.unsubscribed, False),
        ("ManuallyDeactivated", EventKind.rejected, False),
        ("Unconfirmed", EventKind.rejected, False),
        ("AutoResponder", EventKind.unknown, False),
        ("AddressChange", EventKind.unknown, False),
        ("ChallengeVerification", EventKind.unknown, False),
        ("Subscribe", EventKind.unknown, False),
    ],
)
def test_each_type_of_bounce_has_ours(kind: str, ours: EventKind, permanent: bool):  # noqa: FBT001 - a table
    """Dead addresses are permanent; what a machine answered is no bounce."""
    event = read(bounce(kind, Description="The server said no", Details=""))
    assert (event.kind, event.permanent) == (ours, permanent)
    assert event.event_id == f"{ID}:{'SpamComplaint' if kind == 'SpamComplaint' else 'Bounce'}:42"
    assert (event.at, event.reason) == (HAPPENED, "The server said no")


@pytest.mark.parametrize(
    ("said", "ours", "permanent"),
    [
        ({"SuppressSending": True, "SuppressionReason": "ManualSuppression"}, EventKind.unsubscribed, False),
        ({"SuppressSending": True, "SuppressionReason": None}, EventKind.unsubscribed, False),
        ({"SuppressSending": True, "SuppressionReason": "HardBounce"}, EventKind.bounced, True),
        ({"SuppressSending": True, "SuppressionReason": "SpamComplaint"}, EventKind.complained, False),
        ({"SuppressSending": False, "SuppressionReason": None, "MessageID": None}, EventKind.unknown, False),
    ],
)
def test_each_change_of_subscription_has_ours(said: dict[str, Any], ours: EventKind, permanent: bool):  # noqa: FBT001
    """Unsubscribing, and the two other reasons for which Postmark stops; one that may be mailed again is kept."""
    event = read(happened("SubscriptionChange", Recipient="reader@example.org", ChangedAt=AT, **said))
    assert (event.kind, event.permanent, event.at) == (ours, permanent, HAPPENED)
    assert event.event_id.endswith(f":SubscriptionChange:{AT}")


def test_clicks_opens_and_complaints():
    """Each click and each open is an event of its own."""
    link = {"OriginalLink": "https://a.example/x", "ReceivedAt": AT}
    click, other = read(happened("Click", **link)), read(happened("Click", **{**link, "OriginalLink": "https://b"}))
    assert (click.kind, click.url, click.machine) == (EventKind.clicked, "https://a.example/x", False)
    assert click.event_id != other.event_id
    first, second = (read(happened("Open", ReceivedAt=at)) for at in (AT, AT.replace(":06.", ":07.")))
    assert first.kind is EventKind.opened
    assert first.event_id != second.event_id
    spam = read(happened("SpamComplaint", ID=42, Type="SpamComplaint", BouncedAt=AT, Email="reader@example.org"))
    assert (spam.kind, spam.event_id) == (EventKind.complained, f"{ID}:SpamComplaint:42")


def test_a_replay_has_the_same_id():
    """The same request twice is one event; different events are different."""
    assert read(bounce("HardBounce")).event_id == read(bounce("HardBounce", Details="again")).event_id
    assert read(bounce("HardBounce")).event_id != read(bounce("HardBounce", 43)).event_id
    assert read({"a": 1, "b": 2}).event_id == read({"b": 2, "a": 1}).event_id != read({"a": 1}).event_id


@pytest.mark.parametrize(
    "said",
    [{}, [1], {"RecordType": "Inbound", "From": "a@example.org"}, {"RecordType": 7, "MessageID": [], "Metadata": "x"},
     {"RecordType": "Brandnew", "MessageID": ID}],
)  # fmt: skip
def test_what_is_not_known_is_kept(said: object):
    """Unknown records, and what makes no sense: one unknown event at the time of the request."""
    event = read(said)
    assert (event.kind, event.at) == (EventKind.unknown, NOW)
    assert event.event_id
    assert event.raw == (said if isinstance(said, dict) else {"value": 1})


def test_times():
    """Z, an offset, none; what is no time is that of the request."""
    for text, at in (("2026-11-02T08:05:06Z", HAPPENED.replace(microsecond=0)), ("soon", NOW), (None, NOW)):
        assert read(happened("Delivery", DeliveredAt=text)).at == at
    assert read(happened("Open", ReceivedAt="2026-11-02T08:05:06")).at == HAPPENED.replace(microsecond=0)


def test_a_hundred_events_in_a_body():
    """Postmark sends one a request; a list is read all the same."""
    found = read_all([bounce("HardBounce", number) for number in range(1, 101)])
    assert len({one.event_id for one in found}) == 100


@pytest.mark.parametrize("body", [b'{"RecordType": "Deliv', b"a=1&b=2", b"", b"\xff\x00"])
def test_a_body_that_is_no_json_is_kept(body: bytes):
    """Cut off or no JSON, but with the password: one unknown event that holds it."""
    (event,) = hook().read(BASIC, body, NOW).events
    assert event.kind is EventKind.unknown
    assert "\0" not in event.raw["body"]


@pytest.mark.parametrize(
    "given",
    [
        "", "Basic", "Basic x", f"Bearer {BASIC['authorization'][6:]}", BASIC["authorization"][:-4],
        f"Basic {b64encode(b'postmark:').decode()}", f"Basic {b64encode(b'other:word').decode()}", "Basic \u00e9",
    ],
)  # fmt: skip
def test_who_does_not_know_the_password_is_refused(given: str):
    """Nothing, half of it, another scheme, other words."""
    with pytest.raises(Forged):
        hook().read({"authorization": given} if given else {}, json.dumps(bounce("HardBounce")).encode(), NOW)


def test_a_webhook_needs_its_password_and_no_confirmation():
    """A secret without a user or a password proves nothing."""
    for secret in (None, "", "user", "user:", ":word"):
        with pytest.raises(SettingsError, match="POSTMARK_WEBHOOK_SECRET"):
            hook(secret)
    with pytest.raises(ValueError, match="no confirmation"):
        hook().confirm("https://postmarkapp.com/x")


def bounces(count: int, *, apart: timedelta = timedelta(seconds=1)) -> list[dict[str, Any]]:
    """Return bounces as the list has them: newest first, without metadata."""
    listed = []
    for number in range(count):
        at = (HAPPENED - number * apart).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
        one = bounce("SpamComplaint" if number == 0 else "HardBounce", number + 1, BouncedAt=at)
        del one["Metadata"], one["RecordType"]
        listed.append(one)
    return listed


def test_pulled_bounces_are_those_of_the_webhooks():
    """Page after page, within the stretch; ids as in webhooks, a complaint's too."""
    api = PostmarkApi()
    api.bounces = bounces(1200)
    found = list(puller(api).pull(HAPPENED.replace(microsecond=0) - timedelta(seconds=1099), HAPPENED))
    assert len(found) == len({one.event_id for one in found}) == 1100
    assert found[0].event_id == f"{ID}:SpamComplaint:1"
    assert found[0].kind is EventKind.complained
    assert found[1].event_id == read(bounce("HardBounce", 2)).event_id
    assert (found[1].message_id, found[1].delivery_ref, found[1].permanent) == (ID, "", True)
    assert [one["offset"] for one in api.asked] == ["0", "500", "1000"]
    assert {(one["fromdate"], one["todate"]) for one in api.asked} == {("2026-11-02", "2026-11-03")}


def test_more_than_a_search_returns_is_asked_for_in_halves():
    """Nothing is left out where a day has too many."""
    api = PostmarkApi()
    api.most, api.bounces = 1000, bounces(2500, apart=timedelta(seconds=8))
    found = {one.event_id for one in _smaller(api).pull(HAPPENED - timedelta(hours=8), HAPPENED)}
    assert len(found) == 2500


def test_too_many_at_one_second_is_said():
    """Where no halving helps, it raises and does not leave out in silence."""
    api = PostmarkApi()
    api.most, api.bounces = 1000, bounces(1001, apart=timedelta(0))
    with pytest.raises(UnknownOutcome, match="over"):
        list(_smaller(api).pull(HAPPENED - timedelta(hours=8), HAPPENED))


def _smaller(api: PostmarkApi) -> PostmarkPuller:
    """Return a puller for which a search returns 1,000."""
    made = puller(api)
    made.most = 1000
    return made


@pytest.mark.parametrize("body", [[], {}, {"TotalCount": 1}, {"TotalCount": "1", "Bounces": []}])
def test_an_answer_that_is_no_list_is_not_the_end(body: object):
    """Nothing is taken for the end that is none."""
    with pytest.raises(UnknownOutcome):
        list(puller(lambda _: httpx.Response(200, json=body)).pull(HAPPENED, NOW))


def test_refusals_while_pulling():
    """As for sending."""
    with pytest.raises(StopIssue, match="POSTMARK_API_KEY"):
        list(puller(lambda _: httpx.Response(401)).pull(HAPPENED, NOW))
    with pytest.raises(NotTaken):
        list(puller(lambda _: httpx.Response(429)).pull(HAPPENED, NOW))
