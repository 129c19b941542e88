"""Makes a feed's markup fit to be parsed: well-formed, shallow, and no more of it than can be read in a moment.

An ordinary feed stays as it is. A broken, too large or hostile one is written anew, tag by tag, in one pass.
"""

import re
import sys
from collections import Counter
from dataclasses import dataclass
from html import unescape
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from digest.articles.importing import feed_spaces
from digest.articles.importing.feed_census import (
    ATTRIBUTE,
    DEEPEST,
    ITEM_COST,
    ITEMS,
    MOST_ALIKE,
    MOST_ATTRIBUTES,
    MOST_COST,
    MOST_SPACES,
    REPEATED,
    SHORT,
    cost,
    fault,
    local,
    longest,
)
from digest.articles.importing.feed_text import NEVER

ADDRESSES = frozenset({"link", "guid", "pubdate", "comments"})  # hold text only, and are left open by some
FOLLOWERS = ADDRESSES | {"title", "description", "category", "encoded"}
CUT = SHORT | {"title"}  # what must not be stored half
VOID = frozenset({"br", "hr", "img", "wbr", "input", "embed"})
NAME = r"[A-Za-z_][A-Za-z0-9_.-]{0,60}+"
TOKEN = re.compile(
    r"<!\[CDATA\[(?P<cdata>.*?)\]\]>|<!--.*?-->|<\?.*?\?>|<![a-z][^<>]*>"
    rf"|<(?P<close>/?)(?P<tag>{NAME}(?::{NAME})?)(?P<attributes>(?:[^<>\"']++|\"[^\"<]*\"|'[^'<]*')*+|[^<>]*)>",
    re.DOTALL | re.IGNORECASE,
)
ATTRIBUTES = re.compile(rf"({NAME}(?::{NAME})?)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))")
REFERENCE = re.compile(r"&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z][a-z0-9]{1,31}));", re.IGNORECASE)
MUCH = 10  # characters to escape
ITEM_STARTS = re.compile(r"<(?:[a-z][\w.-]{0,30}:)?(?:item|entry)(?=[\s>])", re.IGNORECASE)


class Fit(NamedTuple):
    """A feed that can be parsed.

    ``left_out``: how many items, since it was too large. ``fault``: what was not well-formed. ``ended``: it does not
    break off.
    """

    text: str
    left_out: int = 0
    fault: str = ""
    ended: bool = True


def fit(text: str) -> Fit:
    """Make the root element of a feed fit to be parsed; ``text`` starts with it."""
    text = feed_spaces.registered(text)
    found = fault(text)
    return Fit(text) if found is None else _Mender(text).mended()._replace(fault=found)


@dataclass(slots=True)
class _Open:
    tag: str  # as it was written
    name: str  # without prefix, in small letters
    declared: frozenset[str]
    place: int  # where its start stands in what was written
    length: int = 0  # characters of text in it


