"""The few places of a mail that are personal: a mark stands there until a reader's own value takes its place.

A mark says in which context it stands, since providers do not escape: the value is escaped for that context here.
"""

import html
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from urllib.parse import quote
from uuid import UUID

from digest.errors import BadInput

MARK = re.compile(r"%%[0-9a-f]{20}%%")
STOP = "stop:"  # + list id
CONTEXTS: Mapping[str, tuple[str, ...]] = {
    "unsubscribe_url": ("html_attr", "text", "header"),
    "preferences_url": ("html_attr", "text"),
    "name": ("html_text", "text"),
    "reader": ("url",),  # in the query of story links: who reads it, if they agreed to that; else nothing
    STOP: ("html_attr", "text"),
}
BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def names(lists: Sequence[str]) -> list[str]:
    """Return every slot of an edition in every context, as ``slot@context``: the keys of ``marks``."""
    slots = [slot for slot in CONTEXTS if slot != STOP] + [f"{STOP}{each}" for each in lists]
    return [f"{slot}@{context}" for slot in slots for context in CONTEXTS[STOP if slot.startswith(STOP) else slot]]


def marks(issue_id: UUID, lists: Sequence[str], without: Sequence[str], taken: str) -> dict[str, str]:
    """Return ``slot@context`` -> mark, the same for the same edition; none of them occurs in ``taken``.

    ``taken``: all text that goes into the mail. A headline that holds a mark moves the mark, never the headline.
    """
    edition = f"{issue_id}\n{' '.join(lists)}\n{' '.join(without)}"
    return {name: _mark(f"{edition}\n{name}", taken) for name in names(lists)}


def used(found: Mapping[str, str], *texts: str) -> dict[str, str]:
    """Return the marks that stand in one of the texts."""
    standing = {mark for each in texts for mark in MARK.findall(each)}
    return {name: mark for name, mark in found.items() if mark in standing}


def values(
    found: Mapping[str, str],
    *,
    unsubscribe_url: str,
    preferences_url: str,
    name: str,
    stops: Mapping[str, str],
    reader: str = "",
) -> dict[str, str]:
    """Return mark -> one reader's value, escaped for where the mark stands.

    ``stops``: list id -> the link that ends that list. Raises BadInput when an edition names a list without one.
    """
    given = {"unsubscribe_url": unsubscribe_url, "preferences_url": preferences_url, "name": name, "reader": reader}
    filled = {}
    for key, mark in found.items():
        slot, _, context = key.rpartition("@")
        value = stops.get(slot.removeprefix(STOP)) if slot.startswith(STOP) else given.get(slot)
        if value is None:
            raise BadInput(f"The slot {slot!r} of this edition has no value. Give a link for each of its lists.")
        filled[mark] = escaped(value, context)
    return filled


def escaped(value: str, context: str) -> str:
    """Escape a value for html_text, html_attr, text, header or url; line breaks leave every one of them."""
    one_line = BREAKS.sub(" ", value)
    if context == "url":  # in a query, and so right in HTML and in text alike
        return quote(one_line, safe="")
    return html.escape(one_line) if context.startswith("html") else one_line


def fill(text: str, filled: Mapping[str, str]) -> str:
    """Put the values in place of their marks in one pass: a value that looks like a mark is left alone."""
    return MARK.sub(lambda found: filled.get(found.group(), found.group()), text)


class Segments:
    """A mail split at its marks once, to be joined per reader (about 2 microseconds each)."""

    __slots__ = ("_parts", "_places")

    def __init__(self, text: str) -> None:
        self._parts = re.split(f"({MARK.pattern})", text)
        self._places = [(index, self._parts[index]) for index in range(1, len(self._parts), 2)]

    def join(self, filled: Mapping[str, str]) -> str:
        """Return the text with one reader's values."""
        parts = self._parts.copy()
        for index, mark in self._places:
            parts[index] = filled.get(mark, mark)
        return "".join(parts)


def _mark(seed: str, taken: str) -> str:
    turn = 0
    while (mark := _derived(seed, turn)) in taken:
        turn += 1
    return mark


def _derived(seed: str, turn: int) -> str:
    digits = sha256(f"{seed}\n{turn}".encode()).hexdigest()[:20]
    return f"%%{digits}%%"
