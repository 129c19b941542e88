"""What Postmark tells: one event a request, which proves itself by a user name and a password only.

Read in November 2026: postmarkapp.com/developer/webhooks (delivery, bounce, spam-complaint, subscription-change, open,
click; overview: basic authentication), /developer/api/bounce-api (types of bounces), and django-anymail's webhooks.
There is no time in the proof, so that an old request cannot be told from a late one. No event is marked as a machine's.

Ids: only bounces and complaints have one. A mail is delivered once; what may happen again is named by its time, too.
A hard bounce is told as Bounce and, where both are chosen, as SubscriptionChange: two events that say the same.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import orjson

from digest.accounts import Account
from digest.errors import SettingsError
from digest.providers.event import EventKind, Forged, ProviderEvent, Reading, kept, text_of
from digest.providers.http import TimeOuts

_K = EventKind
# Types of bounces that are no soft bounce. An answer by a machine is no bounce: kept and counted.
_TYPES: Final[Mapping[str, EventKind]] = {
    "Transient": _K.deferred, "DnsError": _K.deferred,
    "SpamComplaint": _K.complained,
    "Unsubscribe": _K.unsubscribed, "ManualSuppression": _K.unsubscribed,
    "ManuallyDeactivated": _K.rejected, "Unconfirmed": _K.rejected, "SMTPApiError": _K.rejected,
    "TemplateRenderingFailed": _K.rejected,
    "Subscribe": _K.unknown, "AutoResponder": _K.unknown, "AddressChange": _K.unknown,
    "ChallengeVerification": _K.unknown, "OpenRelayTest": _K.unknown, "InboundError": _K.unknown,
}  # fmt: skip
_DEAD: Final = frozenset(("HardBounce", "BadEmailAddress"))
_RECORDS: Final[Mapping[str, EventKind]] = {
    "Delivery": _K.delivered,
    "SpamComplaint": _K.complained,
    "Open": _K.opened,
    "Click": _K.clicked,
}
_TIMES: Final = ("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt")


class PostmarkWebhook:
    """Reads the requests of one Postmark server."""

    def __init__(self, credentials: bytes) -> None:
        """``credentials``: "user:password" in base64."""
        self._credentials = credentials

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Reading:
        """Return the events of a request. Raises Forged."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        fits = hmac.compare_digest(self._credentials, given.strip().encode())
        if not fits or scheme.lower() != "basic":
            raise Forged("This request does not carry the user name and password of POSTMARK_WEBHOOK_SECRET.")
        try:
            said = orjson.loads(body)
        except orjson.JSONDecodeError:
            said = kept(body)
        listed = said if isinstance(said, list) else [said]
        return Reading(events=tuple(read_one(one if isinstance(one, dict) else {"value": one}, now) for one in listed))

    def confirm(self, url: str) -> None:
        """Raise ValueError: Postmark asks for no confirmation."""
        raise ValueError(f"Postmark asks for no confirmation ({url}).")


def webhook(account: Account, _times: TimeOuts, **_given: Any) -> PostmarkWebhook:
    """Return the reader of a server's webhooks. Its secret is "user:password". Raises SettingsError."""
    user, _, password = account.secret("webhook_secret").partition(":")
    if not user or not password:
        raise SettingsError(
            'Postmark needs POSTMARK_WEBHOOK_SECRET (or webhook_secret, in its account): "user:password", as the'
            " webhook was given them."
        )
    return PostmarkWebhook(b64encode(f"{user}:{password}".encode()))


def read_one(said: dict[str, Any], otherwise: datetime) -> ProviderEvent:
    """Return an event as a webhook or the list of bounces writes it. ``otherwise``: its time, where it has none."""
    record = _record(said)
    why = text_of(said, "Type") or text_of(said, "SuppressionReason")
    kind = _kind(said, record, why)
    mine = said.get("Metadata")
    metadata = mine if isinstance(mine, dict) else {}
    return ProviderEvent(
        event_id=_name(said, record),
        kind=kind,
        at=_moment(said) or otherwise,
        delivery_ref=text_of(metadata, "delivery"),
        batch_id=text_of(metadata, "batch"),
        message_id=text_of(said, "MessageID"),
        address=text_of(said, "Email") or text_of(said, "Recipient"),
        permanent=kind is _K.bounced and why in _DEAD,
        reason=(text_of(said, "Details") or text_of(said, "Description") or why).strip(),
        url=text_of(said, "OriginalLink") if kind is _K.clicked else "",
        raw=said,
    )


def _record(said: dict[str, Any]) -> str:
    """Return what an event is. A complaint is one in the list of bounces, too, whatever that calls it."""
    if text_of(said, "Type") == "SpamComplaint":
        return "SpamComplaint"
    return text_of(said, "RecordType") or ("Bounce" if "BouncedAt" in said else "")


def _kind(said: dict[str, Any], record: str, why: str) -> EventKind:
    if record == "SubscriptionChange" and said.get("SuppressSending") is not True:
        return _K.unknown  # an address that may be mailed again
    if record == "SubscriptionChange" and not why:
        return _K.unsubscribed
    if record in ("Bounce", "SubscriptionChange"):
        return _TYPES.get(why, _K.bounced)
    return _RECORDS.get(record, _K.unknown)


def _name(said: dict[str, Any], record: str) -> str:
    """Return an event's id: the same however often, and by whichever way, it is told."""
    message = text_of(said, "MessageID") or text_of(said, "Recipient")
    own = {
        "Bounce": str(said.get("ID") or ""),
        "SpamComplaint": str(said.get("ID") or ""),
        "Delivery": "once",
        "SubscriptionChange": text_of(said, "ChangedAt"),
        "Open": text_of(said, "ReceivedAt"),
        "Click": f"{text_of(said, 'ReceivedAt')}:{sha256(text_of(said, 'OriginalLink').encode()).hexdigest()[:16]}",
    }.get(record, "")
    if not message or not own:
        return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f"{message}:{record}" if own == "once" else f"{message}:{record}:{own}"


def _moment(said: dict[str, Any]) -> datetime | None:
    for name in _TIMES:
        try:
            at = datetime.fromisoformat(text_of(said, name))
        except ValueError:
            continue
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return None
