"""The counted links of a mail: short, signed, and complete in themselves, so that they never die.

A link is ``/c/TOKEN?u=URL``. The token says edition and place, and signs them together with the URL: whoever follows
it is sent on without a look-up, in ten years as today, and nobody can make it lead elsewhere (no open redirect).
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote
from uuid import UUID

from subscribers import Keys

TRAP: Final = 0  # the place of the link that no person can see
CLICK: Final = "click"  # purposes of stamps
READER: Final = "reader"
AS_IT_IS: Final = ":/?=@,~"  # of a URL inside a query, besides letters, figures and - . _ (RFC 3986 section 3.4)
_PLACE_BYTES: Final = 2
_ID_BYTES: Final = 16
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{40}")  # 30 bytes: no letter of it can be changed without a trace
_READER: Final = re.compile(r"[A-Za-z0-9_-]{38}")  # 28 bytes
_COUNTED: Final = re.compile(rf"/c/{_TOKEN.pattern}\?u=([^&#\s]*)")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a counted link says of where it stands."""

    edition: UUID
    place: int


def path(keys: Keys, edition: UUID, place: int, url: str) -> str:
    """Return the path and query of a counted link: 46 characters more than the URL, and 2 for each & or % in it.

    ``url``: plain ASCII, as ``links.web_address`` gives it. Raises ValueError for a place over 65,535.
    """
    if not 0 <= place < 256**_PLACE_BYTES:
        raise ValueError(f"There is no place {place} in a mail.")
    where = edition.bytes + place.to_bytes(_PLACE_BYTES, "big")
    token = urlsafe_b64encode(keys.stamp(CLICK, where + url.encode()) + where).decode()
    return f"/c/{token}?u={quote(url, safe=AS_IT_IS)}"


def read(keys: Keys, token: str, url: str) -> Claim | None:
    """Return where a link stands whose token signs this URL; None where we did not make the two for each other."""
    if not _TOKEN.fullmatch(token):
        return None
    stamp, where = _apart(token, _ID_BYTES + _PLACE_BYTES)
    if not keys.is_stamp(stamp, CLICK, where + url.encode("utf-8", "replace")):
        return None
    return Claim(UUID(bytes=where[:_ID_BYTES]), int.from_bytes(where[_ID_BYTES:], "big"))


def reader_signer(keys: Keys) -> Callable[[str], str]:
    """Return a function that makes, of a subscriber's ref, the 38 characters that name them in their links."""

    def sign(ref: str) -> str:
        who = UUID(ref).bytes
        return urlsafe_b64encode(keys.stamp(READER, who) + who).rstrip(b"=").decode()

    return sign


def read_reader(keys: Keys, text: str) -> str | None:
    """Return the ref of the subscriber that a link names; None where it names nobody, or was not made by us."""
    if not _READER.fullmatch(text):
        return None
    stamp, who = _apart(f"{text}==", _ID_BYTES)
    return str(UUID(bytes=who)) if keys.is_stamp(stamp, READER, who) else None


def target(href: str) -> str:
    """Return the address behind a counted link; any other link as it is."""
    found = _COUNTED.search(href)
    return unquote(found[1]) if found else href


def _apart(text: str, length: int) -> tuple[bytes, bytes]:
    """Return the stamp, and the bytes of that length which it stands before."""
    raw = urlsafe_b64decode(text)
    return raw[:-length], raw[-length:]
