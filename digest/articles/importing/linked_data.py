"""Reads the linked data (JSON-LD, schema.org) of a web page: finds its article in it, and takes its facts."""

import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import unescape
from typing import Any

MOST_NODES, DEEPEST = 5_000, 30
KINDS = frozenset({"blogposting", "liveblogposting", "report", "socialmediaposting"})
OVERVIEWS = frozenset(
    {"collectionpage", "searchresultspage", "profilepage", "contactpage", "aboutpage", "checkoutpage"}
)
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*\Z")
# strings are passed over whole, so that only what stands between them is mended; each part matches in one go
BROKEN = re.compile(
    r'"(?:\\(?:.|\Z)|[^"\\])*+(?:"|\Z)|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)|,(?=\s*+[}\]])', re.DOTALL
)
SHELL = ("<!--", "-->", "]]>", ";")  # what hid a script from old browsers
DECODER = json.JSONDecoder(strict=False)
Node = Mapping[str, Any]


class Graph:
    """All nodes of a page's linked data; nodes that are only named by @id are found where they are written."""

    def __init__(self, blocks: Iterable[str]) -> None:
        self.tops: list[Node] = []  # what stands for itself, not inside another node
        self._by_id: dict[str, Node] = {}
        self._left = MOST_NODES
        for block in blocks:
            for value in parsed(block):
                if isinstance(value, dict | list):
                    self._take(value)

    def _take(self, value: dict[str, Any] | list[Any]) -> None:
        waiting = deque([(value, 0, True)])
        while waiting and self._left:
            one, depth, top = waiting.popleft()
            self._left -= 1
            if isinstance(one, list):
                inner = [(held, top) for held in one[:MOST_NODES]]
            else:
                inner = [(held, name in ("@graph", "mainEntity")) for name, held in one.items()]
                self._note(one, top=top)
            waiting += [
                (held, depth + 1, up) for held, up in inner if isinstance(held, dict | list) and depth < DEEPEST
            ]

    def _note(self, node: Node, *, top: bool) -> None:
        if top:
            self.tops.append(node)
        if len(node) > 1 and isinstance(node.get("@id"), str):
            self._by_id.setdefault(node["@id"], node)

    def whole(self, value: Any) -> Any:
        """Return a node where it is written, if this is but its name."""
        if isinstance(value, dict) and len(value) <= 2 and isinstance(value.get("@id"), str):  # noqa: PLR2004 - and a @type
            return self._by_id.get(value["@id"], value)
        return value

    def articles(self) -> list[Node]:
        """Return the articles that stand for themselves, not those that a list or another article mentions."""
        return [one for one in self.tops if is_article(one)]

    @property
    def overview(self) -> bool:
        """Tell whether the page says that it is a list of articles, a search, or about a person."""
        return any(OVERVIEWS & set(kinds(one)) for one in self.tops)

    def name_of(self, kind: str) -> str:
        """Return the name of the first node of a kind."""
        return next((text(one.get("name")) for one in self.tops if kind in kinds(one)), "")


def parsed(block: str) -> list[Any]:
    """Return the values of a script block, mended where it is broken; none where that does not help."""
    bare = _bare(block)
    given = [bare, BROKEN.sub(lambda found: found.group() if found.group().startswith('"') else " ", bare)]
    if "&quot;" in bare or "&#34;" in bare:
        given.append(unescape(bare))
    for one in given:
        values, whole = _values(one)
        if whole:
            return values
    return _values(given[1])[0]


def _bare(block: str) -> str:
    text_ = block.strip()
    for _ in range(DEEPEST):
        before = text_
        for mark in SHELL:
            text_ = text_.removeprefix(mark).removesuffix(mark).strip()
        if text_ == before:
            break
    return text_


def _values(text_: str) -> tuple[list[Any], bool]:
    """Return what can be decoded, one value after another, and whether that is all of it."""
    values: list[Any] = []
    position = _start(text_, 0)
    while position < len(text_) and len(values) < DEEPEST:
        try:
            value, position = DECODER.raw_decode(text_, position)
        except (ValueError, RecursionError):
            return values, False
        values.append(value)
        position = _start(text_, position)
    return values, True


def _start(text_: str, position: int) -> int:
    while position < len(text_) and (text_[position].isspace() or text_[position] in ",;"):
        position += 1
    return position


def kinds(node: Node) -> list[str]:
    """Return the types of a node, lower case, without the vocabulary's address."""
    given = node.get("@type")
    found = given if isinstance(given, list) else [given]
    return [re.split(r"[/:#]", one)[-1].lower() for one in found if isinstance(one, str)]


def is_article(node: Node) -> bool:
    """Tell whether a node is an article of any kind."""
    return any(kind.endswith("article") or kind in KINDS for kind in kinds(node))


