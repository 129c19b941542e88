"""Texts made fit for one line of a mail: no control characters, no stray separators, directions kept apart."""

import re
import textwrap
import unicodedata
from collections.abc import Iterable

UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
MARKS = {"ltr": "\u200e", "rtl": "\u200f"}
RTL = ("R", "AL")
WIDTH = 72
BEFORE_A_DOT = re.compile(" (?=[\u200e\u200f]?·)")
GLUE = "\x1f"  # no text has one: clean() takes control characters out


def clean(text: str) -> str:
    """Return the text on one line: control characters and lone surrogates become blanks, blanks become one."""
    return " ".join(UNPRINTABLE.sub(" ", text).split())


def first_strong(text: str) -> str:
    """Return the direction of the first letter that has one: ltr, rtl, or "" (figures and signs only)."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind == "L":
            return "ltr"
        if kind in RTL:
            return "rtl"
    return ""


def separator(parts: Iterable[str], direction: str) -> str:
    """Return what stands between parts of a line: a dot, held in the line's direction where a part has the other.

    Without the mark a Latin name before an Arabic "9 minutes" would pull the 9 to its own side.
    """
    mixed = any(first_strong(part) not in ("", direction) for part in parts)
    return f" {MARKS[direction]}·{MARKS[direction]} " if mixed else " · "


def wrap(text: str, indent: int = 0) -> str:
    """Return the text in lines of at most 72 columns, later lines indented; words and URLs are never broken.

    A separating dot stays with the word before it, so that no line begins with one.
    """
    lines = textwrap.wrap(
        BEFORE_A_DOT.sub(GLUE, text),
        WIDTH,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(lines).replace(GLUE, " ")
