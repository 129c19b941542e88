"""Resend, POST /emails/batch: up to 100 whole mails a call, all taken or none, repeatable under a key for 24 hours.

Read in November 2026: resend.com/docs/api-reference (send-batch-emails, errors, rate-limit),
/docs/dashboard/emails/idempotency-keys, github resend/resend-openapi (resend.yaml), resend/resend-python, and
django-anymail for what the real API does with display names. 5 calls a second and team by default (2 on an older
copy of the page): set the account's ``rate``.

Could not be settled: how large a call may be (40 MB is the limit of one mail with its attachments; for the batch
nothing is said), so 4 MB, under what usual gateways take; a 413 halves the batch. Whether a refusal of the strict
batch names the mail: an ``errors`` list with ``index``, as the permissive mode has it, is read where it comes.
Click and open tracking cannot be switched off in a request, only for the domain: leave both off there.
"""

import re
from collections.abc import Sequence
from datetime import timedelta
from email.header import Header
from typing import Any, Final

import orjson

from digest.accounts import Account
from digest.errors import SettingsError
from digest.providers.http import Answer, Caller, TimeOuts, retry_after
from digest.providers.resend.tags import LONGEST, encoded
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

BASE_URL: Final = "https://api.resend.com"
FEATURES: Final = Features(
    name="resend",
    max_recipients=100,
    max_bytes=4_000_000,
    merges=False,
    idempotency=timedelta(hours=24),
    proof="Svix signature (HMAC-SHA256), 5 minutes",
)
_OK: Final = 200
_TOO_MANY: Final = 429
_CLIENT_ERRORS: Final = range(300, 500)  # with redirections: those mean that the base URL is wrong
_ABOUT_MAILS: Final = frozenset((400, 413, 422, 451))  # 451: a "security_error" about what a mail holds
_IN_DOUBT: Final = frozenset((408, 409))  # a time-out; the key is in use, or was used for another body
_QUOTAS: Final = frozenset(("daily_quota_exceeded", "monthly_quota_exceeded"))
_SHARED: Final = re.compile(r"[`'\"](?:from|reply_to|subject)[`'\"]")  # fields that all mails of a call share
_SPECIALS: Final = re.compile(r'[()<>\[\]:;@\\,."\s]+')  # in a display name they would need quotes, which it refuses


class Resend:
    """Sends by Resend's API."""

    features = FEATURES

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def payload_bytes(self, content: Content) -> int:  # noqa: ARG002 - the port's; each mail carries the whole content
        """Return the bytes of a call's body without any recipient: two brackets."""
        return 2

    def recipient_bytes(self, content: Content, recipient: Recipient) -> int:
        """Return an upper bound of the bytes one recipient adds: its whole mail."""
        return len(orjson.dumps(_mail(content, recipient, "0" * 36, "0" * LONGEST))) + 1

    def send(self, mailing: Mailing) -> Sequence[Receipt]:
        """Hand the mailing over under its id as the key: all of it is taken (200) or nothing."""
        batch, issue = str(mailing.batch_id), encoded(mailing.issue_ref)
        body = orjson.dumps([_mail(mailing.content, one, batch, issue) for one in mailing.recipients])
        answer = self._caller.post("/emails/batch", body, {"Idempotency-Key": batch})
        if answer.status_code == _OK:
            return _receipts(answer, mailing.recipients)
        raise _error(answer, mailing.recipients)

    def close(self) -> None:
        """Give connections back."""
        self._caller.close()


def build(account: Account, times: TimeOuts, **given: Any) -> Resend:
    """Return Resend for an account. ``given`` (a transport) is for tests. Raises SettingsError."""
    return Resend(caller(account, times, **given))


def caller(account: Account, times: TimeOuts, **given: Any) -> Caller:
    """Return what speaks to Resend in an account's name. Raises SettingsError."""
    if not account.secret("api_key"):
        raise SettingsError("Resend needs RESEND_API_KEY (or api_key, in its account).")
    headers = {"Authorization": f"Bearer {account.secret('api_key')}"}
    return Caller(account.base_url or BASE_URL, headers, times, **given)


