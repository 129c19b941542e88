"""Brevo, POST /v3/smtp/email: one reader a call, repeatable under a key for 30 minutes.

Read in November 2026: developers.brevo.com/reference/send-transac-email, /docs/heterogenous-versions-batch-emails
(keys), /docs/api-limits (1,000 calls a second), github getbrevo/brevo-python and brevo-node, and django-anymail.

Why one reader: ``messageVersions`` would take 1,000, but Brevo's clients know no ``headers`` in a version (Anymail
sends them, and no page says that they are used), and List-Unsubscribe must be each reader's own.

Keys: the guide names ``headers.idempotencyKey`` and 30 minutes (the first note of it: 15), the clients' comment
``Idempotency-Key``; we follow the guide. A key that was used is answered with ``duplicate_parameter`` and not with the
first answer: then the mail was taken, and its message id is in the events.

Could not be settled: how large a call may be: 4 MB is our choice. Whether Brevo reads its template language in bodies
without ``params``: where a text has ``{{``, ``{%`` or ``{#`` a blank goes between, so that it never does. Header values
must be ASCII: Brevo sends others raw, and decodes encoded words first. Tracking cannot be switched off in a request,
only for the account: leave it off there.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import orjson

from digest.accounts import Account
from digest.errors import SettingsError
from digest.providers.brevo import answers
from digest.providers.http import Answer, Caller, TimeOuts
from digest.sending.provider import (
    MARK,
    BatchRefused,
    Content,
    Features,
    Mailing,
    ProviderError,
    Receipt,
    Recipient,
    StopIssue,
    UnknownOutcome,
)

BASE_URL: Final = "https://api.brevo.com"
DELIVERY_TAG: Final = "delivery:"  # the list of events shows tags, not our metadata
FEATURES: Final = Features(
    name="brevo",
    max_recipients=1,
    max_bytes=4_000_000,
    merges=False,
    idempotency=timedelta(minutes=30),
    proof="basic authentication or a bearer token",
    pulls=True,
)
_TAKEN: Final = frozenset((200, 201, 202))
_ABOUT_THE_MAIL: Final = frozenset((400, 413, 422))
_ABOUT_THE_ACCOUNT: Final = frozenset(("not_enough_credits", "permission_denied", "unauthorized"))
# Fields that all mails of an issue share. "Sender" is named in sentences, too.
_SHARED: Final = re.compile(r"\b(?:sender|replyTo|subject|htmlContent|textContent)\b", re.IGNORECASE)
_ABOUT_THE_READER: Final = re.compile(r"\bin to\b")  # "email is not valid in to"
_SPECIALS: Final = re.compile(r'[()<>\[\]:;@\\,."\s]+')  # a name with them and other letters is dropped
_TEMPLATE: Final = re.compile(r"\{(?=[{%#])")
_LONGEST_NAME: Final = 70


class Brevo:
    """Sends by Brevo's API."""

    features = FEATURES

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def payload_bytes(self, content: Content) -> int:  # noqa: ARG002 - the port's; the mail is counted with its reader
        """Return the bytes of a call's body without any recipient: two brackets."""
        return 2

    def recipient_bytes(self, content: Content, recipient: Recipient) -> int:
        """Return an upper bound of the bytes one recipient adds: the whole mail."""
        return len(orjson.dumps(_mail(content, recipient, "0" * 36, "0" * 100)))

    def send(self, mailing: Mailing) -> Sequence[Receipt]:
        """Hand one mail over under the batch's id as the key."""
        if len(mailing.recipients) != 1:
            raise BatchRefused(f"Brevo takes one reader a call, not {len(mailing.recipients)}: nothing was sent.")
        (recipient,) = mailing.recipients
        body = orjson.dumps(_mail(mailing.content, recipient, str(mailing.batch_id), mailing.issue_ref[:100]))
        answer = self._caller.post("/v3/smtp/email", body)
        if answer.status_code in _TAKEN:
            return [_receipt(answer, recipient)]
        if answers.fields(answer).get("code") == "duplicate_parameter":
            return [Receipt(delivery_ref=recipient.delivery_ref, accepted=True)]  # taken when the key was first used
        raise _error(answer, recipient)

    def close(self) -> None:
        """Give connections back."""
        self._caller.close()


