"""What SendGrid tells by its Event Webhook: many events a request, signed by ECDSA over timestamp and body.

Read in November 2026: the pages "Event Webhook Reference" and "Getting Started with the Event Webhook Security
Features" of www.twilio.com/docs/sendgrid, and github sendgrid/sendgrid-python (helpers/eventwebhook). Custom
arguments come back as fields of the event. SendGrid tries a request again for 24 hours; no page says whether it is
signed anew, so that the timestamp may be a day old. Others take five minutes (github symfony/symfony, pull request
65700); were a repetition not signed anew, that would lose all that was told while we were down. What a longer time lets
through is harmless: the same event is stored once, however often it comes, and a changed one is not signed.
"""

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from digest.accounts import Account
from digest.errors import SettingsError
from digest.providers.event import EventKind, Forged, ProviderEvent, Reading, kept, text_of
from digest.providers.http import TimeOuts

SIGNATURE: Final = "x-twilio-email-event-webhook-signature"
TIMESTAMP: Final = "x-twilio-email-event-webhook-timestamp"
OLDEST: Final = timedelta(hours=25)  # 24 hours of tries, and some
AHEAD: Final = timedelta(minutes=5)
_K = EventKind
_KINDS: Final[Mapping[str, EventKind]] = {
    "processed": _K.taken,
    "delivered": _K.delivered,
    "deferred": _K.deferred,
    "bounce": _K.bounced,
    "dropped": _K.rejected,
    "spamreport": _K.complained,
    "unsubscribe": _K.unsubscribed,
    "group_unsubscribe": _K.unsubscribed,
    "open": _K.opened,
    "click": _K.clicked,
}


class SendGridWebhook:
    """Reads the requests of one SendGrid account."""

    def __init__(self, key: EllipticCurvePublicKey) -> None:
        self._key = key

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Reading:
        """Return the events of a request. Raises Forged."""
        stamp = headers.get(TIMESTAMP, "")
        self._prove(headers.get(SIGNATURE, ""), stamp.encode() + body)
        at = _moment(stamp)
        if at is None or not now - OLDEST <= at <= now + AHEAD:
            raise Forged("The request is too old to be believed, or from the future.")
        try:
            said = orjson.loads(body)
        except orjson.JSONDecodeError:
            said = None
        if not isinstance(said, list):
            return Reading(events=(_senseless(body, at),))
        return Reading(events=tuple(_event(one if isinstance(one, dict) else {"value": one}, at) for one in said))

    def confirm(self, url: str) -> None:
        """Raise ValueError: SendGrid asks for no confirmation."""
        raise ValueError(f"SendGrid asks for no confirmation ({url}).")

    def _prove(self, signature: str, signed: bytes) -> None:
        try:
            self._key.verify(b64decode(signature, validate=True), signed, ECDSA(SHA256()))
        except (InvalidSignature, NotBase64, ValueError) as error:
            raise Forged("The signature is not SendGrid's.") from error


def webhook(account: Account, times: TimeOuts) -> SendGridWebhook:  # noqa: ARG001 - nothing is called
    """Return the reader for an account whose webhook_secret is the verification key. Raises SettingsError."""
    try:
        key = load_der_public_key(b64decode(account.secret("webhook_secret"), validate=True))
    except (NotBase64, ValueError) as error:
        raise SettingsError(
            "SENDGRID_WEBHOOK_SECRET is no verification key. Copy it from Settings, Mail Settings, Event Webhook."
        ) from error
    if not isinstance(key, EllipticCurvePublicKey):
        raise SettingsError("SENDGRID_WEBHOOK_SECRET is a key of another kind; SendGrid's is an elliptic curve key.")
    return SendGridWebhook(key)


def _event(said: Mapping[str, Any], received: datetime) -> ProviderEvent:
    word, kind = str(said.get("event", "")), _KINDS.get(str(said.get("event", "")), _K.unknown)
    return ProviderEvent(
        event_id=text_of(said, "sg_event_id") or _own_id(said),
        kind=kind,
        at=_moment(said.get("timestamp")) or received,
        delivery_ref=text_of(said, "delivery"),
        batch_id=text_of(said, "batch"),
        message_id=text_of(said, "sg_message_id"),
        address=text_of(said, "email"),
        # A "blocked" bounce speaks of the mail or of us; "bounce" of the address.
        permanent=word == "bounce" and text_of(said, "type") != "blocked",
        reason=" ".join(part for part in (text_of(said, "reason"), text_of(said, "response")) if part)[:500],
        url=text_of(said, "url"),
        machine=said.get("sg_machine_open") is True,
        raw=said,
    )


def _own_id(said: Mapping[str, Any]) -> str:
    """Return an id for an event that has none: made of its plain fields, since no more can be written down again."""
    plain = {name: value for name, value in said.items() if isinstance(value, str | int | float)}
    return _hash(orjson.dumps(plain or sorted(said), option=orjson.OPT_SORT_KEYS))


def _senseless(body: bytes, at: datetime) -> ProviderEvent:
    return ProviderEvent(event_id=_hash(body), kind=_K.unknown, at=at, raw=kept(body))


def _moment(value: object) -> datetime | None:
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) < 12):  # noqa: PLR2004 - more is no second of our era
        return None
    return datetime.fromtimestamp(int(text), UTC)


def _hash(raw: bytes) -> str:
    return sha256(raw).hexdigest()
