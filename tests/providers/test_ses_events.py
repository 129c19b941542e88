"""Amazon SES, events: each says what happened to whom, and what makes no sense is kept."""

from datetime import UTC, datetime
from typing import Any

import pytest

from digest.providers.event import EventKind, ProviderEvent
from digest.providers.ses import tags
from tests.providers.sns_api import MAIL, MESSAGE_ID, Sns, notification, signed


def events_of(event: Any, **given: Any) -> tuple[ProviderEvent, ...]:
    """Return the events of a signed notification."""
    return Sns().read(signed(notification(event, **given))).events


def event_of(kind: str, part: str = "", **more: Any) -> ProviderEvent:
    """Return the one event of a publishing record."""
    (event,) = events_of({"eventType": kind, "mail": MAIL} | ({part: more} if part else {}))
    return event


def test_a_delivery():
    """To whom, when, of which delivery, with the server's words and SES's own record."""
    event = event_of("Delivery", "delivery", timestamp="2026-11-24T05:51:00.500Z", processingTimeMillis=546,
                     recipients=["reader-7@example.org"], smtpResponse="250 2.6.0 Message received")  # fmt: skip
    assert event.kind is EventKind.delivered
    assert event.at == datetime(2026, 11, 24, 5, 51, 0, 500_000, tzinfo=UTC)
    assert (event.delivery_ref, event.batch_id, event.message_id) == ("12.345", "b-1", "0102018-9")
    assert (event.address, event.reason) == ("reader-7@example.org", "250 2.6.0 Message received")
    assert event.raw["delivery"]["processingTimeMillis"] == 546


