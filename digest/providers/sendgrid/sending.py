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
from digest.providers.sendgrid.body import Bodies
from digest.sending.provider import (
    BatchRefused,
    Content,
    Features,
    Mailing,
    NotTaken,
    ProviderError,
    Receipt,
    Recipient,
    StopIssue,
    Taken,
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
_TOO_MUCH = 10_000_000_000  # no such reader fits any call
_ABOUT_RECIPIENTS = (400, 413)  # every other 4xx speaks of the key, the address of the API, or the account


class SendGrid:
    """Sends by SendGrid's v3 API."""

    features = FEATURES

    def __init__(self, caller: Caller, now: Callable[[], datetime] | None = None) -> None:
        self._caller = caller
        self._bodies = Bodies()
        self._now = now or SystemClock().now

    def payload_bytes(self, content: Content) -> int:
        """Return the bytes of a call's body without any recipient."""
        return len(self._bodies.of(content).of([], "", "")) + 200

    def recipient_bytes(self, content: Content, recipient: Recipient) -> int:
        """Return an upper bound of the bytes one recipient adds, so large that none fits where its values may not."""
        values = recipient.values
        if sum(len(mark.encode()) + len(value.encode()) for mark, value in values.items()) > SUBSTITUTION_BYTES:
            return _TOO_MUCH
        return len(self._bodies.of(content).people([recipient], "0" * 36, "0" * 100)) + 1

    def send(self, mailing: Mailing) -> Sequence[Receipt]:
        """Hand the mailing over: all of it is taken (202) or nothing."""
        body = self._bodies.of(mailing.content)
        made = body.of(mailing.recipients, str(mailing.batch_id), mailing.issue_ref)
        answer = self._caller.post("/v3/mail/send", made)
        if answer.status_code == 202:  # noqa: PLR2004
            return Taken(mailing.recipients, answer.headers.get("X-Message-Id"))
        raise _error(answer, mailing.recipients, self._now())

    def close(self) -> None:
        """Give connections back."""
        self._caller.close()


def build(account: Account, times: TimeOuts, *, now: Callable[[], datetime] | None = None, **given: Any) -> SendGrid:
    """Return SendGrid for an account. ``now`` and ``given`` (a transport) are for tests. Raises SettingsError."""
    return SendGrid(caller(account, times, **given), now)


def caller(account: Account, times: TimeOuts, **given: Any) -> Caller:
    """Return what speaks to SendGrid in an account's name. Raises SettingsError."""
    if not account.secret("api_key"):
        raise SettingsError("SendGrid needs SENDGRID_API_KEY (or api_key, in its account).")
    headers = {"Authorization": f"Bearer {account.secret('api_key')}"}
    return Caller(account.base_url or BASE_URL, headers, times, **given)


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
