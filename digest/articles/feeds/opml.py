"""Reads lists of feeds from OPML, version 1 or 2, and writes OPML 2.0 (opml.org/spec2.opml)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from html import escape, unescape
from xml.etree import ElementTree as ET
from xml.parsers import expat

from digest.articles.feeds.addresses import called
from digest.articles.feeds.keeping import FeedData, language_tag
from digest.articles.feeds.meanings import folded
from digest.articles.feeds.models import Feed, FeedKind
from digest.articles.importing import feed_text, plain
from digest.errors import BadInput
from digest.fetching import masked
from digest.regions import Region

LARGEST = 5_000_000  # bytes
MOST = 5_000  # feeds
DEEPEST = 50  # outlines in outlines
XML_ENTITIES = frozenset({"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"})
OURS = "urn:digest:feeds"  # namespace of what OPML has no attribute for
EVERY = 30  # minutes, where none are given


def read(content: bytes, names: Mapping[str, str]) -> list[FeedData]:
    """Return the feeds of an OPML file, as they are written there: ``keeping.add`` checks each.

    ``names``: see ``region_names``. A category or a group that is called like a region is the region of its feeds:
    a category before a group, an inner group before an outer one. Raises BadInput where it is no OPML, too large,
    or brings definitions of its own (a DTD).
    """
    if len(content) > LARGEST:
        raise BadInput(f"The OPML file has over {LARGEST // 1_000_000} MB.")
    reader = _Reader(names)
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = _refuse_definitions
    try:
        parser.Parse(_well_formed(feed_text.decode(content)).encode("utf-8", "replace"), True)  # noqa: FBT003 - no keywords
    except expat.ExpatError as error:
        raise BadInput(f"It is no OPML that can be read: {error}.") from error
    if not reader.is_opml:
        raise BadInput("It is no OPML: its first element must be <opml>.")
    return reader.found


def write(stored: Iterable[Feed], regions: Sequence[Region], at: datetime, *, with_keys: bool = False) -> bytes:
    """Return all feeds as OPML 2.0, a group for each region. ``with_keys``: else keys in addresses are masked."""
    names = {region.id: region.name() for region in regions}
    root = ET.Element("opml", {"version": "2.0", "xmlns:digest": OURS})
    head = ET.SubElement(root, "head")
    ET.SubElement(head, "title").text = "Feeds of a digest"
    ET.SubElement(head, "dateCreated").text = format_datetime(at, usegmt=True)
    body = ET.SubElement(root, "body")
    groups: dict[str, ET.Element] = {}
    for feed in stored:
        parent = body
        if feed.region is not None:
            name = names.get(feed.region, feed.region)
            parent = groups.setdefault(feed.region, ET.Element("outline", {"text": name}))
        ET.SubElement(parent, "outline", _attributes(feed, with_keys=with_keys))
    body.extend(groups.values())
    ET.indent(root)
    whole: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return whole + b"\n"


class _Reader:
    """Takes the outlines of an OPML file as the parser meets them; builds no tree, so that no depth can hurt."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self.found: list[FeedData] = []
        self.is_opml = False
        self._names = names
        self._groups: list[str] = []  # what the open elements are called, the outermost first

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Meet the start of an element."""
        if not self._groups:
            self.is_opml = name.lower() == "opml"
        given = {key.lower(): " ".join(value.split()) for key, value in attributes.items()}
        if self.is_opml and name.lower() == "outline" and given.get("xmlurl"):
            self.found.append(self._feed(given))
        self._groups.append(given.get("text") or given.get("title", ""))
        if len(self._groups) > DEEPEST:
            raise BadInput(f"The OPML file is nested over {DEEPEST} deep.")
        if len(self.found) > MOST:
            raise BadInput(f"The OPML file holds over {MOST:,} feeds. Split it.")

    def end(self, _name: str) -> None:
        """Meet the end of an element."""
        self._groups.pop()

    def _feed(self, given: Mapping[str, str]) -> FeedData:
        return FeedData(
            url=given["xmlurl"],
            kind=_known_kind(given.get("digest:kind")),
            name=plain.line(given.get("text") or given.get("title", ""), 120),
            region=self._region(given.get("category", "")),
            language=_language(given.get("language", "")),
            keep_query=tuple(given.get("digest:keep-query", "").split()),
            every_minutes=_minutes(given.get("digest:every", "")),
        )

    def _region(self, category: str) -> str | None:
        """Return the region that the category or the innermost group names."""
        parts = [part for one in category.split(",") for part in reversed(one.split("/"))]
        for name in (*parts, *reversed(self._groups)):
            if folded(name) in self._names:
                return self._names[folded(name)]
        return None


def _well_formed(text: str) -> str:
    """Mend what many lists get wrong: a bare & in an address, and entities that only HTML knows."""
    return plain.ENTITY.sub(_known_entity, plain.NO_ENTITY.sub("&amp;", text.lstrip()))


def _known_entity(match: re.Match[str]) -> str:
    entity = match.group()
    return entity if entity in XML_ENTITIES or entity.startswith("&#") else escape(unescape(entity))


def _attributes(feed: Feed, *, with_keys: bool) -> dict[str, str]:
    given = {
        "type": "rss",
        "text": called(feed),
        "xmlUrl": feed.url if with_keys else masked(feed.url),
        "language": feed.language,
        "category": feed.region or "",
        "digest:kind": FeedKind(feed.kind).value,
        "digest:every": str(feed.every_minutes),
        "digest:keep-query": " ".join(feed.keep_query),
    }
    return {name: value for name, value in given.items() if value}


def _known_kind(value: str | None) -> FeedKind | None:
    return FeedKind(value) if value in set(FeedKind) else None


def _language(value: str) -> str:
    """Return the language of a feed; many lists hold nonsense there, which is left aside."""
    try:
        return language_tag(value) if value else "en"
    except BadInput:
        return "en"


def _minutes(value: str) -> int:
    return int(value[:9]) if value.isdecimal() and value.isascii() else EVERY


def _refuse_definitions(*_: object) -> None:
    raise BadInput("The OPML file brings definitions of its own (a DTD), which are refused.")