@pytest.mark.parametrize(("kind", "permanent"), [("Permanent", True), ("Transient", False), ("Undetermined", False)])
def test_a_bounce(kind: str, permanent: bool):  # noqa: FBT001
    """Only a permanent one means that the address is dead."""
    people = [{"emailAddress": "reader-7@example.org", "action": "failed", "status": "5.1.1",
               "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]  # fmt: skip
    event = event_of("Bounce", "bounce", bounceType=kind, bounceSubType="General", bouncedRecipients=people)
    assert (event.kind, event.permanent, event.reason) == (EventKind.bounced, permanent, "smtp; 550 5.1.1 user unknown")


def test_a_bounce_without_the_servers_words_says_its_class():
    """A suppressed address has no diagnosis."""
    people = [{"emailAddress": "Reader <reader-7@example.org>"}]
    event = event_of("Bounce", "bounce", bounceType="Permanent", bounceSubType="Suppressed", bouncedRecipients=people)
    assert (event.reason, event.address) == ("Permanent Suppressed", "reader-7@example.org")


def test_a_complaint_and_its_withdrawal():
    """Spam is a complaint; "not spam" is not."""
    people = [{"emailAddress": "reader-7@example.org"}]
    event = event_of("Complaint", "complaint", complainedRecipients=people, complaintFeedbackType="abuse",
                     timestamp="2026-11-24T05:55:00.000Z", userAgent="AnyCompany")  # fmt: skip
    assert (event.kind, event.reason) == (EventKind.complained, "abuse")
    event = event_of("Complaint", "complaint", complainedRecipients=people, complaintFeedbackType="not-spam")
    assert event.kind is EventKind.unknown


def test_a_delay():
    """SES goes on trying."""
    people = [{"emailAddress": "reader-7@example.org", "status": "4.4.1", "diagnosticCode": "smtp; 421 4.4.1"}]
    event = event_of("DeliveryDelay", "deliveryDelay", delayType="TransientCommunicationFailure",
                     delayedRecipients=people, expirationTime="2026-11-24T16:45:30.422Z")  # fmt: skip
    assert (event.kind, event.reason) == (EventKind.deferred, "smtp; 421 4.4.1")
    event = event_of("DeliveryDelay", "deliveryDelay", delayType="MailboxFull", delayedRecipients=[])
    assert (event.reason, event.address) == ("MailboxFull", "reader-7@example.org")


def test_what_was_taken_and_refused_afterwards():
    """A virus, or a template that failed: never handed to the reader's server. The time is that of the mail."""
    event = event_of("Reject", "reject", reason="Bad content")
    assert (event.kind, event.reason, event.address) == (EventKind.rejected, "Bad content", "reader-7@example.org")
    assert event.at == datetime(2026, 11, 24, 5, 50, 0, 12_000, tzinfo=UTC)
    event = event_of("Rendering Failure", "failure", errorMessage="Attribute 'x' is not present.", templateName="t")
    assert (event.kind, event.reason) == (EventKind.rejected, "Attribute 'x' is not present.")


def test_clicks_opens_and_sends():
    """A click has its link; "Send" says that SES took it, no more."""
    event = event_of("Click", "click", link="https://example.org/a?b=1", ipAddress="192.0.2.1", userAgent="x")
    assert (event.kind, event.url) == (EventKind.clicked, "https://example.org/a?b=1")
    event = event_of("Open", "open", ipAddress="192.0.2.1", timestamp="2026-11-24T05:58:00Z")
    assert (event.kind, event.url) == (EventKind.opened, "")
    assert event_of("Send", "send").kind is EventKind.taken


@pytest.mark.parametrize(
    ("wishes", "kind"),
    [({"unsubscribeAll": True}, EventKind.unsubscribed), ({"unsubscribeAll": False}, EventKind.unknown),
     ({"topicSubscriptionStatus": [{"topicName": "a", "subscriptionStatus": "OptOut"}]}, EventKind.unsubscribed),
     ({"topicSubscriptionStatus": [{"topicName": "a", "subscriptionStatus": "OptIn"}]}, EventKind.unknown)],
)  # fmt: skip
def test_wishes_of_ses_own_lists(wishes: dict[str, Any], kind: EventKind):
    """A farewell unsubscribes; another choice is kept."""
    event = event_of("Subscription", "subscription", contactList="c", source="x", newTopicPreferences=wishes)
    assert event.kind is kind


def test_a_classic_notification():
    """Without a configuration set there are no tags: the mail is named by SES's message id."""
    mail = {key: value for key, value in MAIL.items() if key != "tags"}
    (event,) = events_of({"notificationType": "Bounce", "mail": mail, "bounce": {"bounceType": "Permanent"}})
    assert (event.kind, event.permanent) == (EventKind.bounced, True)
    assert (event.delivery_ref, event.batch_id, event.message_id) == ("", "", "0102018-9")


def test_a_message_about_a_hundred_readers():
    """One event for each, with an id of its own, in their order."""
    people = [{"emailAddress": f"l\u00e4ser-{n}@example.org"} for n in range(100)]
    events = events_of({"eventType": "Bounce", "mail": MAIL, "bounce": {"bouncedRecipients": people}})
    assert [one.address for one in events] == [one["emailAddress"] for one in people]
    assert len({one.event_id for one in events}) == 100
    assert events[7].event_id == f"{MESSAGE_ID}:7"


def test_letters_of_any_language_are_signed_and_kept():
    """Non-ASCII text, in the event and in a tag."""
    mail = MAIL | {"tags": {"delivery": [tags.encoded("direct.\u00e9")]}}
    (event,) = events_of(
        {"eventType": "Reject", "mail": mail, "reject": {"reason": "Nachricht f\u00fcr \u00c5sa \U0001f600"}}
    )
    assert (event.reason, event.delivery_ref) == ("Nachricht f\u00fcr \u00c5sa \U0001f600", "direct.\u00e9")


@pytest.mark.parametrize(
    "told",
    ["Successfully validated SNS topic for Amazon SES event publishing.", "[]", "3", '{"eventType": "Bou', "{}",
     {"eventType": "Teleport", "mail": MAIL}, {"eventType": ["Bounce"]}, {"eventType": None, "x": 1}, ""],
)  # fmt: skip
def test_what_makes_no_sense_is_kept_as_unknown(told: Any):
    """Signed, but new to us: one event, so that nothing is lost."""
    (event,) = events_of(told)
    assert (event.kind, event.event_id) == (EventKind.unknown, MESSAGE_ID)
    assert event.raw
    assert event.at == datetime(2026, 11, 24, 5, 59, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "told", [{"eventType": "Bounce"}, {"eventType": "Bounce", "mail": 3, "bounce": "x"},
             {"eventType": "Delivery", "mail": {"tags": [], "destination": {}, "timestamp": 7}, "delivery": []},
             {"eventType": "Complaint", "mail": {"tags": {"delivery": "x"}},
              "complaint": {"complainedRecipients": [3]}},
             {"eventType": "Subscription", "subscription": {"newTopicPreferences": {"topicSubscriptionStatus": [1]}}}]
)  # fmt: skip
def test_an_event_with_strange_fields_is_still_one_event(told: dict[str, Any]):
    """No shape of a signed body is an error."""
    (event,) = events_of(told)
    assert event.event_id == MESSAGE_ID
    assert event.at.tzinfo is UTC
