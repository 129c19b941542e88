"""What SES answers to a bulk call, and what it means for the readers of that call.

Statuses: BulkEmailEntryResult; errors: "Errors" of SendBulkEmail and "Common errors", both in APIReference-V2 of
docs.aws.amazon.com/ses, read in November 2026. A call that is refused as a whole took nothing. A call with status 200
answers for each reader, in their order.

Readers that SES did not take now, while it took others, come again: those that it throttled, and those at which it met
a fault of the account (then the next call says so of all). A status that we do not know gets no receipt: uncertain.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from digest.providers.http import Answer, retry_after
from digest.sending.provider import (
    Again,
    BatchRefused,
    Content,
    NotTaken,
    ProviderError,
    Receipt,
    Recipient,
    StopIssue,
    UnknownOutcome,
)

QUOTA_WAIT: Final = 3600.0  # seconds; the daily quota is counted over the last 24 hours, so some of it is free again
_TAKEN = "SUCCESS"
_QUOTA = "ACCOUNT_DAILY_QUOTA_EXCEEDED"
_AGAIN = frozenset(("ACCOUNT_THROTTLED", _QUOTA, "TRANSIENT_FAILURE"))
_REFUSED = frozenset(("MESSAGE_REJECTED", "INVALID_PARAMETER", "FAILED"))
_STOP = frozenset(
    ("MAIL_FROM_DOMAIN_NOT_VERIFIED", "CONFIGURATION_SET_NOT_FOUND", "TEMPLATE_NOT_FOUND", "ACCOUNT_SUSPENDED",
     "INVALID_SENDING_POOL_NAME", "ACCOUNT_SENDING_PAUSED", "CONFIGURATION_SET_SENDING_PAUSED")
)  # fmt: skip
_KNOWN = frozenset((_TAKEN,)) | _AGAIN | _REFUSED | _STOP
_THROTTLES = frozenset(("TooManyRequestsException", "ThrottlingException", "Throttling", "LimitExceededException"))
_ABOUT_READERS = frozenset(("", "BadRequestException", "MessageRejected", "ValidationException"))
_SHARED = re.compile(r"template|configuration set|unsupported operation", re.IGNORECASE)  # what no reader changes
_ADDRESSES = re.compile(r"[^\s,;<>\"']+@[^\s,;<>\"']+")

_Result = tuple[str, str, str]  # status, error, message id


def receipts(answer: Answer, recipients: Sequence[Recipient]) -> list[Receipt]:
    """Return the receipts of a call with status 200; raises a ProviderError where nobody was taken."""
    results = _results(answer, len(recipients))
    statuses = {status for status, _, _ in results}
    if _TAKEN not in statuses and statuses <= _AGAIN | _REFUSED | _STOP:
        raise _nobody(results, recipients)
    told = [
        _receipt(recipient, result)
        for recipient, result in zip(recipients, results, strict=True)
        if result[0] in _KNOWN
    ]
    if not told:
        raise UnknownOutcome(f"SES answered with statuses that we do not know: {', '.join(sorted(statuses))}")
    return told


def error(answer: Answer, content: Content, recipients: Sequence[Recipient]) -> ProviderError:
    """Return what an answer other than 200 means."""
    status, (kind, said) = answer.status_code, _said(answer)
    message = f"SES answered {status} {kind}: {said or 'nothing more'}"
    if status == 429 or kind in _THROTTLES:  # noqa: PLR2004
        daily = kind == "LimitExceededException" or "daily" in said.lower()
        return NotTaken(message, QUOTA_WAIT if daily else retry_after(answer), throttled=True)
    if status == 503 and retry_after(answer) is not None:  # noqa: PLR2004
        return NotTaken(message, retry_after(answer))
    if status == 413 or (status == 400 and kind in _ABOUT_READERS):  # noqa: PLR2004
        return _refusal(message, said, content, recipients)
    if 300 <= status < 500:  # noqa: PLR2004
        return StopIssue(
            f"{message}. Check SES_API_KEY and what it may do, AWS_REGION, SES_CONFIGURATION_SET, the sender's "
            "identity, and this machine's clock."
        )
    return UnknownOutcome(message)


def _nobody(results: Sequence[_Result], recipients: Sequence[Recipient]) -> ProviderError:
    """Return what an answer that took nobody means for all."""
    statuses = {status for status, _, _ in results}
    reasons = [_reason(result) for result in results]
    message = f"SES took nobody: {reasons[0]}"
    if statuses & _STOP:
        stopped = next(_reason(one) for one in results if one[0] in _STOP)
        return StopIssue(f"SES took nobody: {stopped}. Mend that in the SES console, then send on.")
    if statuses <= _AGAIN:
        wait = QUOTA_WAIT if _QUOTA in statuses else None
        return NotTaken(message, wait, throttled=statuses != {"TRANSIENT_FAILURE"})
    if len(set(reasons)) == 1:  # the same for each of them: perhaps no reader's fault, so nobody is named
        return BatchRefused(message)
    refused = {
        recipient.delivery_ref: _reason(result)
        for recipient, result in zip(recipients, results, strict=True)
        if result[0] in _REFUSED
    }
    return BatchRefused(message, refused)


def _receipt(recipient: Recipient, result: _Result) -> Receipt:
    if result[0] == _TAKEN:
        return Receipt(delivery_ref=recipient.delivery_ref, accepted=True, message_id=result[2] or None)
    again = None if result[0] in _REFUSED else _again(result[0])
    return Receipt(delivery_ref=recipient.delivery_ref, accepted=False, reason=_reason(result), again=again)


def _again(status: str) -> Again:
    """Return when a reader is to be offered again. Only SES's word that we are too fast holds all workers back."""
    throttled = status in {"ACCOUNT_THROTTLED", _QUOTA}
    return Again(retry_after=QUOTA_WAIT if status == _QUOTA else None, throttled=throttled)


def _reason(result: _Result) -> str:
    return f"{result[0]}: {result[1]}" if result[1] else result[0]


def _refusal(message: str, said: str, content: Content, recipients: Sequence[Recipient]) -> ProviderError:
    """Return a 400 as what it names: some readers, nobody, or what all of them share."""
    named = {word.strip(".:").lower() for word in _ADDRESSES.findall(said)}
    if content.sender_address.lower() in named or _SHARED.search(said):
        return StopIssue(f"{message}. Verify the sender in the SES console, or correct the edition.")
    return BatchRefused(message, {one.delivery_ref: said for one in recipients if one.address.lower() in named})


def _results(answer: Answer, count: int) -> list[_Result]:
    """Return a result for each reader; raises UnknownOutcome where there are more or fewer, or none."""
    listed = _json(answer).get("BulkEmailEntryResults")
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    if len(found) != count:
        raise UnknownOutcome(f"SES answered for {len(found)} of {count} readers: whom it took is not known")
    return [
        (str(one.get("Status")), str(one.get("Error") or "")[:200], str(one.get("MessageId") or "")) for one in found
    ]


def _said(answer: Answer) -> tuple[str, str]:
    """Return (class of error, sentence) of an answer; the class stands in a header, or in the body."""
    body = _json(answer)
    kind = answer.headers.get("x-amzn-ErrorType") or str(body.get("__type") or body.get("code") or "")
    said = body.get("message") or body.get("Message") or ""
    return kind.partition(":")[0].rpartition("#")[2], str(said)[:1000]


def _json(answer: Answer) -> Mapping[str, Any]:
    try:
        body = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
