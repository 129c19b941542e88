"""Postmark, POST /email/batch: up to 500 whole mails a call, and an answer for each of them.

Read in November 2026: postmarkapp.com/developer/user-guide/send-email-with-api/batch-emails (500 messages, 50 MB),
support articles 1056 (10 MB a message, 5 MB each for HTML and text, after encoding), 1125 (metadata), 1180 (names in
quotes), 1208, 1299 and 1300 (unsubscribing), and github ActiveCampaign/postmark.js. Postmark keeps no idempotency keys.

Unsubscribing: a broadcast stream by default adds its own link and its own List-Unsubscribe and List-Unsubscribe-Post,
which cannot be edited: ours are then not what readers see, and what they click is told by SubscriptionChange. So that
our own are kept, ask Postmark's support for "Manage unsubscribes on your own" and choose it in the stream's settings;
then Postmark adds nothing. No field of a mail changes this, and the answer to a mail does not show it.

Postmark puts its own link where a body has ``{{{ pm:... }}}``; what an edition brings of that kind gets a word joiner
(no width) between the braces. Limits of metadata (names of 20 signs, values of 80) are second-hand: ours fit them.
"""

import re
from collections.abc import Mapping, Sequence
from email.header import Header
from typing import Any, Final

import orjson

from digest.accounts import Account
from digest.errors import SettingsError
from digest.providers.http import Caller, TimeOuts
from digest.providers.postmark import answers
from digest.sending.provider import MARK, BatchRefused, Content, Features, Mailing, Receipt, Recipient

BASE_URL: Final = "https://api.postmarkapp.com"
STREAM: Final = "broadcast"  # the id of the one that each server has from its beginning
FEATURES: Final = Features(
    name="postmark",
    max_recipients=500,
    max_bytes=49_000_000,  # the documented limit is 50 MB a call; the rest is margin
    merges=False,
    idempotency=None,
    per_recipient=True,
    proof="basic authentication",
    pulls=True,
)
LONGEST_PART: Final = 5_000_000  # bytes of HTML, and of text, once they are encoded
LONGEST_VALUE: Final = 80  # of metadata
_TOO_MUCH: Final = 10_000_000_000  # no such reader fits any call
_MARK: Final = re.compile(b"(" + MARK.pattern.encode() + b")")
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")
_OTHER_LETTERS: Final = re.compile(r"\S*[^\x00-\x7f]\S*(?: +\S*[^\x00-\x7f]\S*)*")
_PLACEHOLDER: Final = re.compile(r"\{\{(?=\{\s*pm:)", re.IGNORECASE)
_OK: Final = 200


class Postmark:
    """Sends by Postmark's API."""

    features = FEATURES

    def __init__(self, caller: Caller, stream: str) -> None:
        self._caller = caller
        self._stream = stream

    def payload_bytes(self, content: Content) -> int:  # noqa: ARG002 - the port's; each mail carries the whole content
        """Return the bytes of a call's body without any recipient: two brackets."""
        return 2

    def recipient_bytes(self, content: Content, recipient: Recipient) -> int:
        """Return an upper bound of the bytes one recipient adds, its whole mail; so large that none fits if it may not.

        Postmark counts a part once it is in base64, which is a third longer.
        """
        own = sum(map(len, recipient.values.values()))
        if max(len(content.html.encode()), len(content.text.encode())) + own > LONGEST_PART * 3 // 4:
            return _TOO_MUCH
        return len(_Letter(content, self._stream, "0" * 36, "0" * LONGEST_VALUE).write(recipient)) + 1

    def send(self, mailing: Mailing) -> Sequence[Receipt]:
        """Hand the mailing over: Postmark answers for each reader (see ``answers``)."""
        bad = {
            one.delivery_ref: f"Postmark takes {LONGEST_VALUE} signs of metadata."
            for one in mailing.recipients
            if len(one.delivery_ref) > LONGEST_VALUE
        }
        if bad:
            raise BatchRefused(f"{len(bad)} deliveries have names too long for Postmark.", bad)
        letter = _Letter(mailing.content, self._stream, str(mailing.batch_id), mailing.issue_ref[:LONGEST_VALUE])
        body = b"[" + b",".join([letter.write(one) for one in mailing.recipients]) + b"]"
        answer = self._caller.post("/email/batch", body)
        if answer.status_code == _OK:
            return answers.receipts(answer, mailing.recipients)
        raise answers.error(answer)

    def close(self) -> None:
        """Give connections back."""
        self._caller.close()


