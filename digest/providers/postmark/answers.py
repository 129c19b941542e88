"""What Postmark answers to a batch, and what it means for the readers of that call.

Read in November 2026: postmarkapp.com/developer/api/overview (HTTP statuses and API error codes), the user guide's
batch-emails, support article 1180 (code 300), django-anymail (sentences of code 300, answers of delayed mails without
ErrorCode), and postmark-gem (code 406). A code other than 0 says that this mail was not taken; a 500 says that it was
probably lost, so its fate is unknown; 503 and code 100 say that the API is closed: nothing was taken.

Receipts know "taken" and "refused for good", not "this one later". So where some readers were taken, those that met a
limit or a fault of the account get no receipt and are held as uncertain: never twice, never lost.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import orjson

from digest.providers.http import Answer, retry_after
from digest.sending.provider import (
    BatchRefused,
    NotTaken,
    ProviderError,
    Receipt,
    Recipient,
    StopIssue,
    UnknownOutcome,
)

INVALID: Final = 300
INACTIVE: Final = 406  # bounced hard, complained, or was suppressed before; Postmark will not try
TOO_MANY_MESSAGES: Final = 410
_AGAIN: Final = frozenset((100, 429))  # closed for maintenance; too fast
_IN_DOUBT: Final = frozenset((408, 409, 424, 425))
_ABOUT_READER: Final = re.compile(r"^(?:invalid|error\s+parsing)\s+'to'|illegal email|recipient", re.IGNORECASE)
_SHARED: Final = re.compile(
    r"'(?:from|reply-?to|cc|bcc)'|sender|subject|html ?body|text ?body|metadata|header|stream|\btag\b", re.IGNORECASE
)

_Result = tuple[int, str, str]  # code, sentence, message id


def receipts(answer: Answer, recipients: Sequence[Recipient]) -> list[Receipt]:
    """Return the receipts of a call with status 200. Raises a ProviderError where nobody was taken."""
    results = _results(answer, len(recipients))
    if not any(code == 0 for code, _, _ in results) and not all(_is_refusal(one) for one in results):
        raise _nobody(results, recipients)
    pairs = zip(recipients, results, strict=True)
    return [_receipt(reader, one) for reader, one in pairs if one[0] == 0 or _is_refusal(one)]


def error(answer: Answer) -> ProviderError:
    """Return what an answer other than 200 means."""
    status, (code, said) = answer.status_code, _said(answer)
    message = f"Postmark answered {status}, code {code}: {said.rstrip('. ') or 'nothing more'}."
    if status == 429 or code == 429:  # noqa: PLR2004
        return NotTaken(message, retry_after(answer), throttled=True)
    if status == 503 and (code in _AGAIN or retry_after(answer) is not None):  # noqa: PLR2004
        return NotTaken(message, retry_after(answer))
    if status == 413 or (status == 422 and _may_be_a_readers(code, said)):  # noqa: PLR2004
        return BatchRefused(message)
    if 300 <= status < 500 and status not in _IN_DOUBT:  # noqa: PLR2004
        return StopIssue(_with_advice(message))
    return UnknownOutcome(message)


def fields(answer: Answer) -> dict[str, Any]:
    """Return an answer's JSON object; empty where it is none."""
    said = _json(answer)
    return said if isinstance(said, dict) else {}


def _nobody(results: Sequence[_Result], recipients: Sequence[Recipient]) -> ProviderError:
    """Return what an answer that took nobody means for all."""
    others = [one for one in results if not _is_refusal(one)]
    code, said, _ = others[0]
    message = f"Postmark took nobody, code {code}: {said.rstrip('. ')}."
    if all(one[0] in _AGAIN for one in others):
        return NotTaken(message, throttled=any(one[0] == 429 for one in others))  # noqa: PLR2004
    if any(not _may_be_a_readers(one[0], one[1]) and one[0] not in _AGAIN for one in others):
        return StopIssue(_with_advice(message))
    pairs = zip(recipients, results, strict=True)
    return BatchRefused(message, {reader.delivery_ref: _reason(one) for reader, one in pairs if _is_refusal(one)})


def _with_advice(message: str) -> str:
    return (
        f"{message} Check POSTMARK_API_KEY, POSTMARK_STREAM, POSTMARK_BASE_URL, that the account is approved and has"
        " credits, that the sender is confirmed at Postmark, and the edition."
    )


def _may_be_a_readers(code: int, said: str) -> bool:
    """Tell whether a refusal may be one reader's fault, so that others fare better without."""
    return code in (INACTIVE, TOO_MANY_MESSAGES) or (code == INVALID and not _SHARED.search(said))


def _is_refusal(result: _Result) -> bool:
    """Tell whether a mail was refused for good because of whom it is for."""
    return result[0] == INACTIVE or (result[0] == INVALID and bool(_ABOUT_READER.search(result[1])))


def _receipt(recipient: Recipient, result: _Result) -> Receipt:
    if result[0] == 0:
        return Receipt(delivery_ref=recipient.delivery_ref, accepted=True, message_id=result[2])
    return Receipt(delivery_ref=recipient.delivery_ref, accepted=False, reason=_reason(result))


def _reason(result: _Result) -> str:
    return f"{result[0]}: {' '.join(result[1].split())}"[:300]


def _results(answer: Answer, count: int) -> list[_Result]:
    """Return a result for each reader. Raises UnknownOutcome where there are more or fewer, or none that is known."""
    listed = _json(answer)
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    results = [_result(one) for one in found]
    if len(results) != count or any(code == 0 and not message_id for code, _, message_id in results):
        raise UnknownOutcome(f"Postmark answered for {len(results)} of {count} mails: whom it took is not known.")
    return results


def _result(said: dict[str, Any]) -> _Result:
    """Return one result. Where delivery is slow there may be no code, but an id: taken."""
    code = said.get("ErrorCode")
    return code if isinstance(code, int) else 0, str(said.get("Message") or ""), str(said.get("MessageID") or "")


def _said(answer: Answer) -> tuple[int, str]:
    """Return (code, sentence) of an answer other than 200."""
    said = fields(answer)
    code = said.get("ErrorCode")
    return code if isinstance(code, int) else 0, str(said.get("Message") or "")[:300]


def _json(answer: Answer) -> object:
    try:
        found: object = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return None
    return found
