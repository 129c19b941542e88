"""Writes text of any letters into a header as encoded words (RFC 2047): each short enough, none inside a character."""

import unicodedata
from base64 import b64encode
from collections.abc import Iterator
from typing import Final, TypeVar

LONGEST: Final = 75  # characters of one encoded word, its marks included: RFC 2047 section 2
LONGEST_PLAIN: Final = 900  # characters of a header value that stands as it is; lines hold 998
_ROOM: Final = LONGEST - len("=?utf-8?q??=")
_BYTES: Final = _ROOM // 4 * 3  # base64 makes four characters of three bytes
_SAFE: Final = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/"
)  # in a phrase: section 5 (3)
_JOINER: Final = "\u200d"
Part = TypeVar("Part", str, bytes)


def is_plain(text: str) -> bool:
    """Tell whether a header can hold a text as it is: printable ASCII, short, and nothing that reads as encoded."""
    return text.isascii() and text.isprintable() and len(text) <= LONGEST_PLAIN and "=?" not in text


def encoded_words(text: str) -> str:
    """Return a text as encoded words with blanks between them, which readers take out again.

    Quoted-printable or base64, whichever is shorter. A letter and the marks on it stay in one word where they fit.
    """
    quoted = [_quoted(one) for one in _letters(text)]
    raw = [_bytes(one) for one in _letters(text)]
    if sum(map(len, quoted)) <= sum(map(len, raw)) * 4 / 3:
        return " ".join(f"=?utf-8?q?{''.join(part)}?=" for part in _packed(quoted, _ROOM))
    return " ".join(f"=?utf-8?b?{b64encode(b''.join(part)).decode()}?=" for part in _packed(raw, _BYTES))


def _letters(text: str) -> Iterator[str]:
    """Yield characters, each with the marks and joined signs that belong to it, as far as those fit into a word."""
    held = ""
    for one in text:
        belongs = held and (unicodedata.category(one)[0] == "M" or _JOINER in (one, held[-1]))
        if belongs and len(_quoted(held + one)) <= _ROOM and len(_bytes(held + one)) <= _BYTES:
            held += one
            continue
        if held:
            yield held
        held = one
    if held:
        yield held


def _packed(parts: list[Part], room: int) -> Iterator[list[Part]]:
    """Yield as many parts at a time as there is room for."""
    held: list[Part] = []
    left = room
    for part in parts:
        if held and len(part) > left:
            yield held
            held, left = [], room
        held.append(part)
        left -= len(part)
    if held:
        yield held


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _quoted(text: str) -> str:
    """Return the "Q" encoding: a blank is "_", all but safe signs is "=" and two figures."""
    return "".join("_" if one == 0x20 else chr(one) if one in _SAFE else f"={one:02X}" for one in _bytes(text))  # noqa: PLR2004 - a blank