def text(value: Any) -> str:
    """Return the text of a value: its own, that of its name, or of the first of several."""
    for _ in range(3):
        if isinstance(value, list):
            value = value[0] if value else ""
        if isinstance(value, dict):
            value = value.get("@value") or value.get("name") or value.get("headline") or ""
    return value.strip() if isinstance(value, str) else ""


def many(value: Any) -> list[Any]:
    """Return several values, or the one there is, as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def addresses(node: Node) -> list[str]:
    """Return the addresses that a node gives for itself."""
    page = node.get("mainEntityOfPage")
    named = [node.get("url"), page.get("@id") or page.get("url") if isinstance(page, dict) else page, node.get("@id")]
    return [one for one in named if isinstance(one, str) and one.startswith(("http://", "https://", "/"))]


def facts(graph: Graph, node: Node) -> dict[str, list[Any]]:
    """Return what a node says of its article: each fact with all that may be it, the best first."""
    return {
        "headline": _texts(node, "headline", "name"),
        "standfirst": _texts(node, "description", "alternativeHeadline", "abstract"),
        "authors": [authors(graph, node.get("author") or node.get("creator"))],
        "published_at": _texts(node, "datePublished", "dateCreated"),
        "image": pictures(graph, node.get("image")) or pictures(graph, node.get("thumbnailUrl")),
        "categories": [labels(node.get("articleSection")) + labels(node.get("keywords"))],
        "language": languages(node.get("inLanguage")),
        "body": _texts(node, "articleBody"),
        "place": _texts(node, "dateline", "locationCreated"),
        "correction": _corrections(graph, node.get("correction")),
    }


def _texts(node: Node, *names: str) -> list[str]:
    return [found for name in names if (found := text(node.get(name)))]


def authors(graph: Graph, value: Any) -> list[str]:
    """Return the names of authors; addresses of profiles are none."""
    found: list[str] = []
    for one in (graph.whole(one) for one in many(value)):
        names = many(one.get("name")) if isinstance(one, dict) else [one]
        found += [name.strip() for name in names if isinstance(name, str)]
    return [name for name in dict.fromkeys(found) if name and not name.startswith(("http:", "https:", "/", "@", "#"))]


def labels(value: Any) -> list[str]:
    """Return tags: of a list, of a text with commas, or the names of objects."""
    found: list[str] = []
    for one in many(value):
        found += text(one).replace(";", ",").split(",")
    return [label.strip() for label in found if label.strip()]


def languages(value: Any) -> list[str]:
    """Return language tags: as they are, or those of objects that carry a name beside them."""
    found = [
        one
        for given in many(value)
        for one in ([given.get("alternateName"), given.get("name")] if isinstance(given, dict) else [given])
    ]
    return [one for one in found if isinstance(one, str) and LANGUAGE.match(one)]


def pictures(graph: Graph, value: Any) -> list[dict[str, Any]]:
    """Return pictures with what is said of them, the widest first where widths are given."""
    found = [_picture(graph, graph.whole(one)) for one in many(value)]
    return sorted((one for one in found if one["url"]), key=lambda one: -(one.get("width") or 0))


def _picture(graph: Graph, one: Any) -> dict[str, Any]:
    if not isinstance(one, dict):
        return {"url": one if isinstance(one, str) else ""}
    named = [held for name in ("contentUrl", "url", "@id") for held in many(one.get(name))]
    url = next((held for held in named if isinstance(held, str)), "")
    credit = text(one.get("creditText")) or ", ".join(authors(graph, one.get("creator") or one.get("author")))
    picture = {"url": url, "alt": text(one.get("caption")) or text(one.get("description")), "credit": credit}
    return picture | sized(one.get("width"), one.get("height"))


def sized(width: Any, height: Any) -> dict[str, int]:
    """Return width and height in pixels where both can be read."""
    both = {"width": _pixels(width), "height": _pixels(height)}
    return {name: value for name, value in both.items() if value} if all(both.values()) else {}


def _pixels(value: Any) -> int | None:
    if isinstance(value, dict):
        value = value.get("value")
    found = re.match(r"\s*(\d{1,5})(?:\.0*)?\s*(?:px)?\s*\Z", str(value))
    return int(found.group(1)) or None if found else None


def _corrections(graph: Graph, value: Any) -> list[str]:
    found = [graph.whole(one) for one in many(value)]
    texts = [text(one.get("text") or one.get("description")) if isinstance(one, dict) else text(one) for one in found]
    return [" ".join(one for one in texts if one)]


def chosen(found: Sequence[Node], same: Callable[[str], bool]) -> Node | None:
    """Return the article of this page: the one that gives its address, else one that gives none, else the only one.

    ``same``: tells whether an address is this page's.
    """
    ours = [one for one in found if any(same(url) for url in addresses(one))]
    nameless = [one for one in found if not addresses(one)]
    return next(iter([*ours, *nameless]), found[0] if len(found) == 1 else None)
