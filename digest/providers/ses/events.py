"""Amazon SES, events: what it publishes through SNS, by a configuration set or as the notifications of an identity.

Fields: "Contents of event data that Amazon SES publishes to Amazon SNS" with its examples, and "Amazon SNS notification
contents", both of docs.aws.amazon.com/ses/latest/dg, read in November 2026. Only a configuration set publishes tags:
without one, events name their mail by SES's message id. SES cannot be asked for events, so there is no puller.
"""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parseaddr
from typing import Any, Final

import orjson

from digest.accounts import Account
from digest.errors import SettingsError
from digest.providers.event import EventKind, Forged, ProviderEvent, Reading
from digest.providers.http import Caller, TimeOuts
from digest.providers.ses import tags
from digest.providers.ses.sns import Message, Proof, instant, is_address_of_sns
from digest.sending.provider import ProviderError

REASON_LENGTH: Final = 500
_K = EventKind
# eventType or notificationType -> our kind, the object that tells more, and where in it the readers stand.
_KINDS: Final[Mapping[str, tuple[EventKind, str, str]]] = {
    "Delivery": (_K.delivered, "delivery", "recipients"),
    "DeliveryDelay": (_K.deferred, "deliveryDelay", "delayedRecipients"),
    "Bounce": (_K.bounced, "bounce", "bouncedRecipients"),
    "Complaint": (_K.complained, "complaint", "complainedRecipients"),
    "Reject": (_K.rejected, "reject", ""),  # a virus was found after the mail was taken
    "Rendering Failure": (_K.rejected, "failure", ""),  # the template failed after the mail was taken
    "Subscription": (_K.unsubscribed, "subscription", ""),
    "Click": (_K.clicked, "click", ""),
    "Open": (_K.opened, "open", ""),
    "Send": (_K.taken, "send", ""),
}
_REASONS: Final = ("smtpResponse", "complaintFeedbackType", "complaintSubType", "reason", "errorMessage", "delayType")


class SesWebhook:
    """Reads what SNS posts for one topic."""

    def __init__(self, caller: Caller, topic: str) -> None:
        self._caller = caller
        self._proof = Proof(caller, topic)

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Reading:  # noqa: ARG002 - all is signed in the body
        """Return what a request holds.

        Raises Forged; ProviderError when SNS's certificate cannot be fetched now: answer 503, and SNS comes again.
        """
        message = self._proof.check(body, now)
        if message["Type"] == "SubscriptionConfirmation":
            return Reading(confirm=self._to_confirm(message))
        return Reading(events=_events(message, now))

    @staticmethod
    def _to_confirm(message: Message) -> str:
        url = message.get("SubscribeURL", "")
        if not is_address_of_sns(url):
            raise Forged(f"The address that confirms this subscription is not one of SNS: {url[:200]!r}.")
        return url

    def confirm(self, url: str) -> None:
        """Confirm the subscription. Raises ProviderError."""
        if not is_address_of_sns(url):
            raise ProviderError(f"This is no address of SNS, so it was not fetched: {url[:200]!r}.")
        answer = self._caller.get(url)
        if answer.status_code != 200:  # noqa: PLR2004
            raise ProviderError(
                f"SNS answered {answer.status_code} when the subscription was confirmed. "
                "Ask for a new confirmation in the SNS console (Request confirmation)."
            )


def webhook(account: Account, times: TimeOuts, **given: Any) -> SesWebhook:
    """Return the reader of an account's events. ``given`` (a transport) is for tests. Raises SettingsError."""
    topic = account.secret("webhook_secret")
    if not topic.startswith("arn:"):
        raise SettingsError(
            "The events of SES need the ARN of your SNS topic (arn:aws:sns:...) in DIGEST_SES_WEBHOOK_SECRET, or "
            "webhook_secret of its account: any AWS account can send messages that SNS signs."
        )
    return SesWebhook(Caller("", {}, times, **given), topic)


def _events(message: Message, now: datetime) -> tuple[ProviderEvent, ...]:
    """Return an event for each reader of a message; one that makes no sense is one event of kind ``unknown``."""
    at = instant(message.get("Timestamp"), now)
    event_id = message.get("MessageId", "")
    told = _json(message.get("Message", ""))
    name = str(told.get("eventType") or told.get("notificationType") or "")
    if message["Type"] != "Notification" or name not in _KINDS:
        shown = {key: message[key] for key in ("Type", "TopicArn", "Message") if key in message}
        reason = f"{message['Type']}: {name or message.get('Message', '')}"[:REASON_LENGTH]
        return (ProviderEvent(event_id=event_id, kind=_K.unknown, at=at, reason=reason, raw=told or shown),)
    mail, (kind, part, place) = _object(told.get("mail")), _KINDS[name]
    more = _object(told.get(part))
    people = _list(more.get(place)) or _list(mail.get("destination")) or [""]
    when = instant(more.get("timestamp"), instant(mail.get("timestamp"), at))
    return tuple(
        ProviderEvent(
            event_id=f"{event_id}:{index}" if len(people) > 1 else event_id,
            kind=_kind(kind, more),
            at=when,
            delivery_ref=_tag(mail, "delivery"),
            batch_id=_tag(mail, "batch"),
            message_id=str(mail.get("messageId") or ""),
            address=_address(person),
            permanent=more.get("bounceType") == "Permanent",
            reason=_reason(person, more),
            url=str(more.get("link") or "") if kind is _K.clicked else "",
            raw=told,
        )
        for index, person in enumerate(people)
    )


def _kind(kind: EventKind, more: Mapping[str, Any]) -> EventKind:
    """Return the kind of an event that says more: "not spam" is no complaint, a new choice no farewell."""
    if kind is _K.complained and more.get("complaintFeedbackType") == "not-spam":
        return _K.unknown
    if kind is _K.unsubscribed:
        wishes = _object(more.get("newTopicPreferences"))
        topics = _list(wishes.get("topicSubscriptionStatus")) + _list(wishes.get("topicSubscriptionStatuses"))
        left = any(_object(one).get("subscriptionStatus") == "OptOut" for one in topics)
        return kind if wishes.get("unsubscribeAll") is True or left else _K.unknown
    return kind


def _reason(person: Any, more: Mapping[str, Any]) -> str:
    """Return why: the receiving server's words, else SES's own class of it."""
    said = _object(person).get("diagnosticCode") or next((more[key] for key in _REASONS if more.get(key)), "")
    if not said and more.get("bounceType"):
        said = f"{more['bounceType']} {more.get('bounceSubType') or ''}"
    return str(said).strip()[:REASON_LENGTH]


def _address(person: Any) -> str:
    text = person if isinstance(person, str) else str(_object(person).get("emailAddress") or "")
    return parseaddr(text)[1] or text


def _tag(mail: Mapping[str, Any], name: str) -> str:
    values = _list(_object(mail.get("tags")).get(name))
    return tags.decoded(str(values[0])) if values else ""


def _json(text: str) -> Mapping[str, Any]:
    try:
        return _object(orjson.loads(text))
    except orjson.JSONDecodeError:
        return {}


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
