"""Mailgun, POST /v3/{domain}/messages: one call takes up to 1,000 readers of one edition; it fills in their values.

Read in November 2026: documentation.mailgun.com/docs/mailgun/user-manual/sending-messages (send-http: 25 MB, counted
before gzip; batch-sending: 1,000 readers, ``recipient-variables``; its examples send multipart/form-data), the client
(github mailgun/mailgun.js, which does so too), and django-anymail, for variables in ``h:`` and ``v:`` fields.
Mailgun keeps no idempotency keys: what got no answer is of unknown fate. All readers of a call get the same message id.

Mailgun reads ``%recipient.x%`` and its kin (``%unsubscribe_url%``) wherever they stand, and has no way to write them
out. What an edition or a reader's name brings of that kind is made harmless: an entity for the sign in HTML, a word
joiner (no width) after it in text, subject and names. In a header it raises.

Could not be settled: whether variables fail for addresses with a plus sign (mailgun.js #413, closed without an answer;
Anymail and the page know of no such rule). Whether a request can stop the unsubscribe link that a domain adds where
"Unsubscribes" is on: leave that off. Seconds to wait after a 429 where Retry-After is missing.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from email.header import Header
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

import orjson

from digest.accounts import Account
from digest.errors import SettingsError
from digest.providers.http import Answer, Caller, TimeOuts
from digest.providers.mailgun import answers
from digest.sending.provider import (
    MARK,
    BatchRefused,
    Content,
    Features,
    Mailing,
    Receipt,
    Recipient,
    StopIssue,
    UnknownOutcome,
)

BASE_URL: Final = "https://api.mailgun.net"
FEATURES: Final = Features(
    name="mailgun",
    max_recipients=1000,
    max_bytes=24_000_000,  # the documented limit is 25 MB; the rest is margin
    merges=True,
    idempotency=None,
    proof="HMAC-SHA256 over time and token",
    pulls=True,
)
LONGEST_TAG: Final = 128
_READ_BY_MAILGUN: Final = re.compile(
    r"%(?=(?:recipient|unsubscribe_|tag_unsubscribe_|mailing_list_unsubscribe_))", re.IGNORECASE
)
_JOINER: Final = "\u2060"
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]+")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OTHER_LETTERS: Final = re.compile(r"\S*[^\x00-\x7f]\S*(?: +\S*[^\x00-\x7f]\S*)*")
_OK: Final = 200
_LONGEST_ID: Final = "0" * 100

_Fields = list[tuple[str, str]]


class Mailgun:
    """Sends by Mailgun's API."""

    features = FEATURES

    def __init__(self, caller: Caller, path: str) -> None:
        """``path``: of the domain's messages."""
        self._caller = caller
        self._path = path

    def payload_bytes(self, content: Content) -> int:
        """Return the bytes of a call's body without any recipient."""
        fields = _Edition(content).fields("0" * 36, _LONGEST_ID)
        return len(_multipart([*fields, ("recipient-variables", "{}")], "0" * 64))

    def recipient_bytes(self, content: Content, recipient: Recipient) -> int:
        """Return an upper bound of the bytes one recipient adds."""
        variables = {recipient.address: _Edition(content).variables(recipient)}
        return len(_part("to", _mailbox(recipient.name, recipient.address), "0" * 64)) + len(orjson.dumps(variables))

    def send(self, mailing: Mailing) -> Sequence[Receipt]:
        """Hand the mailing over: all of it is taken (200) or nothing."""
        edition = _Edition(mailing.content)
        people = {one.address: edition.variables(one) for one in mailing.recipients}
        if len({address.lower() for address in people}) < len(mailing.recipients):
            raise BatchRefused("Mailgun knows readers by their address: one stands twice in this batch.")
        fields = edition.fields(str(mailing.batch_id), mailing.issue_ref[: len(_LONGEST_ID)])
        fields += [("to", _mailbox(one.name, one.address)) for one in mailing.recipients]
        fields.append(("recipient-variables", orjson.dumps(people).decode()))
        answer = self._post(fields)
        if answer.status_code != _OK:
            raise answers.refusal(answer, mailing.recipients)
        message_id = _message_id(answer)
        return [
            Receipt(delivery_ref=one.delivery_ref, accepted=True, message_id=message_id) for one in mailing.recipients
        ]

    def close(self) -> None:
        """Give connections back."""
        self._caller.close()

    def _post(self, fields: _Fields) -> Answer:
        boundary = sha256("\0".join(value for _, value in fields).encode()).hexdigest()  # a text cannot hold its own
        return self._caller.post(
            self._path, _multipart(fields, boundary), {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        )


def build(account: Account, times: TimeOuts, **given: Any) -> Mailgun:
    """Return Mailgun for an account. ``given`` (a transport) is for tests. Raises SettingsError."""
    return Mailgun(caller(account, times, **given), f"{domain_path(account)}/messages")


def caller(account: Account, times: TimeOuts, **given: Any) -> Caller:
    """Return what speaks to Mailgun in an account's name. Raises SettingsError."""
    if not account.secret("api_key"):
        raise SettingsError("Mailgun needs MAILGUN_API_KEY (or api_key, in its account).")
    headers = {"Authorization": f"Basic {b64encode(b'api:' + account.secret('api_key').encode()).decode()}"}
    base_url = (account.base_url or BASE_URL).rstrip("/").removesuffix("/v3")
    return Caller(base_url, headers, times, **given)


def domain_path(account: Account) -> str:
    """Return the path that an account's domain has in the API. Raises SettingsError."""
    if not account.domain or "/" in account.domain:
        raise SettingsError(
            f"Mailgun needs MAILGUN_DOMAIN (or domain, in its account), such as mg.example.org, not {account.domain!r}."
        )
    return f"/v3/{quote(account.domain, safe='')}"


class _Edition:
    """One content as Mailgun wants it: each mark is a variable of the reader's."""

    def __init__(self, content: Content) -> None:
        self._content = content
        texts = (content.subject, content.html, content.text, *content.headers.values())
        marks = sorted({mark for text in texts for mark in MARK.findall(text)})
        self._keys: Mapping[str, str] = {mark: f"s{number}" for number, mark in enumerate(marks)}

    def fields(self, batch: str, issue: str) -> _Fields:
        """Return the fields that all readers share. Raises StopIssue for a header that cannot be told."""
        content = self._content
        fields = [
            ("from", _mailbox(content.sender_name, content.sender_address)),
            ("subject", self._marked(_plain(_CONTROLS.sub(" ", content.subject)))),
            ("text", self._marked(_plain(content.text))),
            ("html", self._marked(_READ_BY_MAILGUN.sub("&#37;", content.html))),
            *self._headers(),
            ("o:tag", _ascii(issue)[:LONGEST_TAG] or "-"),
            ("o:tracking", "no"),
            ("o:tracking-clicks", "no"),
            ("o:tracking-opens", "no"),
            ("v:delivery", "%recipient.delivery%"),
            ("v:batch", batch),
            ("v:issue", _plain(issue)),
        ]
        if content.reply_to:
            fields.append(("h:Reply-To", content.reply_to))
        return fields

    def variables(self, recipient: Recipient) -> dict[str, str]:
        """Return one reader's variables."""
        values = recipient.values
        own = {key: _plain(_CONTROLS.sub(" ", values.get(mark, ""))) for mark, key in self._keys.items()}
        return {"delivery": recipient.delivery_ref, **own}

    def _headers(self) -> Iterator[tuple[str, str]]:
        for name, value in self._content.headers.items():
            if not _HEADER_NAME.fullmatch(name) or _READ_BY_MAILGUN.search(value):
                raise StopIssue(
                    f"The header {name} cannot be told to Mailgun, which would read a variable in {value[:80]!r}. "
                    "Write it without the percent sign: digest publications edit."
                )
            yield f"h:{name}", self._marked(_encoded(_CONTROLS.sub(" ", value)))

    def _marked(self, text: str) -> str:
        return MARK.sub(lambda found: f"%recipient.{self._keys[found.group()]}%", text)


def _plain(text: str) -> str:
    """Return a text in which Mailgun reads no variable, though people read the same."""
    return _READ_BY_MAILGUN.sub(f"%{_JOINER}", text)


def _mailbox(name: str, address: str) -> str:
    """Return a name, in quotes and as it is written, with an address."""
    written = _plain(_CONTROLS.sub(" ", name)).strip().replace("\\", "\\\\").replace('"', '\\"')
    return f'"{written}" <{address}>' if written else address


def _encoded(value: str) -> str:
    """Return a header's value in ASCII: words in other letters become encoded words (RFC 2047)."""
    return _OTHER_LETTERS.sub(lambda found: Header(found.group(), "utf-8").encode(linesep=""), value)


def _ascii(text: str) -> str:
    return text.encode("ascii", "ignore").decode().replace("%", "").strip()


def _part(name: str, value: str, boundary: str) -> bytes:
    """Return one field of a form (RFC 7578)."""
    return f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def _multipart(fields: _Fields, boundary: str) -> bytes:
    return b"".join([*(_part(name, value, boundary) for name, value in fields), f"--{boundary}--\r\n".encode()])


def _message_id(answer: Answer) -> str:
    """Return the id in a success. Mailgun greets with 200 at any address that it does not know: nothing was taken."""
    message_id = answers.fields(answer).get("id")
    if isinstance(message_id, str) and message_id.strip("<> "):
        return message_id.strip("<> ")
    if "Mailgun Magnificent API" in answer.text:
        raise StopIssue("Mailgun knows no such address of its API. Check MAILGUN_DOMAIN and MAILGUN_BASE_URL.")
    raise UnknownOutcome("Mailgun answered 200 without a message id: whether it took the mails is not known.")