def _mail(content: Content, recipient: Recipient, batch: str, issue: str) -> dict[str, Any]:
    """Return one whole mail as the API wants it. ``batch`` and ``issue`` are written as tags already."""
    values = recipient.values

    def filled(text: str) -> str:
        return MARK.sub(lambda found: values.get(found.group(), ""), text)

    mail: dict[str, Any] = {
        "from": _sender(content.sender_name, content.sender_address),
        "to": [_to(recipient.name, recipient.address)],
        "subject": _one_line(filled(content.subject)),
        "html": filled(content.html),
        "text": filled(content.text),
        "headers": {name: _one_line(filled(value)) for name, value in content.headers.items()},
        "tags": [
            {"name": "delivery", "value": encoded(recipient.delivery_ref)},
            {"name": "batch", "value": batch},
            {"name": "issue", "value": issue},
        ],
    }
    if content.reply_to:
        mail["reply_to"] = [content.reply_to]
    return mail


def _sender(name: str, address: str) -> str:
    """Return the value of from: a name bare, in Unicode. Quotes are refused, encoded words are a security_error."""
    plain = _plain(name)
    return f"{plain} <{address}>" if plain else address


def _to(name: str, address: str) -> str:
    """Return the value of to: a name in other letters becomes encoded words."""
    plain = _plain(name)
    if not plain:
        return address
    written = plain if plain.isascii() else Header(plain, "utf-8").encode(linesep="")
    return f"{written} <{address}>"


def _plain(name: str) -> str:
    return _SPECIALS.sub(" ", name).strip()


def _one_line(text: str) -> str:
    return " ".join(text.replace("\0", " ").splitlines())


def _receipts(answer: Answer, recipients: Sequence[Recipient]) -> list[Receipt]:
    """Return the receipts of a 200. One without an id for each mail is not Resend's answer: who knows."""
    said = _object(answer)
    listed = said.get("data")
    ids = [one.get("id") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    if len(ids) != len(recipients) or not all(isinstance(one, str) and one for one in ids):
        raise UnknownOutcome(f"Resend answered 200 with {len(ids)} message ids for {len(recipients)} mails.")
    return [
        Receipt(delivery_ref=one.delivery_ref, accepted=True, message_id=message_id)
        for one, message_id in zip(recipients, ids, strict=True)
    ]


def _error(answer: Answer, recipients: Sequence[Recipient]) -> ProviderError:
    """Return what an answer other than 200 means. A 5xx is repeated under the same key, whatever it promises."""
    status, said = answer.status_code, _object(answer)
    name = str(said.get("name") or "")
    message = f"Resend answered {status}: {name} {str(said.get('message') or '')[:300]}".rstrip(" :.")
    if status == _TOO_MANY:
        return _too_many(message, name, answer)
    if status in _ABOUT_MAILS:
        return _refusal(message, name, said, recipients)
    if status in _CLIENT_ERRORS and status not in _IN_DOUBT:
        return StopIssue(
            f"{message}. Check RESEND_API_KEY, RESEND_BASE_URL, and that the sender's domain is verified at Resend."
        )
    return UnknownOutcome(f"{message}.")


def _too_many(message: str, name: str, answer: Answer) -> ProviderError:
    """Return a 429 as what it is: too fast for now, or a quota that no waiting of ours outlasts."""
    if name in _QUOTAS:
        return StopIssue(f"{message}. Raise the plan at Resend, or wait until the quota is new; then resume the issue.")
    seconds = retry_after(answer)
    reset = answer.headers.get("ratelimit-reset", "")  # seconds from now
    if seconds is None and reset.isdigit():
        seconds = float(reset)
    return NotTaken(f"{message}.", seconds, throttled=True)


def _refusal(message: str, name: str, said: dict[str, Any], recipients: Sequence[Recipient]) -> ProviderError:
    """Return a refusal as what it names: some mails, nobody, or what all of them share."""
    if name == "invalid_idempotency_key" or _SHARED.search(message):
        return StopIssue(f"{message}. Correct it: digest publications edit, then digest issues edit ISSUE refresh.")
    listed = said.get("errors")
    named: dict[str, str] = {}
    for one in listed if isinstance(listed, list) else []:
        index = one.get("index") if isinstance(one, dict) else None
        if isinstance(index, int) and 0 <= index < len(recipients):
            named[recipients[index].delivery_ref] = str(one.get("message") or message)[:200]
    return BatchRefused(f"{message}.", named)


def _object(answer: Answer) -> dict[str, Any]:
    """Return an answer's JSON object; empty where it is none."""
    try:
        said = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
