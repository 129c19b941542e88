"""Looks over a feed before it is parsed: whether it is well-formed, and an ordinary one that costs little to read."""

from collections import Counter
from collections.abc import Mapping
from xml.parsers import expat

MOST_COST = 20_000  # an element is 1: to read them all takes some 0.7 s
ITEM_COST, CHARACTERS, TAGS = 4, 350, 16  # what an item costs beyond its elements; how much text, how many tags are 1
LONG_TEXT, SHORT_TEXT, NAME_TEXT, ATTRIBUTE = 400_000, 2_000, 500, 4_000  # characters
DEEPEST, MOST_ATTRIBUTES, MOST_SPACES, MOST_ALIKE = 100, 40, 100, 100
ITEMS = frozenset({"item", "entry"})
REPEATED = frozenset({"category", "subject", "keywords", "tags", "creator", "author", "link", "credit", "thumbnail"})
SHORT = frozenset(
    (  # noqa: SIM905 - elements that never hold an article; what else would cost much is in their patterns
        "author creator name email category subject keywords tags link guid id pubdate published issued updated"
        " modified created date language url uri width height credit valid origlink restriction rating"
    ).split()
)
LISTS, LIST_COST = frozenset({"keywords", "tags"}), 5  # each word in one is compared with all others
NAMES, NAME_COST = frozenset({"author", "creator", "name", "email"}), 8  # an address is looked for from each letter on


class _NotOrdinaryError(Exception):
    pass


def local(name: str) -> str:
    """Return the name of an element without its prefix or namespace, in small letters."""
    return name.rsplit("\n", 1)[-1].rsplit(":", 1)[-1].lower()


def fault(text: str) -> str | None:
    """Return None for an ordinary feed, what is not well-formed about a broken one, "" for one that is too much."""
    census = _Census()
    try:
        census.parser.Parse(text.encode("utf-8", "replace"), True)  # noqa: FBT003 - it takes no names
    except expat.ExpatError as error:
        return f"{expat.ErrorString(error.code)}, line {error.lineno}"
    except _NotOrdinaryError:
        return ""
    return None


def cost(name: str, text: str) -> int:
    """Return what a text in an element costs to read, in elements."""
    if name in LISTS:
        return 1 + text.count(",") * LIST_COST
    return len(text) // NAME_COST if name in NAMES else len(text) // CHARACTERS + text.count("<") // TAGS


def longest(name: str) -> int:
    """Return how many characters of text an element may hold."""
    return NAME_TEXT if name in NAMES else SHORT_TEXT if name in SHORT else LONG_TEXT


class _Census:
    """Counts what is in a feed while expat reads it, and stops where it is more than ordinary."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator="\n")  # which no address of a namespace can hold
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartNamespaceDeclHandler = self._space
        self.cost = 0
        self.open: list[str] = []
        self.length = 0
        self.alike: Counter[str] = Counter()
        self.spaces: set[str | None] = set()

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        name = local(name)
        self.open.append(name)
        self.length = 0
        self.cost += ITEM_COST if name in ITEMS else 1
        if name in ITEMS:
            self.alike.clear()
        elif name in REPEATED:
            self.alike[name] += 1
        if self.cost > MOST_COST or len(self.open) > DEEPEST or self.alike[name] > MOST_ALIKE:
            raise _NotOrdinaryError
        if len(attributes) > MOST_ATTRIBUTES or any(len(value) > ATTRIBUTE for value in attributes.values()):
            raise _NotOrdinaryError

    def _end(self, _name: str) -> None:
        self.open.pop()
        self.length = 0

    def _characters(self, text: str) -> None:
        self.length += len(text)
        self.cost += cost(self.open[-1], text)
        if self.length > longest(self.open[-1]) or self.cost > MOST_COST:
            raise _NotOrdinaryError

    def _space(self, prefix: str | None, uri: str | None) -> None:
        self.spaces.add(prefix)
        if len(self.spaces) > MOST_SPACES or (uri and uri != "".join(uri.split())):  # the parser tells names by blanks
            raise _NotOrdinaryError
