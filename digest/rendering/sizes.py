"""How heavy a mail is once its slots are filled: Gmail cuts what the reader gets, not what we stored."""

import re
from collections.abc import Mapping

from digest.rendering import slots

LONGEST_URL = "https://" + "x" * 392  # 400 characters: a base URL of 80 and the longest token there is
LONGEST_READER = "x" * 38
LONGEST_NAME = "'" * 100  # escaping makes each of the 100 characters six
STYLE_LIMIT = 16_384  # Gmail drops the style blocks past it (email rules, 3.2)
STYLE = re.compile(r"<style.*?</style>", re.DOTALL)


def html_bytes(html: str, marks: Mapping[str, str]) -> int:
    """Return the bytes of the HTML with every slot filled by the longest value it may get."""
    stops = {key.rpartition("@")[0].removeprefix(slots.STOP): LONGEST_URL for key in marks}
    longest = slots.values(
        marks,
        unsubscribe_url=LONGEST_URL,
        preferences_url=LONGEST_URL,
        name=LONGEST_NAME,
        stops=stops,
        reader=LONGEST_READER,
    )
    return len(slots.fill(html, longest).encode())


def style_bytes(html: str) -> int:
    """Return the bytes of all style blocks together."""
    return sum(len(block.encode()) for block in STYLE.findall(html))
