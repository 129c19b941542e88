"""What Brevo's answers other than success mean, for sending and for pulling alike.

Read in November 2026: developers.brevo.com/docs (how-it-works, api-limits, limit-headers): errors are
``{"code": ..., "message": ...}``; a 429 says in ``x-sib-ratelimit-reset`` after how many seconds the limit is new.
"""

from typing import Any, Final

import orjson

from digest.providers.http import Answer, retry_after
from digest.sending.provider import NotTaken, ProviderError, StopIssue, UnknownOutcome

LONGEST_WAIT: Final = 3600.0  # limits are by the second or by the hour; more is no number of seconds
_TOO_MANY: Final = 429
_CLIENT_ERRORS: Final = range(300, 500)  # with redirections: those mean that the base URL is wrong
_IN_DOUBT: Final = frozenset((408, 409, 424, 425))


def error(answer: Answer) -> ProviderError:
    """Return what an answer means that says nothing about a recipient."""
    message = sentence(answer)
    if answer.status_code == _TOO_MANY:
        return NotTaken(message, _wait(answer), throttled=True)
    if answer.status_code in _CLIENT_ERRORS and answer.status_code not in _IN_DOUBT:
        return StopIssue(
            f"{message} Check BREVO_API_KEY, the addresses it may be used from, BREVO_BASE_URL, the credits, and that"
            " the sender is verified at Brevo."
        )
    return UnknownOutcome(message)


def sentence(answer: Answer) -> str:
    """Return an answer in words."""
    said = fields(answer)
    words = f"{said.get('code') or ''} {str(said.get('message') or '')[:300]}".strip(" .")
    return f"Brevo answered {answer.status_code}: {words or 'nothing more'}."


def fields(answer: Answer) -> dict[str, Any]:
    """Return an answer's JSON object; empty where it is none."""
    try:
        said = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}


def _wait(answer: Answer) -> float | None:
    seconds = retry_after(answer)
    reset = answer.headers.get("x-sib-ratelimit-reset", "")
    if seconds is None and reset.isdigit() and float(reset) <= LONGEST_WAIT:
        return float(reset)
    return seconds
