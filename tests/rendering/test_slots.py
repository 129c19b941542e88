"""Slots: marks that no text collides with, values escaped for their place, filled in one pass."""

from timeit import timeit
from typing import Any

import pytest

from digest.errors import BadInput
from digest.rendering import slots
from tests.rendering.plans import ISSUE

LISTS = ("south-caucasus", "central-asia")
READER: dict[str, Any] = {
    "unsubscribe_url": "https://m.example/u/1?a=1&b=2",
    "preferences_url": "https://m.example/p/1",
    "name": 'Ann <b> "O\'Hara"',
    "stops": {"south-caucasus": "https://m.example/s/1", "central-asia": "https://m.example/s/2"},
}


def marks(taken: str = "") -> dict[str, str]:
    return slots.marks(ISSUE, LISTS, (), taken)


def test_marks_are_the_same_for_the_same_edition():
    """Marks derive from issue, lists and left-out stories: a replay gives the same bytes, a sibling has its own."""
    assert marks() == marks()
    assert not set(marks().values()) & set(slots.marks(ISSUE, LISTS, ("story-1",), "").values())
    assert len(set(marks().values())) == len(slots.names(LISTS))


def test_every_list_can_be_stopped():
    """Each list of an edition has a slot of its own, in the HTML and in the text."""
    assert {f"stop:{each}@{context}" for each in LISTS for context in ("html_attr", "text")} <= set(marks())


def test_a_mark_found_in_a_text_moves():
    """When a headline holds a mark, another mark is made, and the headline stays."""
    first = marks()["unsubscribe_url@html_attr"]
    moved = marks(f"How {first} broke our mail")["unsubscribe_url@html_attr"]
    assert moved != first
    assert slots.MARK.fullmatch(moved)


def test_values_are_escaped_for_their_place():
    """A name is escaped in HTML and plain in text; an address has no bare ampersand in an attribute."""
    found = slots.values(marks(), **READER)
    assert found[marks()["name@html_text"]] == "Ann &lt;b&gt; &quot;O&#x27;Hara&quot;"
    assert found[marks()["name@text"]] == READER["name"]
    assert found[marks()["unsubscribe_url@html_attr"]] == "https://m.example/u/1?a=1&amp;b=2"
    assert found[marks()["unsubscribe_url@header"]] == READER["unsubscribe_url"]


def test_no_value_breaks_a_line():
    """A line break in a value would begin a header, or a line of the text: it becomes a blank."""
    found = slots.values(marks(), **{**READER, "name": "Ann\r\nBcc: x@y.example\u2028z"})
    assert found[marks()["name@text"]] == "Ann Bcc: x@y.example z"


def test_a_list_without_a_link_is_refused():
    """An edition is never filled by half."""
    with pytest.raises(BadInput, match="stop:central-asia"):
        slots.values(marks(), **{**READER, "stops": {"south-caucasus": "https://m.example"}})


def test_one_pass():
    """A value that looks like a mark is left alone, and a mark that is nobody's comes through."""
    mark, other = marks()["name@text"], marks()["unsubscribe_url@text"]
    stranger = "%%00000000000000000000%%"
    text = f"{mark} {other} {stranger} 100%% {{{{ 7*7 }}}}"
    filled = {mark: other, other: "URL"}
    assert slots.fill(text, filled) == f"{other} URL {stranger} 100%% {{{{ 7*7 }}}}"
    assert slots.Segments(text).join(filled) == slots.fill(text, filled)


def test_only_what_stands_in_a_text_is_used():
    """Marks that a template does not print are not asked of any provider."""
    name = marks()["name@text"]
    assert slots.used(marks(), f"Dear {name}", "") == {"name@text": name}


def test_joining_is_cheap():
    """Joining the segments of a 60 KB mail costs well under a fifth of replacing in it."""
    found = slots.values(marks(), **READER)
    text = ("x" * 6000).join(["", *marks().values(), ""])
    segments = slots.Segments(text)
    joining = timeit(lambda: segments.join(found), number=300)
    replacing = timeit(lambda: slots.fill(text, found), number=300)
    assert joining < replacing / 5
