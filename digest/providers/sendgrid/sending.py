"""SendGrid, Web API v3: one call takes up to 1,000 readers of one edition; it fills in their values itself.

Field rules: the published description (github twilio/sendgrid-oai, spec/yaml/tsg_mail_v3.yaml) and the pages
"Limitations" and "Errors" of docs.sendgrid.com/api-reference/mail-send, read in November 2026. SendGrid keeps no
idempotency keys: what got no answer is of unknown fate.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from digest.accounts import Account
from digest.clock import SystemClock
from digest.errors import SettingsError
from digest.providers.http import Answer, Caller, TimeOuts, retry_after
from digest.sending.provider import (
    MARK,
    BatchRefused,
    Content,
    Features,
    Mailing,
    NotTaken,
    ProviderError,
    Receipt,
    Recipient,
    StopIssue,
    UnknownOutcome,
)

BASE_URL: Final = "https://api.sendgrid.com"
FEATURES: Final = Features(
    name="sendgrid",
    max_recipients=1000,
    max_bytes=28_000_000,  # the documented limit is 30 MB in all; the rest is margin
    merges=True,
    idempotency=None,
    per_recipient=False,
    proof="ECDSA (P-256, SHA-256) signature over time and body, 25 hours",
)
SUBSTITUTION_BYTES: Final = 10_000  # a personalization
_NOT_IN_NAMES = re.compile(r"[;,\s]+")  # a name may hold no semicolon and no comma
_TOO_MUCH = 10_000_000_000  # no such reader fits any call
_OFF: Final = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}
_ABOUT_RECIPIENTS = (400, 413)  # every other 4xx speaks of the key, the address of the API, or the account


class SendGrid:
    """Sends by SendGrid's v3 API."""

    features = FEATURES

    def __init__(self, caller: Caller, now: Callable[[], datetime] | None = None) -> None:
        self._caller = caller
        self._now = now or SystemClock().now

    def payload_bytes(self, content: Content) -> int:
        """Return the bytes of a call's body without any recipient."""
        return len(orjson.dumps(_message(content, []))) + 200

    def recipient_bytes(self, content: Content, recipient: Recipient) -> int:
        """Return an upper bound of the bytes one recipient adds, so large that none fits where its values may not."""
        values = recipient.values
        if sum(len(mark.encode()) + len(value.encode()) for mark, value in values.items()) > SUBSTITUTION_BYTES:
            return _TOO_MUCH
        body = _Shared(content, "0" * 36, "0" * 100).personalization(recipient)
        return len(orjson.dumps(body)) + 1

    def send(self, mailing: Mailing) -> Sequence[Receipt]:
        """Hand the mailing over: all of it is taken (202) or nothing."""
        shared = _Shared(mailing.content, str(mailing.batch_id), mailing.issue_ref)
        people = [shared.personalization(one) for one in mailing.recipients]
        answer = self._caller.post("/v3/mail/send", orjson.dumps(_message(mailing.content, people)))
        if answer.status_code == 202:  # noqa: PLR2004
            message_id = answer.headers.get("X-Message-Id")
            return [
                Receipt(delivery_ref=one.delivery_ref, accepted=True, message_id=message_id)
                for one in mailing.recipients
            ]
        raise _error(answer, mailing.recipients, self._now())

    def close(self) -> None:
        """Give connections back."""
        self._caller.close()


def build(account: Account, times: TimeOuts, *, now: Callable[[], datetime] | None = None, **given: Any) -> SendGrid:
    """Return SendGrid for an account. ``now`` and ``given`` (a transport) are for tests. Raises SettingsError."""
    if not account.secret("api_key"):
        raise SettingsError("SendGrid needs SENDGRID_API_KEY (or api_key, in its account).")
    headers = {"Authorization": f"Bearer {account.secret('api_key')}"}
    return SendGrid(Caller(account.base_url or BASE_URL, headers, times, **given), now)


