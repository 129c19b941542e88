"""Takes CSS apart as far as features go: declarations, rules, and the at-rules around them. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_COMMENT: Final = re.compile(r"/\*.*?\*/|<!--|-->", re.DOTALL)
_BETWEEN: Final = re.compile(r";(?![^(]*\))")
_STATEMENT: Final = re.compile(r"@(?:import|charset|namespace)\b[^;{}]*;", re.IGNORECASE)
DEEPEST: Final = 8


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its selector, its declarations, and the at-rules it stands in, outermost first."""

    selector: str
    declarations: tuple[tuple[str, str], ...]
    within: tuple[str, ...] = ()
    nested: bool = False  # in another rule's braces


@lru_cache(maxsize=4096)
def declarations(text: str) -> tuple[tuple[str, str], ...]:
    """Return property and value of each declaration, lower case, without !important."""
    found = []
    for part in _BETWEEN.split(text):
        name, colon, value = part.partition(":")
        if colon and name.strip():
            found.append((name.strip().lower(), value.replace("!important", "").strip().lower()))
    return tuple(found)


@lru_cache(maxsize=256)
def rules(sheet: str) -> tuple[Rule, ...]:
    """Return the rules of a style sheet; at-rules without braces as rules with no declarations."""
    bare = _COMMENT.sub("", sheet)
    statements = tuple(Rule(found.group().strip(), ()) for found in _STATEMENT.finditer(bare))
    return (*statements, *_rules(_STATEMENT.sub("", bare), (), nested=False))


def _rules(text: str, within: tuple[str, ...], *, nested: bool) -> Iterator[Rule]:
    for head, body in _blocks(text):
        if head.startswith("@") and len(within) < DEEPEST:
            at = " ".join(head.lower().split())
            yield Rule(at, () if "{" in body else declarations(body), within)
            yield from _rules(body, (*within, at), nested=nested)
        else:
            inner = list(_blocks(body))
            own = body if not inner else body[: body.find("{")].rpartition(";")[0]
            yield Rule(head, declarations(own), within, nested)
            if len(within) < DEEPEST:
                yield from _rules(body, (*within, ""), nested=True) if inner else ()


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before each pair of braces, and what in them; braces that never close end it."""
    position = 0
    while (opened := text.find("{", position)) >= 0:
        depth, end = 1, opened + 1
        while depth:
            close, another = text.find("}", end), text.find("{", end)
            if close < 0:
                return
            depth += 1 if 0 <= another < close else -1
            end = (another if 0 <= another < close else close) + 1
        head = text[position:opened].rpartition(";")[2]
        yield head.strip(), text[opened + 1 : end - 1]
        position = end
