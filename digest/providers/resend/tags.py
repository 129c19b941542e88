"""Our names in Resend's tags, which know only A-Z, a-z, 0-9, _ and -, and at most 256 characters.

Each other byte becomes ``_`` and two hexadecimal digits, and so does ``_`` itself: nothing is lost.
Source: resend-python resend/emails/_tag.py, and "Send Email" of resend.com/docs/api-reference (November 2026).
"""

import re
from typing import Final

LONGEST: Final = 256
_OTHER: Final = re.compile(rb"[^A-Za-z0-9-]")
_ESCAPE: Final = re.compile(rb"_([0-9A-F]{2})")


def encoded(text: str) -> str:
    """Return a text as the value of a tag; one that becomes too long is cut."""
    return _OTHER.sub(lambda found: b"_%02X" % found[0][0], text.encode()).decode()[:LONGEST]


def decoded(value: str) -> str:
    """Return the text that ``encoded`` was given."""
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), value.encode()).decode("utf-8", "replace")
