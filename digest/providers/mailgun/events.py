"""What Mailgun tells: one event a request, with a proof inside its JSON.

Read in November 2026: documentation.mailgun.com/docs/mailgun/user-manual (webhooks/securing-webhooks,
events/event-types, events/event-structure, tracking-messages/open-click-bot-detect), help.mailgun.com (202236504: tries
again for 8 hours, except for deliveries), and the recorded bodies in django-anymail's tests. An event's id is "unique
within a day"; real ones are 22 random signs, so that it is ours, too. Webhooks and the list of events have the same.

The proof covers a time and a token, not the event: who has seen a request could write another one with its proof,
until that is too old. So webhooks want https. No page says whether a repetition is signed anew, and Mailgun asks not
to be strict with the time: a proof may be 9 hours old. The older webhooks, which are forms, are refused.
"""

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from hashlib import sha256
from typing import Any, Final

import orjson

from digest.accounts import Account
from digest.errors import SettingsError
from digest.providers.event import EventKind, Forged, ProviderEvent, Reading, part_of, text_of
from digest.providers.http import TimeOuts

OLDEST: Final = timedelta(hours=9)
AHEAD: Final = timedelta(minutes=5)  # by which two clocks may differ
_K = EventKind
# "stored" (of a mail that came in) has no word of ours: kept and counted.
_KINDS: Final[Mapping[str, EventKind]] = {
    "accepted": _K.taken,
    "delivered": _K.delivered,
    "rejected": _K.rejected,
    "complained": _K.complained,
    "unsubscribed": _K.unsubscribed,
    "clicked": _K.clicked,
    "opened": _K.opened,
}
# Why Mailgun gave up though the address may be alive: it tried for too long, or the mail was disliked.
_NOT_THE_ADDRESS: Final = frozenset(("old", "espblock", "greylisted"))
# The reader's own earlier word, for which Mailgun did not even try.
_NOT_TRIED: Final = frozenset(("suppress-complaint", "suppress-unsubscribe"))
_TEMPORARY_CODES: Final = range(400, 500)


class MailgunWebhook:
    """Reads the requests of one Mailgun account."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Reading:  # noqa: ARG002 - the port's
        """Return the event of a request. Raises Forged."""
        said = _object(body)
        at = self._proved(said.get("signature"), now)
        event = said.get("event-data")
        if not isinstance(event, dict):
            return Reading(events=(_senseless(said, body, at),))
        return Reading(events=(read_one(event, at),))

    def confirm(self, url: str) -> None:
        """Raise ValueError: Mailgun asks for no confirmation."""
        raise ValueError(f"Mailgun asks for no confirmation ({url}).")

    def _proved(self, proof: object, now: datetime) -> datetime:
        """Return when a request was signed. A subaccount's is signed by the main account as well."""
        given = proof if isinstance(proof, dict) else {}
        stamp, token = str(given.get("timestamp", "")), str(given.get("token", ""))
        mine = hmac.new(self._key, f"{stamp}{token}".encode(), sha256).hexdigest().encode()
        offered = [str(given.get(name, "")).encode() for name in ("signature", "parent-signature")]
        if not token or not any(hmac.compare_digest(mine, one) for one in offered):
            raise Forged("The signature is not Mailgun's, or MAILGUN_WEBHOOK_SECRET is not its webhook signing key.")
        # Nothing parts time and token in what is signed: only figures are a time, so that none can move between them.
        at = _instant(stamp) if stamp.isdecimal() else None
        if at is None or not now - OLDEST <= at <= now + AHEAD:
            raise Forged("The request is too old to be believed, or from the future.")
        return at


def webhook(account: Account, _times: TimeOuts, **_given: Any) -> MailgunWebhook:
    """Return the reader of an account's webhooks; its secret is the webhook signing key. Raises SettingsError."""
    if not account.secret("webhook_secret"):
        raise SettingsError(
            "Mailgun needs MAILGUN_WEBHOOK_SECRET (or webhook_secret, in its account): the HTTP webhook signing key,"
            " which is not the API key."
        )
    return MailgunWebhook(account.secret("webhook_secret").encode())


def read_one(said: dict[str, Any], otherwise: datetime) -> ProviderEvent:
    """Return an event as Mailgun writes it. ``otherwise``: its time, where it has none."""
    kind, mine = _kind(said), part_of(said, "user-variables")
    headers = part_of(part_of(said, "message"), "headers")
    return ProviderEvent(
        event_id=text_of(said, "id") or sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest(),
        kind=kind,
        at=_instant(said.get("timestamp")) or otherwise,
        delivery_ref=_merged(mine, "delivery"),
        batch_id=_merged(mine, "batch"),
        message_id=text_of(headers, "message-id").strip("<> "),
        address=text_of(said, "recipient") or parseaddr(text_of(headers, "to"))[1],
        permanent=kind is _K.bounced and _is_dead(said),
        reason=_reason(said),
        url=text_of(said, "url") if kind is _K.clicked else "",
        machine=bool(text_of(part_of(said, "client-info"), "bot")),
        raw=said,
    )


def _kind(said: dict[str, Any]) -> EventKind:
    word = text_of(said, "event")
    if word != "failed":
        return _KINDS.get(word, _K.unknown)
    if said.get("severity") == "temporary":
        return _K.deferred
    return _K.rejected if said.get("reason") in _NOT_TRIED else _K.bounced


def _is_dead(said: dict[str, Any]) -> bool:
    """Tell whether a permanent failure says that the address will never work."""
    status = part_of(said, "delivery-status")
    if text_of(status, "bounce-type"):
        return text_of(status, "bounce-type") == "hard"
    return said.get("reason") not in _NOT_THE_ADDRESS and status.get("code") not in _TEMPORARY_CODES


def _reason(said: dict[str, Any]) -> str:
    status = part_of(said, "delivery-status")
    found = (text_of(status, "message"), text_of(status, "description"), text_of(part_of(said, "reject"), "reason"))
    return next((text for text in found if text), text_of(said, "reason")).strip()


def _merged(mine: Mapping[str, Any], name: str) -> str:
    """Return a value of ours; nothing where Mailgun did not fill it in."""
    text = text_of(mine, name)
    return "" if text.startswith("%") else text


def _senseless(said: dict[str, Any], body: bytes, at: datetime) -> ProviderEvent:
    return ProviderEvent(event_id=sha256(body).hexdigest(), kind=_K.unknown, at=at, raw=said)


def _object(body: bytes) -> dict[str, Any]:
    """Return a request's JSON object. Raises Forged: without it there is no proof."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise Forged("The request is no JSON object, so that it proves nothing. Mailgun's older webhooks are forms.")
    return said


def _instant(given: object) -> datetime | None:
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        return None
    try:
        return datetime.fromtimestamp(float(given), UTC)
    except (OverflowError, ValueError, OSError):
        return None
