"""What Resend tells by its webhooks: signed by Svix, one event a request.

Read in November 2026: resend.com/docs/webhooks (event types, verify), resend-python resend/webhooks/_webhook_event.py,
docs.svix.com/receiving/verifying-payloads/how-manual, and the recorded bodies in django-anymail's tests. Tags come back
in ``data.tags`` as an object of name and value. Resend has no list of events: GET /emails gives the last event of
each mail without its time or tags, so there is nothing to pull. It does not say what a machine did.
"""

import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Any, Final

import orjson

from digest.accounts import Account
from digest.errors import SettingsError
from digest.providers.event import EventKind, Forged, ProviderEvent, Reading, kept, part_of, text_of
from digest.providers.http import TimeOuts
from digest.providers.resend.tags import decoded

TOLERANCE: Final = timedelta(minutes=5)  # either way; Svix' own libraries take the same
_STAMP: Final = re.compile(r"[0-9]{1,11}")
_K = EventKind
# email.scheduled, and events of contacts and domains: no word of ours, kept and counted.
_KINDS: Final[Mapping[str, EventKind]] = {
    "email.sent": _K.taken,
    "email.delivered": _K.delivered,
    "email.delivery_delayed": _K.deferred,
    "email.bounced": _K.bounced,
    "email.failed": _K.rejected,
    "email.suppressed": _K.rejected,  # on Resend's own list: never handed to the reader's server
    "email.complained": _K.complained,
    "email.opened": _K.opened,
    "email.clicked": _K.clicked,
}


class ResendWebhook:
    """Reads the requests of one Resend account."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Reading:
        """Return the event of a request. Raises Forged.

        Svix sends the same id again when it repeats a request, so that it is the event's id; a list, which Resend does
        not send today, has a number after it.
        """
        event_id, at = self._proved(headers, body, now)
        try:
            said = orjson.loads(body)
        except orjson.JSONDecodeError:
            return Reading(events=(_senseless(event_id, at, body),))
        if isinstance(said, dict):
            return Reading(events=(_event(event_id, at, said),))
        if not isinstance(said, list):
            return Reading(events=(_senseless(event_id, at, body),))
        return Reading(
            events=tuple(
                _event(f"{event_id}.{number}", at, one if isinstance(one, dict) else {"value": one})
                for number, one in enumerate(said)
            )
        )

    def confirm(self, url: str) -> None:
        """Do nothing: Resend asks for no confirmation."""

    def _proved(self, headers: Mapping[str, str], body: bytes, now: datetime) -> tuple[str, datetime]:
        """Return the id and the time that a request was signed with. Raises Forged."""
        event_id, stamp = headers.get("svix-id", ""), headers.get("svix-timestamp", "")
        if not event_id or not _STAMP.fullmatch(stamp):
            raise Forged("This request has no svix-id and svix-timestamp: Resend's webhooks have both.")
        signed = f"{event_id}.{stamp}.".encode() + body
        expected = b64encode(hmac.digest(self._secret, signed, "sha256"))
        if not any(hmac.compare_digest(expected, one) for one in _signatures(headers)):
            raise Forged("The svix-signature does not fit. Check RESEND_WEBHOOK_SECRET: it is the endpoint's own.")
        at = datetime.fromtimestamp(int(stamp), UTC)
        if abs(now - at) > TOLERANCE:
            raise Forged(f"This request was signed at {at.isoformat()}, over 5 minutes from now. Check this clock.")
        return event_id, at


def webhook(account: Account, _times: TimeOuts, **_given: Any) -> ResendWebhook:
    """Return the reader of an account's webhooks. Raises SettingsError."""
    text = account.secret("webhook_secret")
    try:
        secret = b64decode(text.removeprefix("whsec_"), validate=True)
    except (NotBase64, ValueError):
        secret = b""
    if not secret:
        raise SettingsError(
            "Resend needs RESEND_WEBHOOK_SECRET (or webhook_secret, in its account): the endpoint's signing secret,"
            " whsec_..., from resend.com/webhooks."
        )
    return ResendWebhook(secret)


def _signatures(headers: Mapping[str, str]) -> list[bytes]:
    """Return the signatures of version 1; there are several while a secret is being changed."""
    listed = headers.get("svix-signature", "").split(" ")
    return [one.removeprefix("v1,").encode() for one in listed if one.startswith("v1,")]


def _senseless(event_id: str, at: datetime, body: bytes) -> ProviderEvent:
    return ProviderEvent(event_id=event_id, kind=_K.unknown, at=at, reason="no JSON object", raw=kept(body))


def _event(event_id: str, signed_at: datetime, said: dict[str, Any]) -> ProviderEvent:
    data = part_of(said, "data")
    kind = _KINDS.get(text_of(said, "type"), _K.unknown)
    tags = _tags(data.get("tags"))
    return ProviderEvent(
        event_id=event_id,
        kind=kind,
        at=_moment(text_of(said, "created_at")) or signed_at,
        delivery_ref=decoded(tags.get("delivery", "")),
        batch_id=tags.get("batch", ""),
        message_id=text_of(data, "email_id"),
        address=_address(data.get("to")),
        permanent=kind is _K.bounced and text_of(part_of(data, "bounce"), "type") == "Permanent",
        reason=_reason(data),
        url=text_of(part_of(data, "click"), "link"),
        raw=said,
    )


def _tags(given: object) -> dict[str, str]:
    """Return name -> value; webhooks give an object, requests a list of both."""
    if isinstance(given, list):
        pairs = [(one.get("name"), one.get("value")) for one in given if isinstance(one, dict)]
    else:
        pairs = list(given.items()) if isinstance(given, dict) else []
    return {str(name): value for name, value in pairs if isinstance(value, str)}


def _reason(data: Mapping[str, Any]) -> str:
    """Return the words of whichever part there is, as "Permanent: General: the mailbox does not exist"."""
    parts = [part_of(data, name) for name in ("bounce", "failed", "suppressed")]
    words = [text_of(part, name) for part in parts for name in ("type", "subType", "reason", "message")]
    return ": ".join(filter(None, words))


def _address(given: object) -> str:
    """Return the first recipient's address; our mails have one."""
    first = given[0] if isinstance(given, list) and given else given
    return parseaddr(first)[1] if isinstance(first, str) else ""


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