class _Mender:
    """Writes a feed anew from its tokens."""

    def __init__(self, text: str) -> None:
        self.text = _with_ends(text)
        self.out: list[str] = []
        self.stack: list[_Open] = []
        self.beyond: Counter[str] = Counter()  # tags that were left out, whose ends are too
        self.alike: Counter[str] = Counter()
        self.prefixes: set[str] = set()
        self.items = self.cost = 0
        self.ended = False

    def mended(self) -> Fit:
        """Walk all tokens until there is enough, and close what is open."""
        position = left_out = 0
        for token in TOKEN.finditer(self.text):
            self._characters(self.text[position : token.start()], markup=True)
            if self._enough(token):
                left_out = sum(1 for _ in ITEM_STARTS.finditer(self.text, token.start()))
                break
            position = token.end()
            self._token(token)
        else:
            self._characters(self.text[position:], markup=True)
        self._drop_unfinished()
        while self.stack:
            self._pop()
        return Fit("".join(self.out), left_out, ended=self.ended)

    def _enough(self, token: re.Match[str]) -> bool:
        at_item = token["tag"] and not token["close"] and local(token["tag"]) in ITEMS
        return self.cost > MOST_COST * (1 if at_item and self.items else 1.5)

    def _token(self, token: re.Match[str]) -> None:
        if token["cdata"] is not None:
            self._characters(token["cdata"], markup=False)
        elif token["close"]:
            self._end(token["tag"])
        elif token["tag"]:
            self._start(token["tag"], token["attributes"])

    def _drop_unfinished(self) -> None:
        """Leave out the item in whose midst a feed breaks off, where its address or the like is cut."""
        place = next((number for number, one in enumerate(self.stack) if one.name in ITEMS), len(self.stack))
        open_in_it = self.stack[place + 1 : place + 2]
        if open_in_it and open_in_it[0].name in CUT:
            del self.out[self.stack[place].place :]
            del self.stack[place:]

    def _start(self, tag: str, attributes: str) -> None:
        name = local(tag)
        self.cost += ITEM_COST if name in ITEMS else 1
        self._close_forgotten(tag, name)
        empty = attributes.endswith("/")
        self.alike[name] += name in REPEATED
        if len(self.stack) >= DEEPEST or self.alike[name] > MOST_ALIKE:
            self.beyond[tag] += not empty
            return
        given = self._attributes(attributes)
        declared = (self.stack[-1].declared if self.stack else frozenset()) | self._declare(tag, given)
        written = "".join(f" {key}={quoteattr(value)}" for key, value in given.items())
        empty = empty or name in VOID
        if not empty:
            self.stack.append(_Open(tag, name, declared, len(self.out)))
        self.out.append(f"<{tag}{written}{'/' if empty else ''}>")

    def _close_forgotten(self, tag: str, name: str) -> None:
        """Close an item that was not closed before the next, and an address that was not before the next element."""
        if self.stack and self.stack[-1].name in ADDRESSES and name in FOLLOWERS:
            self._pop()
        if name not in ITEMS:
            return
        self.alike.clear()
        if any(one.tag == tag for one in self.stack):
            self._end(tag)

    def _attributes(self, written: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for key, *values in ATTRIBUTES.findall(written[: MOST_ATTRIBUTES * ATTRIBUTE]):
            value = "".join(values)[:ATTRIBUTE]
            value = "".join(value.split()) if key.startswith("xmlns") else value
            prefix = key.removeprefix("xmlns:") if key.startswith("xmlns") else ""
            if prefix and (not value or prefix in ("xml", "xmlns") or self._too_many(prefix)):
                continue
            found.setdefault(key, REFERENCE.sub(_character, value))
            if len(found) == MOST_ATTRIBUTES:
                break
        return found

    def _too_many(self, prefix: str) -> bool:
        if prefix not in self.prefixes and len(self.prefixes) < MOST_SPACES:
            self.prefixes.add(prefix)
        return prefix not in self.prefixes

    def _declare(self, tag: str, given: dict[str, str]) -> frozenset[str]:
        """Declare the prefixes that an element uses and nobody declared; return those it declares now."""
        here = frozenset(key[6:] for key in given if key.startswith("xmlns:"))
        known = here | {"xml"} | (self.stack[-1].declared if self.stack else frozenset())
        used = {one.split(":")[0] for one in (tag, *given) if ":" in one and not one.startswith("xmlns:")}
        for prefix in sorted(used - known):
            given[f"xmlns:{prefix}"] = feed_spaces.BY_PREFIX.get(prefix.lower(), f"urn:undeclared:{prefix}")
        return here | (used - known)

    def _end(self, tag: str) -> None:
        if self.beyond[tag]:
            self.beyond[tag] -= 1
            return
        lowered = tag.lower()
        place = next((n for n in range(len(self.stack) - 1, 0, -1) if self.stack[n].tag.lower() == lowered), 0)
        self.cost += not place
        self.ended = self.ended or (bool(self.stack) and self.stack[0].tag.lower() == lowered)
        while place and len(self.stack) > place:  # the root stays open: what follows it may be forgotten items
            self._pop()

    def _pop(self) -> None:
        gone = self.stack.pop()
        self.items += gone.name in ITEMS
        self.out.append(f"</{gone.tag}>")

    def _characters(self, text: str, *, markup: bool) -> None:
        if not text or not self.stack:
            return
        inner = self.stack[-1]
        room = longest(inner.name) - inner.length
        kept = text[: max(room, 0)]
        inner.length += len(kept)
        self.cost += cost(inner.name, kept)
        self.out.append(_written(kept if not markup else REFERENCE.sub(_character, kept) if "&" in kept else kept))


def _written(text: str) -> str:
    """Write a text as XML: where much would have to be escaped as CDATA, which is read faster."""
    if text.count("<") + text.count("&") < MUCH:
        return escape(text)
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


def _character(reference: re.Match[str]) -> str:
    """Return what a reference stands for; one to no character is nothing, an unknown name is itself."""
    if reference[3]:
        return unescape(reference.group())
    number = int(reference[1] or 0) or int(reference[2] or "0", 16)
    return chr(number) if number <= sys.maxunicode and not NEVER.match(chr(number)) else ""


def _with_ends(text: str) -> str:
    """Take the meaning from comments, CDATA and instructions that nothing ends: the rest would be in them."""
    for start, end, instead in (("<!--", "-->", "&lt;!--"), ("<![CDATA[", "]]>", ""), ("<?", "?>", "&lt;?")):
        last = text.rfind(end) + len(end) if end in text else 0
        if text.find(start, last) >= 0:
            text = text[:last] + text[last:].replace(start, instead)
    return text
