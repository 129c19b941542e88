"""A mail that came back, taken apart: what a report says of each recipient, and the mail it returned.

Delivery status notifications: RFC 3464 (and 6533, its international forms); feedback reports: RFC 5965; the multipart
around them: RFC 6522. Mails come from anybody and in odd shapes: parts are missing, wrongly named, or encoded that must
not be; so each part is looked for by its own type, and what cannot be read counts as missing. A report inside an
attached mail is another's: attachments are not entered. Read in November 2026.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, message_from_string
from email.message import Message
from typing import Any, Final

MOST_BYTES: Final = 2_000_000  # the report stands first; the rest of a larger mail is the returned one
MOST_RECIPIENTS: Final = 100  # of one report: we send each mail to one
MOST_DEPTH: Final = 5  # multiparts within multiparts
MOST_PARTS: Final = 50
_FIELD_LENGTH: Final = 500
_STATUS = ("message/delivery-status", "message/global-delivery-status")
_FEEDBACK = "message/feedback-report"
_ORIGINAL = (
    "message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "text/rfc822", "message/global",
    "message/global-headers",
)  # fmt: skip
_NOT_FOR_A_STORE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]+")  # control characters, and bytes that were no text

_BLANK_LINE = re.compile(r"\r?\n[ \t]*\r?\n")

Fields = Mapping[str, str]  # name in lower case -> value


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a mail says. ``recipients``: of a delivery status; ``feedback``: of a complaint; both empty: no report."""

    head: Sequence[tuple[str, str]]  # of the mail itself: (name in lower case, value)
    about: Fields = field(default_factory=dict)  # of a delivery status: what holds for all recipients
    recipients: Sequence[Fields] = ()
    feedback: Fields = field(default_factory=dict)
    original: Fields = field(default_factory=dict)  # headers of the returned mail

    def values(self, *names: str) -> list[str]:
        """Return the mail's own header values of some names, each name's in turn."""
        return [value for wanted in names for name, value in self.head if name == wanted]


def parse(raw: bytes) -> Report:
    """Return what a mail says; one that is no report says nothing."""
    mail = message_from_bytes(raw[:MOST_BYTES])
    found = [part for _, part in zip(range(MOST_PARTS), _parts(mail), strict=False)]
    blocks = [block for part in found if part.get_content_type() in _STATUS for block in _blocks(part)]
    recipients = [block for block in blocks if block.keys() & {"final-recipient", "original-recipient", "action"}]
    feedback = next((_joined(_blocks(part)) for part in found if part.get_content_type() == _FEEDBACK), {})
    original = next((_original(part) for part in found if part.get_content_type() in _ORIGINAL), {})
    return Report(
        head=[(name.lower(), clean(value)) for name, value in mail.items()],
        about=_joined(blocks[:1]),
        recipients=recipients[:MOST_RECIPIENTS],
        feedback=feedback,
        original=original,
    )


def clean(value: Any) -> str:
    """Return a value from a mail as text that every database takes: one line, bounded."""
    return " ".join(_NOT_FOR_A_STORE.sub(" ", str(value)).split())[:_FIELD_LENGTH]


def _inside(part: Message) -> list[Message]:
    """Return what a container holds, as the parser took it apart."""
    inner = part.get_payload()
    return [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []


def _text_of(part: Message) -> str:
    inner = part.get_payload()
    return inner if isinstance(inner, str) else ""


def _parts(mail: Message, depth: int = 0) -> Iterator[Message]:
    """Yield the parts that are no containers; attached mails are yielded, not entered."""
    if mail.get_content_maintype() == "multipart" and mail.is_multipart():
        for part in _inside(mail) if depth < MOST_DEPTH else ():
            yield from _parts(part, depth + 1)
    else:
        yield mail


def _blocks(part: Message) -> list[Fields]:
    """Return the groups of fields of a report, as headers each; the parser has cut some of them off already."""
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() in ("base64", "quoted-printable"):
        return _from_text(_decoded(part))
    if not part.is_multipart():
        return _from_text(_text_of(part))
    return [fields for block in _inside(part) for fields in (_fields(block), *_from_text(_text_of(block)))]


def _from_text(text: str) -> list[Fields]:
    groups = _BLANK_LINE.split(text, MOST_RECIPIENTS)
    return [_fields(message_from_string(group.lstrip())) for group in groups if group.strip()]


def _decoded(part: Message) -> str:
    """Return the text of a part that is encoded, though a report's must not be."""
    # The parser took it for headers, and what is no header for a body: put it together again.
    raw = "\n".join(_text_of(one) or one.as_string() for one in _inside(part) or [part])
    whole: Message = Message()
    whole["Content-Transfer-Encoding"] = str(part["Content-Transfer-Encoding"]).strip().lower()
    whole.set_payload(raw.strip())
    decoded = whole.get_payload(decode=True)
    return decoded.decode("utf-8", "replace").replace("\r\n", "\n") if isinstance(decoded, bytes) else ""


def _original(part: Message) -> Fields:
    """Return the headers of a returned mail, whole or headers only."""
    if part.is_multipart():
        return _joined([_fields(one) for one in _inside(part)[:1]])
    decoded = part.get_payload(decode=True)
    return _fields(message_from_bytes(decoded.lstrip())) if isinstance(decoded, bytes) else {}


def _fields(message: Message) -> Fields:
    """Return headers by name; of a name that comes twice, the first."""
    found: dict[str, str] = {}
    for name, value in message.items():
        found.setdefault(name.lower(), clean(value))
    return found


def _joined(blocks: Sequence[Fields]) -> Fields:
    return {name: value for block in reversed(blocks) for name, value in block.items()}
