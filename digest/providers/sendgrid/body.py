"""The body of SendGrid's calls: what all readers of an edition share is written once, theirs are put in between.

It is JSON joined from pieces: a thousand readers as dictionaries, dumped, took three times as long.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from threading import Lock
from typing import Any, Final

import orjson

from digest.sending.provider import MARK, Content, Recipient

KEPT: Final = 64  # contents whose shared part is remembered
_NOT_IN_NAMES: Final = re.compile(r"[;,\s]+")  # a name may hold no semicolon and no comma
_OFF: Final = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": {"enable": False},
    "subscription_tracking": {"enable": False},
    "ganalytics": {"enable": False},
}


class Body:
    """The calls' body for one content."""

    __slots__ = ("_headers", "_marks", "_rest")

    def __init__(self, content: Content) -> None:
        # SendGrid fills in marks in the subject and the bodies, not in headers: those we fill in ourselves.
        self._marks = sorted(set(MARK.findall(content.subject + content.text + content.html)))
        self._headers = {name: value for name, value in content.headers.items() if MARK.search(value)}
        self._rest = orjson.dumps(_shared(content))[1:]

    def of(self, recipients: Sequence[Recipient], batch: str, issue: str) -> bytes:
        """Return the body of a call; ``batch`` and ``issue`` come back in its events."""
        return b'{"personalizations":[' + self.people(recipients, batch, issue) + b"]," + self._rest

    def people(self, recipients: Sequence[Recipient], batch: str, issue: str) -> bytes:
        """Return the readers as the API wants them, a comma between two."""
        pieces = self._pieces(recipients, batch, issue)
        laid = [""] * (len(pieces) * len(recipients))
        for place, piece in enumerate(pieces):
            laid[place :: len(pieces)] = [piece] * len(recipients) if isinstance(piece, str) else piece
        return "".join(laid)[:-1].encode()

    def _pieces(self, recipients: Sequence[Recipient], batch: str, issue: str) -> list[str | list[str]]:
        """Return the pieces of a reader: a text is the same for all, a list has one for each."""
        values = [one.values for one in recipients]

        def filled(mark: str) -> list[str]:
            return _inside([one.get(mark, "") for one in values])

        ends = f'","batch":{_json(batch)},"issue":{_json(issue[:100])}}}}},'
        refs = _inside([one.delivery_ref for one in recipients])
        return [
            '{"to":[{"email":"',
            _inside([one.address for one in recipients]),
            '"',
            _names([one.name for one in recipients]),
            '}],"headers":{',
            *_joined((name, _parted(value, filled)) for name, value in self._headers.items()),
            '},"substitutions":{',
            *_joined((mark, [filled(mark)]) for mark in self._marks),
            '},"custom_args":{"delivery":"',
            refs,
            ends,
        ]


class Bodies:
    """The bodies of the contents that were sent last. Thread-safe."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[Content, Body]] = {}  # by identity: a content is large, and sent often
        self._lock = Lock()

    def of(self, content: Content) -> Body:
        """Return the body for a content."""
        found = self._kept.get(id(content))
        if found is None or found[0] is not content:
            found = (content, Body(content))
            with self._lock:
                self._kept[id(content)] = found
                while len(self._kept) > KEPT:
                    del self._kept[next(iter(self._kept))]
        return found[1]


def _shared(content: Content) -> dict[str, Any]:
    message: dict[str, Any] = {
        "from": {"email": content.sender_address, "name": content.sender_name},
        "subject": content.subject,
        "content": [
            {"type": "text/plain", "value": content.text},  # the plain text must come first
            {"type": "text/html", "value": content.html},
        ],
        "headers": {name: value for name, value in content.headers.items() if not MARK.search(value)},
        "tracking_settings": _OFF,
        "mail_settings": {"footer": {"enable": False}},
    }
    if content.reply_to:
        message["reply_to"] = {"email": content.reply_to}
    return message


def _joined(fields: Iterable[tuple[str, Sequence[str | list[str]]]]) -> list[str | list[str]]:
    """Return the pieces of a JSON object's fields: names with the pieces of their (escaped) texts."""
    pieces: list[str | list[str]] = []
    for name, value in fields:
        pieces += ["," if pieces else "", f'{_json(name)}:"', *value, '"']
    return pieces


def _parted(text: str, filled: Callable[[str], list[str]]) -> list[str | list[str]]:
    """Return the pieces of a text with marks in it: what stands between them, and each reader's values."""
    marks = MARK.findall(text)
    between = [_json(part)[1:-1] for part in MARK.split(text)]
    pieces: list[str | list[str]] = [between[0]]
    for mark, after in zip(marks, between[1:], strict=True):
        pieces += [filled(mark), after]
    return pieces


def _names(names: Sequence[str]) -> list[str]:
    known = {name: _NOT_IN_NAMES.sub(" ", name).strip() for name in set(names)}
    fields = {name: f',"name":{_json(plain)}' if plain else "" for name, plain in known.items()}
    return [fields[name] for name in names]


def _inside(texts: list[str]) -> list[str]:
    """Return texts as they stand inside the quotation marks of JSON; hardly any has a letter that is written otherwise.

    One look at all of them together is enough: JSON only ever makes a text longer.
    """
    together = "".join(texts)
    if len(orjson.dumps(together)) == len(together.encode()) + 2:
        return texts
    return [_json(one)[1:-1] for one in texts]


def _json(text: str) -> str:
    return orjson.dumps(text).decode()