def build(account: Account, times: TimeOuts, **given: Any) -> Postmark:
    """Return Postmark for an account. ``given`` (a transport) is for tests. Raises SettingsError."""
    return Postmark(caller(account, times, **given), account.stream or STREAM)


def caller(account: Account, times: TimeOuts, **given: Any) -> Caller:
    """Return what speaks to Postmark in an account's name. Raises SettingsError."""
    if not account.secret("api_key"):
        raise SettingsError("Postmark needs POSTMARK_API_KEY (or api_key, in its account): the server's API token.")
    headers = {"X-Postmark-Server-Token": account.secret("api_key"), "Accept": "application/json"}
    return Caller(account.base_url or BASE_URL, headers, times, **given)


class _Letter:
    """One content as JSON, split at its marks once, joined for each reader.

    A JSON string stays one when another, escaped, is put into it; and no mark has a sign that JSON escapes.
    """

    def __init__(self, content: Content, stream: str, batch: str, issue: str) -> None:
        self._parts = _MARK.split(orjson.dumps(_shared(content, stream, issue))[1:])
        self._metadata = {"batch": batch, "issue": issue}

    def write(self, recipient: Recipient) -> bytes:
        """Return the whole mail for one reader."""
        own = {
            "To": _mailbox(recipient.name, recipient.address),
            "Metadata": {"delivery": recipient.delivery_ref, **self._metadata},
        }
        values = {mark.encode(): _escaped(value) for mark, value in recipient.values.items()}
        return orjson.dumps(own)[:-1] + b"," + _joined(self._parts, values)


def _shared(content: Content, stream: str, issue: str) -> dict[str, Any]:
    """Return what all readers' mails have in common."""
    shared = {
        "From": _mailbox(content.sender_name, content.sender_address),
        "Subject": _CONTROLS.sub(" ", content.subject),
        "HtmlBody": _harmless(content.html),
        "TextBody": _harmless(content.text),
        "Headers": [{"Name": name, "Value": _header(value)} for name, value in content.headers.items()],
        "Tag": issue,
        "TrackOpens": False,
        "TrackLinks": "None",
        "MessageStream": stream,
    }
    return {**shared, "ReplyTo": content.reply_to} if content.reply_to else shared


def _joined(parts: Sequence[bytes], values: Mapping[bytes, bytes]) -> bytes:
    return b"".join([values.get(part, b"") if index % 2 else part for index, part in enumerate(parts)])


def _escaped(value: str) -> bytes:
    """Return a reader's value as it stands inside a JSON string: on one line, for it may be a header's."""
    return orjson.dumps(_harmless(_CONTROLS.sub(" ", value)))[1:-1]


def _harmless(text: str) -> str:
    return _PLACEHOLDER.sub("{\u2060{", text)


def _header(value: str) -> str:
    """Return a header's value in ASCII: words in other letters become encoded words (RFC 2047)."""
    line = _CONTROLS.sub(" ", value)
    return _OTHER_LETTERS.sub(lambda found: Header(found.group(), "utf-8").encode(linesep=""), line)


def _mailbox(name: str, address: str) -> str:
    """Return a name, in quotes and as it is written, with an address."""
    written = _CONTROLS.sub(" ", name).strip().replace("\\", "\\\\").replace('"', '\\"')
    return f'"{written}" <{address}>' if written else address