def build(account: Account, times: TimeOuts, **given: Any) -> Brevo:
    """Return Brevo for an account. ``given`` (a transport) is for tests. Raises SettingsError."""
    return Brevo(caller(account, times, **given))


def caller(account: Account, times: TimeOuts, **given: Any) -> Caller:
    """Return what speaks to Brevo in an account's name. Raises SettingsError."""
    if not account.secret("api_key"):
        raise SettingsError("Brevo needs BREVO_API_KEY (or api_key, in its account).")
    return Caller(account.base_url or BASE_URL, {"api-key": account.secret("api_key")}, times, **given)


def _mail(content: Content, recipient: Recipient, batch: str, issue: str) -> dict[str, Any]:
    """Return one whole mail as the API wants it."""
    values = recipient.values

    def filled(text: str) -> str:
        return MARK.sub(lambda found: values.get(found.group(), ""), text)

    metadata = {"delivery": recipient.delivery_ref, "batch": batch, "issue": _ascii(issue)}
    mail: dict[str, Any] = {
        "sender": _person(content.sender_name, content.sender_address),
        "to": [_person(recipient.name, recipient.address)],
        "subject": _untemplated(_one_line(filled(content.subject))),
        "htmlContent": _untemplated(filled(content.html)),
        "textContent": _untemplated(filled(content.text)),
        "headers": {
            **{name: _ascii(_one_line(filled(value))) for name, value in content.headers.items()},
            "X-Mailin-custom": orjson.dumps(metadata).decode(),
            "idempotencyKey": batch,
        },
        "tags": [f"{DELIVERY_TAG}{recipient.delivery_ref}", issue],
    }
    if content.reply_to:
        mail["replyTo"] = {"email": content.reply_to}
    return mail


def _person(name: str, address: str) -> dict[str, str]:
    plain = _SPECIALS.sub(" ", name).strip()[:_LONGEST_NAME].rstrip()
    return {"email": address, "name": plain} if plain else {"email": address}


def _untemplated(text: str) -> str:
    return _TEMPLATE.sub("{ ", text)


def _ascii(text: str) -> str:
    """Return a text in ASCII: letters without their accents; other signs are left out, as in the name of List-Id."""
    if text.isascii():
        return text
    return " ".join(unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().split())


def _one_line(text: str) -> str:
    return " ".join(text.replace("\0", " ").splitlines())


def _receipt(answer: Answer, recipient: Recipient) -> Receipt:
    """Return the receipt of a success. One without a message id is not Brevo's answer: who knows."""
    message_id = answers.fields(answer).get("messageId")
    if not isinstance(message_id, str) or not message_id:
        raise UnknownOutcome(f"Brevo answered {answer.status_code} without a message id.")
    return Receipt(delivery_ref=recipient.delivery_ref, accepted=True, message_id=message_id.strip("<> "))


def _error(answer: Answer, recipient: Recipient) -> ProviderError:
    """Return what a refusal means. A 5xx is repeated under the same key, whatever it promises."""
    if answer.status_code not in _ABOUT_THE_MAIL:
        return answers.error(answer)
    said, sentence = answers.fields(answer), answers.sentence(answer)
    message = str(said.get("message") or "")
    if said.get("code") in _ABOUT_THE_ACCOUNT:
        return StopIssue(f"{sentence} Look at the account at Brevo, then resume the issue.")
    if _SHARED.search(message):
        return StopIssue(f"{sentence} Correct it: digest publications edit, then digest issues edit ISSUE refresh.")
    named = {recipient.delivery_ref: message[:200]} if _ABOUT_THE_READER.search(message) else {}
    return BatchRefused(sentence, named)
