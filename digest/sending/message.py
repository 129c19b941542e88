"""A mail as bytes, for providers that take whole messages: split at its marks once, joined for each reader."""

import re
from binascii import b2a_qp
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from typing import Final

from digest.sending.encoded_words import encoded_words, is_plain
from digest.sending.provider import MARK, Content, Recipient

# 998: the longest line RFC 5322 section 2.1.1 allows. The default folds a long List-Unsubscribe into encoded words,
# which breaks one-click (RFC 8058).
POLICY: Final = SMTP.clone(max_line_length=998)
LONGEST_LINE: Final = 998
_LINE_END = re.compile(r"\r\n|\r|\n")


class Letter:
    """One content, to be written for many readers."""

    def __init__(self, content: Content) -> None:
        self._content = content
        boundary = sha256((content.html + content.text).encode()).hexdigest()[:32]
        self._boundary = f"=_{boundary}"
        self._head = _common_head(content)
        self._text, self._html = _split(content.text), _split(content.html)

    def write(self, recipient: Recipient, at: datetime) -> bytes:
        """Return the whole message for one reader; ``at`` is its Date. Lines end with CR LF."""
        values = recipient.values
        own = {
            "To": to_header(recipient.name, recipient.address),
            "Date": format_datetime(at),
            "Message-ID": f"<{recipient.delivery_ref}@{self._content.sender_address.rpartition('@')[2]}>",
            **{name: _filled(value, values) for name, value in self._content.headers.items()},
        }
        lines = [f"{name}: {_one_line(value)}" for name, value in own.items()]
        mark = self._boundary.encode()
        return b"".join(
            (
                self._head,
                "\r\n".join(lines).encode("ascii", "xmlcharrefreplace"),
                b'\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="' + mark + b'"\r\n\r\n',
                b"--" + mark + b"\r\n" + _part("plain", _join(self._text, values)),
                b"--" + mark + b"\r\n" + _part("html", _join(self._html, values)),
                b"--" + mark + b"--\r\n",
            )
        )


def to_header(name: str, address: str) -> str:
    """Return an address with a name as it stands in To or From; a name in other letters becomes encoded words."""
    plain = _one_line(name)
    if not plain.strip():
        return address
    if is_plain(plain):
        user, _, domain = address.rpartition("@")
        return str(Address(plain, user, domain))
    return f"{encoded_words(plain)} <{address}>"


def _common_head(content: Content) -> bytes:
    """Return the header fields that all readers share."""
    subject = _one_line(content.subject)
    fields = {
        "From": to_header(content.sender_name, content.sender_address),
        "Subject": subject if is_plain(subject) else encoded_words(subject),
        "Reply-To": content.reply_to,
    }
    lines = [f"{name}: {value}" for name, value in fields.items() if value or name == "Subject"]
    return "\r\n".join(lines).encode("ascii", "xmlcharrefreplace") + b"\r\n"


def _part(kind: str, text: str) -> bytes:
    """Return one alternative: as it is where its lines are short enough, else in quoted-printable."""
    raw = _LINE_END.sub("\r\n", text).encode()
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: "
    if max(map(len, raw.split(b"\r\n"))) <= LONGEST_LINE:
        return head.encode() + b"8bit\r\n\r\n" + raw + b"\r\n"
    return head.encode() + b"quoted-printable\r\n\r\n" + _quoted(raw) + b"\r\n"


def _quoted(raw: bytes) -> bytes:
    """Return quoted-printable with CR LF; the C function breaks lines with LF where it saw no CR."""
    return b2a_qp(raw, istext=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _split(text: str) -> list[str]:
    return re.split(f"({MARK.pattern})", text)


def _join(parts: list[str], values: Mapping[str, str]) -> str:
    return "".join(values.get(part, part) if index % 2 else part for index, part in enumerate(parts))


def _filled(text: str, values: Mapping[str, str]) -> str:
    return MARK.sub(lambda found: values.get(found.group(), ""), text)


def _one_line(text: str) -> str:
    """Take line breaks out of a header value, so that nothing can add a header of its own."""
    return " ".join(text.replace("\0", " ").splitlines())
