"""What Brevo tells: one event, or a list of up to 500, in a webhook that proves itself by a password or a token.

Read in November 2026: developers.brevo.com/docs (transactional-webhooks, batch-webhooks, secured-webhooks),
/reference/get-email-event-report, and the recorded bodies in django-anymail's tests. The header X-Mailin-custom comes
back as it was sent: our metadata. There is no time in the proof, so that an old request cannot be told from a late one.

Brevo gives events no id. What happens once to a mail is named by the message and the event; what may happen again also
by its second. Webhooks and the list of events have different words for the same: both are given one name.
Times: the page says UTC for ``ts_event`` (seconds, of the event) and ``ts_epoch`` (milliseconds); recorded bodies had
``ts_event`` in the account's own zone. The later of both that is not in the future is the event's.
"""

import hmac
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import orjson

from digest.accounts import Account
from digest.errors import SettingsError
from digest.providers.brevo.sending import DELIVERY_TAG
from digest.providers.event import EventKind, Forged, ProviderEvent, Reading, kept, text_of
from digest.providers.http import TimeOuts

CLOCKS: Final = timedelta(minutes=5)  # by which two clocks may differ
_MILLISECONDS: Final = 100_000_000_000  # a number of seconds above it lies in the year 5138
_K = EventKind


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What one of Brevo's words means."""

    kind: EventKind
    name: str  # the same for a webhook and for the list of events
    again: bool = False  # may happen again to the same mail
    permanent: bool = False
    machine: bool = False


_DEFERRED = _Meaning(_K.deferred, "deferred", again=True)
_HARD = _Meaning(_K.bounced, "hard_bounce", permanent=True)
_SOFT = _Meaning(_K.bounced, "soft_bounce", again=True)
_INVALID = _Meaning(_K.bounced, "invalid_email", permanent=True)
_SPAM = _Meaning(_K.complained, "spam")
_UNSUBSCRIBED = _Meaning(_K.unsubscribed, "unsubscribed")
_TAKEN = _Meaning(_K.taken, "request")
_CLICK = _Meaning(_K.clicked, "click", again=True)
_OPENED = _Meaning(_K.opened, "opened", again=True)
_FIRST_OPENED = _Meaning(_K.opened, "unique_opened")
_PROXY = _Meaning(_K.opened, "proxy_open", again=True, machine=True)
_FIRST_PROXY = _Meaning(_K.opened, "unique_proxy_open", machine=True)
_MEANINGS: Final[Mapping[str, _Meaning]] = {
    "request": _TAKEN, "requests": _TAKEN, "sent": _TAKEN,
    "delivered": _Meaning(_K.delivered, "delivered"),
    "deferred": _DEFERRED,
    "hard_bounce": _HARD, "hardBounces": _HARD,
    "soft_bounce": _SOFT, "softBounces": _SOFT,
    "bounces": _Meaning(_K.bounced, "bounces", again=True),
    "invalid_email": _INVALID, "invalid": _INVALID,
    "blocked": _Meaning(_K.rejected, "blocked"),
    "error": _Meaning(_K.rejected, "error"),
    "spam": _SPAM, "complaint": _SPAM,
    "unsubscribed": _UNSUBSCRIBED, "unsubscribe": _UNSUBSCRIBED,
    "click": _CLICK, "clicks": _CLICK,
    "opened": _OPENED,
    "unique_opened": _FIRST_OPENED,
    "proxy_open": _PROXY, "loadedByProxy": _PROXY,
    "unique_proxy_open": _FIRST_PROXY, "unique_proxy_opened": _FIRST_PROXY,
}  # fmt: skip


