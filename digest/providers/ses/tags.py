"""Message tags: our names in the few signs that SES allows, and back.

A tag's value holds letters, figures, _ and - only, at most 256 of them (docs.aws.amazon.com/ses, APIReference-V2,
MessageTag, read in November 2026). Every other sign, and _ itself, becomes _ and two hexadecimal figures for each of
its bytes in UTF-8: "12.345" is "12_2e345".
"""

import re
from typing import Final

LONGEST: Final = 256
_OTHERS = re.compile(rb"[^A-Za-z0-9-]")
_CODED = re.compile(rb"_([0-9a-f]{2})")


def encoded(text: str) -> str:
    """Return a text as the value of a tag; ``decoded`` gives it back."""
    return _OTHERS.sub(lambda found: b"_%02x" % ord(found.group()), text.encode()).decode()


def decoded(value: str) -> str:
    """Return the text of a tag's value."""
    return _CODED.sub(lambda found: bytes.fromhex(found[1].decode()), value.encode()).decode(errors="replace")