def _message(content: Content, personalizations: list[dict[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = {
        "personalizations": personalizations,
        "from": {"email": content.sender_address, "name": content.sender_name},
        "subject": content.subject,
        "content": [
            {"type": "text/plain", "value": content.text},  # the plain text must come first
            {"type": "text/html", "value": content.html},
        ],
        "headers": {name: value for name, value in content.headers.items() if not MARK.search(value)},
        "tracking_settings": _OFF,
        "mail_settings": {"footer": {"enable": False}},
    }
    if content.reply_to:
        message["reply_to"] = {"email": content.reply_to}
    return message


class _Shared:
    """What the personalizations of one call have in common, worked out once."""

    __slots__ = ("args", "headers", "marks")

    def __init__(self, content: Content, batch: str, issue: str) -> None:
        self.args = {"batch": batch, "issue": issue[:100]}
        # SendGrid fills in marks in the subject and the bodies, not in headers: those we fill in ourselves.
        self.marks = frozenset(MARK.findall(content.subject + content.text + content.html))
        self.headers = [
            (name, MARK.split(value), MARK.findall(value)) for name, value in content.headers.items() if "%%" in value
        ]

    def personalization(self, recipient: Recipient) -> dict[str, Any]:
        """Return one reader as the API wants it."""
        values, marks = recipient.values, self.marks
        return {
            "to": [_to(recipient)],
            "headers": {
                name: parts[0]
                + "".join(values.get(mark, "") + part for mark, part in zip(found, parts[1:], strict=True))
                for name, parts, found in self.headers
            },
            "substitutions": {mark: value for mark, value in values.items() if mark in marks},
            "custom_args": {"delivery": recipient.delivery_ref, **self.args},
        }


def _to(recipient: Recipient) -> dict[str, str]:
    to = {"email": recipient.address}
    if recipient.name and (name := _NOT_IN_NAMES.sub(" ", recipient.name).strip()):
        to["name"] = name
    return to


def _error(answer: Answer, recipients: Sequence[Recipient], now: datetime) -> ProviderError:
    """Return what an answer other than 202 means."""
    status, said = answer.status_code, _said(answer)
    message = f"SendGrid answered {status}: {'; '.join(text for _, text in said) or 'nothing more'}"
    if status == 429:  # noqa: PLR2004
        return NotTaken(message, _wait_for(answer, now), throttled=True)
    if status == 503 and retry_after(answer) is not None:  # noqa: PLR2004
        return NotTaken(message, retry_after(answer))
    if status in _ABOUT_RECIPIENTS:
        return _refusal(message, said, recipients)
    if 300 <= status < 500:  # noqa: PLR2004
        return StopIssue(f"{message}. Check SENDGRID_API_KEY, its permissions, SENDGRID_BASE_URL and the sender.")
    return UnknownOutcome(message)


def _refusal(message: str, said: Sequence[tuple[str, str]], recipients: Sequence[Recipient]) -> ProviderError:
    """Return a 4xx as what it names: some recipients, nobody, or what all of them share (then nobody fares better)."""
    named: dict[str, str] = {}
    for field, text in said:
        place = re.match(r"personalizations\.(\d+)\.", field)
        if place and int(place[1]) < len(recipients):
            named[recipients[int(place[1])].delivery_ref] = text
        elif field and not field.startswith("personalizations"):
            return StopIssue(
                f"{message}. Correct {field!r}: digest publications edit, then digest issues edit ISSUE refresh."
            )
    return BatchRefused(message, named)


def _said(answer: Answer) -> list[tuple[str, str]]:
    """Return (field, sentence) for each error an answer lists; nothing where it is not SendGrid's JSON."""
    try:
        body = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return []
    errors = body.get("errors") if isinstance(body, dict) else None
    listed = errors if isinstance(errors, list) else []
    return [
        (str(one.get("field") or ""), str(one.get("message") or "")[:200]) for one in listed if isinstance(one, dict)
    ]


def _wait_for(answer: Answer, now: datetime) -> float | None:
    """Return how long a 429 asks to wait: Retry-After, else until X-RateLimit-Reset (seconds since the epoch)."""
    seconds = retry_after(answer)
    reset = answer.headers.get("X-RateLimit-Reset", "")
    if seconds is None and reset.isdigit():
        return max(0.0, float(reset) - now.timestamp())
    return seconds