class BrevoWebhook:
    """Reads the requests of one Brevo account."""

    def __init__(self, authorization: tuple[str, bytes]) -> None:
        """Take the scheme, in lower case, and what must stand after it."""
        self._scheme, self._credentials = authorization

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Reading:
        """Return the events of a request. Raises Forged."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        fits = hmac.compare_digest(self._credentials, given.strip().encode())
        if not fits or scheme.lower() != self._scheme:
            raise Forged("This request does not carry the password or token of BREVO_WEBHOOK_SECRET.")
        try:
            said = orjson.loads(body)
        except orjson.JSONDecodeError:
            said = kept(body)
        return Reading(events=tuple(read_all(said if isinstance(said, list) else [said], now, now)))

    def confirm(self, url: str) -> None:
        """Do nothing: Brevo asks for no confirmation."""


def webhook(account: Account, _times: TimeOuts, **_given: Any) -> BrevoWebhook:
    """Return the reader of an account's webhooks. Its secret is "user:password", or a token. Raises SettingsError."""
    secret = account.secret("webhook_secret")
    if not secret:
        raise SettingsError(
            'Brevo needs BREVO_WEBHOOK_SECRET (or webhook_secret, in its account): "user:password" as in the'
            " webhook's address, or the token it was made with."
        )
    if ":" in secret:
        return BrevoWebhook(("basic", b64encode(secret.encode())))
    return BrevoWebhook(("bearer", secret.encode()))


def read_all(listed: Iterable[object], latest: datetime, otherwise: datetime) -> Iterator[ProviderEvent]:
    """Yield events as Brevo lists them.

    Nothing can have happened after ``latest``. ``otherwise``: the time of what has none that can be believed.
    """
    for one in listed:
        yield _event(one if isinstance(one, dict) else {"value": one}, latest, otherwise)


def _event(said: dict[str, Any], latest: datetime, otherwise: datetime) -> ProviderEvent:
    word = text_of(said, "event")
    meaning = _MEANINGS.get(word, _Meaning(_K.unknown, word, again=True))
    metadata = _metadata(said)
    message_id = (text_of(said, "message-id") or text_of(said, "messageId")).strip("<> ")
    at = _moment(said, latest)
    return ProviderEvent(
        event_id=_name(said, message_id, meaning, at),
        kind=meaning.kind,
        at=at or otherwise,
        delivery_ref=text_of(metadata, "delivery") or _tagged(said),
        batch_id=text_of(metadata, "batch"),
        message_id=message_id,
        address=text_of(said, "email"),
        permanent=meaning.permanent,
        reason=text_of(said, "reason").strip(),
        url=text_of(said, "link") if meaning.kind is _K.clicked else "",
        machine=meaning.machine,
        raw=said,
    )


def _name(said: dict[str, Any], message_id: str, meaning: _Meaning, at: datetime | None) -> str:
    """Return an event's id: the same however often, and by whichever way, it is told."""
    if not message_id or not meaning.name:
        return sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
    if not meaning.again:
        return f"{message_id}:{meaning.name}"
    return f"{message_id}:{meaning.name}:{int(at.timestamp()) if at else ''}"


def _metadata(said: dict[str, Any]) -> dict[str, Any]:
    """Return what we sent as X-Mailin-custom."""
    try:
        found = orjson.loads(text_of(said, "X-Mailin-custom"))
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _tagged(said: dict[str, Any]) -> str:
    """Return the delivery that the tags name: a list, one tag, or a list written as JSON."""
    tags, text = said.get("tags"), text_of(said, "tag")
    if not isinstance(tags, list):
        try:
            tags = orjson.loads(text)
        except orjson.JSONDecodeError:
            tags = [text]
    for one in tags if isinstance(tags, list) else []:
        if isinstance(one, str) and one.startswith(DELIVERY_TAG):
            return one.removeprefix(DELIVERY_TAG)
    return ""


def _moment(said: dict[str, Any], latest: datetime) -> datetime | None:
    """Return when it happened; None where Brevo does not say it so that it can be believed.

    ``date`` is UTC or has its zone in the list of events; in a webhook it is local time, written with a blank.
    """
    found = [_instant(said.get("ts_epoch")), _instant(said.get("ts_event")), _dated(text_of(said, "date"))]
    return max((one for one in found if one is not None and one <= latest + CLOCKS), default=None)


def _instant(number: object) -> datetime | None:
    if not isinstance(number, int) or isinstance(number, bool):
        return None
    try:
        return datetime.fromtimestamp(number / 1000 if number > _MILLISECONDS else number, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _dated(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo:
        return at.astimezone(UTC)
    return at.replace(tzinfo=UTC) if "T" in text else None
