"""What Mailgun's answers other than success mean, for sending and for asking for events alike.

Read in November 2026: documentation.mailgun.com/docs/mailgun/quickstart-guide/responses: an error is
``{"message": ...}``, a 401 or 403 may be plain text. Sentences of real answers: github mailgun/mailgun-go #142,
mailgun-php #610 and #787, mailgun-ruby #87, mailgun-js #199. Limits of calls are not published.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import orjson

from digest.providers.http import Answer, retry_after
from digest.sending.provider import BatchRefused, NotTaken, ProviderError, Recipient, StopIssue, UnknownOutcome

_CLIENT_ERRORS: Final = range(300, 500)  # with redirections: those mean that the base URL is wrong
_IN_DOUBT: Final = frozenset((408, 409, 424, 425))
_ABOUT_THE_MAIL: Final = frozenset((400, 413))
# "'to' parameter is not a valid address", "Too many recipients, max is 1000", "Only 10 recipients per request is
# allowed on probation": fewer readers, or others, may fare better.
_ABOUT_READERS: Final = re.compile(r"'to' parameter|too many recipients|recipients per request", re.IGNORECASE)
# What all readers of an issue share: sender, content, account.
_SHARED: Final = re.compile(
    r"'(?:from|subject|html|text|h:[^']*|o:[^']*|v:[^']*)' parameter|need at least one of 'text'|"
    r"not allowed to send|free accounts|activate|domain|authorized recipients|limit",
    re.IGNORECASE,
)
_ADDRESSES: Final = re.compile(r"[^\s,;<>\"'()]+@[^\s,;<>\"'()]+")


def error(answer: Answer) -> ProviderError:
    """Return what an answer means that says nothing about a reader."""
    status, message = answer.status_code, sentence(answer)
    if status == 429:  # noqa: PLR2004
        return NotTaken(message, retry_after(answer), throttled=True)
    if status == 503 and retry_after(answer) is not None:  # noqa: PLR2004
        return NotTaken(message, retry_after(answer))
    if status in _CLIENT_ERRORS and status not in _IN_DOUBT:
        return StopIssue(
            f"{message} Check MAILGUN_API_KEY, MAILGUN_DOMAIN, and MAILGUN_BASE_URL (https://api.eu.mailgun.net for"
            " domains in Europe)."
        )
    return UnknownOutcome(message)


def refusal(answer: Answer, recipients: Sequence[Recipient]) -> ProviderError:
    """Return what an answer to a mail means: nothing of it was taken, or nobody knows."""
    if answer.status_code not in _ABOUT_THE_MAIL:
        return error(answer)
    said, message = words(answer), sentence(answer)
    if _ABOUT_READERS.search(said) is None and _SHARED.search(said):
        return StopIssue(f"{message} Correct the edition, the sender or the account at Mailgun, then resume the issue.")
    named = {word.strip(".:").lower() for word in _ADDRESSES.findall(said)}
    return BatchRefused(message, {one.delivery_ref: said for one in recipients if one.address.lower() in named})


def sentence(answer: Answer) -> str:
    """Return an answer in words."""
    return f"Mailgun answered {answer.status_code}: {words(answer).rstrip('. ') or 'nothing more'}."


def words(answer: Answer) -> str:
    """Return what an answer says: its message, else its text."""
    message = fields(answer).get("message")
    return (message if isinstance(message, str) else answer.text)[:300]


def fields(answer: Answer) -> dict[str, Any]:
    """Return an answer's JSON object; empty where it is none."""
    try:
        said = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
