"""What is personal in an edition: each reader's links and name, ready for the marks they take the place of."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from digest.rendering import click_links, slots
from subscribers import Keys

UNSUBSCRIBE: Final = "unsubscribe"
PREFERENCES: Final = "preferences"
NAME_LENGTH: Final = 100  # of a name in a mail; batches are cut by the longest values there can be
_NOBODY: Final = "00000000-0000-4000-8000-000000000000"
# The widest a name can become: escaped in HTML or JSON, or four bytes a letter.
_WIDEST_NAMES: Final = ('"' * NAME_LENGTH, "\U0001f600" * NAME_LENGTH)


class Personal:
    """Fills the slots of one edition, for many readers at once: what they share is worked out once.

    ``expires``: until when the links to a reader's own choices hold. It must come from the issue, never from the
    clock: a repetition fills in the same bytes. Those to unsubscribe hold for good, and None lets all do so.
    """

    __slots__ = ("_links", "_names", "_reader", "_sign_reader")

    def __init__(
        self, keys: Keys, base_url: str, family: str, marks: Mapping[str, str], expires: datetime | None = None
    ) -> None:
        self._names: list[tuple[str, str]] = []  # mark, context
        self._reader = marks.get("reader@url")
        self._sign_reader = click_links.reader_signer(keys)
        places: dict[str, list[tuple[str, str]]] = defaultdict(list)  # slot -> mark, first part of the link
        for key, mark in marks.items():
            slot, _, context = key.rpartition("@")
            if slot == "name":
                self._names.append((mark, context))
            elif slot != "reader":
                places[slot].append((mark, slots.escaped(f"{base_url}{_path(slot)}", context)))
        self._links = [(_signer(keys, slot, family, expires), found) for slot, found in places.items()]

    def values(self, ref: str, name: str, *, agreed: bool = False) -> dict[str, str]:
        """Return mark -> value for one reader; ``ref``: the subscriber's. See ``values_of``."""
        return self.values_of([UUID(ref).bytes], [name], [agreed])[0]

    def values_of(
        self, refs: Sequence[bytes], names: Sequence[str], agreed: Sequence[bool | int]
    ) -> list[dict[str, str]]:
        """Return mark -> value for each reader, escaped for where the mark stands.

        ``refs``: the subscribers', as bytes. ``agreed``: to their own clicks being counted; the story links of others
        name nobody. The three go together, reader by reader.
        """
        columns: dict[str, Iterable[str]] = {}
        if self._reader:
            pairs = zip(refs, agreed, strict=True)
            columns[self._reader] = [self._sign_reader(str(UUID(bytes=ref))) if yes else "" for ref, yes in pairs]
        for sign, found in self._links:
            tokens = sign(refs)
            for mark, start in found:  # a token is of letters, digits, - and _: no context escapes it
                columns[mark] = [start + token for token in tokens]
        for mark, context in self._names:
            escaped = {name: slots.escaped(name[:NAME_LENGTH], context) for name in set(names)}
            columns[mark] = map(escaped.__getitem__, names)
        marks = tuple(columns)
        rows = zip(*columns.values(), strict=True) if columns else ((),) * len(refs)
        return [dict(zip(marks, row, strict=True)) for row in rows]

    def widest(self) -> list[dict[str, str]]:
        """Return values that no reader's exceed in size, in one encoding or another."""
        return [self.values(_NOBODY, name, agreed=True) for name in _WIDEST_NAMES]


def _path(slot: str) -> str:
    return "/p/" if slot == "preferences_url" else "/u/"


def _signer(keys: Keys, slot: str, family: str, expires: datetime | None) -> Callable[[Iterable[bytes]], list[str]]:
    if slot == "preferences_url":
        return keys.signer(PREFERENCES, family=family, expires=expires)
    return keys.signer(UNSUBSCRIBE, family=family, reference=slot.removeprefix(slots.STOP) if ":" in slot else "")
