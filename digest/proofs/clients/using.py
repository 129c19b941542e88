"""Finds which features of HTML and CSS a mail uses, and whether it can do without them. Pure.

What stands in an @-rule, or hangs on a state or an attribute, only adds: a program that does not know it shows the
rest. What stands in a conditional comment is for Outlook alone, and is not looked at.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from digest.proofs.clients import css
from digest.proofs.clients.rules import MATTERS

COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
STYLE: Final = re.compile(r"<style\b[^>]*>(.*?)</style>", re.DOTALL | re.IGNORECASE)
_TAG: Final = re.compile(r"""<([a-zA-Z][\w:-]*)((?>[^"'<>]+|"[^"]*"|'[^']*')*+)>""")
_ATTRIBUTE: Final = re.compile(r"""([a-zA-Z][\w:-]*)\s*(?:=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?""")
_TEXTUAL: Final = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6", "a", "li", "td", "span"))
_FUNCTIONS: Final = (
    (re.compile(r"\bvar\("), "css-variables"),
    (re.compile(r"\bcalc\("), "css-unit-calc"),
    (re.compile(r"\bclamp\("), "css-function-clamp"),
    (re.compile(r"(?<![\w-])min\("), "css-function-min"),
    (re.compile(r"(?<![\w-])max\("), "css-function-max"),
    (re.compile(r"\blight-dark\("), "css-function-light-dark"),
    (re.compile(r"linear-gradient\("), "css-linear-gradient"),
    (re.compile(r"radial-gradient\("), "css-radial-gradient"),
    (re.compile(r"conic-gradient\("), "css-conic-gradient"),
    (re.compile(r"\b(?:rgb|hsl)a?\([^,)]*\s[^,)]*\)"), "css-modern-color"),
    (re.compile(r"\brgba\([^)]*,"), "css-rgba"),
)
_UNIT: Final = re.compile(r"(?<![\w.#])[\d.]*\d(rem|vw|vh|vmin|vmax|ch)\b")
_VALUES: Final[Mapping[tuple[str, str], str]] = {
    ("display", "flex"): "css-display-flex",
    ("display", "inline-flex"): "css-display-flex",
    ("display", "grid"): "css-display-grid",
    ("display", "inline-grid"): "css-display-grid",
    ("display", "none"): "css-display-none",
}
_FREE: Final = (("position", ("static", "relative")), ("float", ("none",)), ("visibility", ("visible",)))
_GROUNDS: Final = ("background-color", "background")
_ELEMENTS: Final[Mapping[str, str]] = {
    "map": "html-image-maps",
    "bdi": "html-bdi",
    **dict.fromkeys(("article", "aside", "figure", "footer", "header", "main", "nav", "section"), "html-semantics"),
    **{f"h{level}": "html-h1-h6" for level in range(1, 7)},
    **dict.fromkeys(("ul", "ol", "dl"), "html-lists"),
}
_SAME: Final = (
    "abbr",
    "audio",
    "blockquote",
    "code",
    "del",
    "dialog",
    "form",
    "hr",
    "marquee",
    "meter",
    "object",
    "picture",
    "pre",
    "progress",
    "ruby",
    "select",
    "small",
    "span",
    "strike",
    "strong",
    "style",
    "svg",
    "table",
    "textarea",
    "video",
    "wbr",
)
_PICTURES: Final[Mapping[str, str]] = {"jpeg": "jpg", "jpg": "jpg", "heic": "heif", "tif": "tiff"}
_SELECTORS: Final = (
    (re.compile(r"(?<!:):([a-z][\w-]*)"), "css-pseudo-class-"),
    (re.compile(r"::([a-z][\w-]*)"), "css-pseudo-element-"),
)

Tag = tuple[str, str]  # its name, and its attributes as they are written


@dataclass(slots=True)
class Used:
    """What some mails use together: feature -> where it was found first ("": in a style block)."""

    matters: dict[str, str] = field(default_factory=dict)  # nothing stands in for it
    degrades: dict[str, None] = field(default_factory=dict)  # the mail can do without
    not_inline: bool = False
    nested_at: bool = False
    _known: set[Tag] = field(default_factory=set)

    def look(self, page: str) -> None:
        """Look at one more mail, without its comments; what stands in an earlier one as well costs nothing."""
        sheets = STYLE.findall(page)
        tags: list[Tag] = _TAG.findall(STYLE.sub("", page))
        self.not_inline |= bool(sheets) and _is_unstyled(tags)
        self.nested_at |= any(_nests(sheet) for sheet in sheets)
        for feature, degrades in (found for sheet in sheets for found in _of_sheet(sheet)):
            self._note(feature, degrades=degrades)
        for tag in set(tags) - self._known:
            for feature, degrades in _of_tag(*tag):
                if degrades:
                    self.degrades[feature] = None
                elif feature not in self.matters:
                    self.matters[feature] = near(page, page.find(f"<{tag[0]}{tag[1]}>"))
        self._known.update(tags)
        if self.not_inline:
            self._note("html-style", degrades=False)

    def _note(self, feature: str, *, degrades: bool) -> None:
        if degrades:
            self.degrades[feature] = None
        else:
            self.matters.setdefault(feature, "")


def bare(page: str) -> str:
    """Return a mail without its comments, and so without what is for Outlook alone."""
    return COMMENT.sub("", page)


def near(page: str, position: int) -> str:
    """Return the first words after a place in a mail: what an editor recognises it by."""
    text = re.sub(r"<[^>]*>|<[^>]*\Z", " ", page[position : position + 3_000])
    return " ".join(html.unescape(text).split())[:80]


def _is_unstyled(tags: Iterable[Tag]) -> bool:
    """Tell whether most texts of a mail have a class but no style of their own."""
    textual = [given for name, given in tags if name.lower() in _TEXTUAL]
    classed = sum("class=" in one and "style=" not in one for one in textual)
    return classed > sum("style=" in one for one in textual)


@lru_cache(maxsize=256)
def _nests(sheet: str) -> bool:
    """Tell whether an @-rule stands within another in a style block."""
    return any(rule.selector.startswith("@") and rule.within for rule in css.rules(sheet))


@lru_cache(maxsize=8192)
def _of_tag(name: str, text: str) -> tuple[tuple[str, bool], ...]:
    name = name.lower()
    given = {key.lower(): html.unescape(value.strip("\"'")) for key, value in _ATTRIBUTE.findall(text)}
    style = css.declarations(given.get("style", ""))
    found = [*_of_element(name, given), *_of_attributes(name, given)]
    if ("display", "none") in style:  # nothing of what is hidden matters
        found += [("css-display-none", True), *((feature, True) for feature, _ in _of_declarations(style, given))]
    else:
        found += _of_declarations(style, given)
    return tuple(dict.fromkeys(found))


def _of_element(name: str, given: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    if name in _ELEMENTS or name in _SAME:
        feature = _ELEMENTS.get(name, f"html-{name}")
        yield feature, feature not in MATTERS or name == "picture"
    if name == "link" and "stylesheet" in given.get("rel", "").lower():
        yield "html-link", False
    if name in ("input", "button"):
        usual = "submit" if name == "button" else "text"
        yield f"html-{name}-{given.get('type', usual).lower()}", False
    if name == "img":
        yield from _of_picture(given.get("src", ""))


def _of_picture(address: str) -> Iterator[tuple[str, bool]]:
    if address.lower().startswith("data:"):
        yield "image-base64", False
        return
    ending = address.partition("?")[0].partition("#")[0].rpartition(".")[2].lower()
    if ending.isalnum() and len(ending) < 6:  # noqa: PLR2004 - no ending is longer
        feature = f"image-{_PICTURES.get(ending, ending)}"
        yield feature, feature not in MATTERS


def _of_attributes(name: str, given: Mapping[str, str]) -> Iterator[tuple[str, bool]]:
    if "srcset" in given:
        yield "html-srcset", name == "source" or "src" in given
    if name == "a" and given.get("href", "").startswith("#"):
        yield "html-anchor-links", False
    if "popover" in given:
        yield "html-popover", False
    for attribute in ("background", "loading", "hidden", "role", "dir", "lang", "align"):
        if attribute in given:
            yield f"html-{'loading-attribute' if attribute == 'loading' else attribute}", True
    yield from ((f"html-{attribute}", True) for attribute in given if attribute.startswith("aria-"))


def _of_declarations(
    style: tuple[tuple[str, str], ...], given: Mapping[str, str] | None = None
) -> Iterator[tuple[str, bool]]:
    """Yield the features of declarations; those with something before them that all know can be done without."""
    attributes = given or {}
    plainly: set[str] = {{"bgcolor": "background", "align": "float"}.get(key, key) for key in attributes}
    for name, value in style:
        if name.startswith(("-", "mso-")):
            if name.startswith("--"):
                yield "css-variables", True  # it is its use that matters
            continue
        special = list(_of_value(name, value))
        held = name in plainly or (name.startswith("background") and bool(plainly.intersection(_GROUNDS)))
        held |= name.removeprefix("max-").removeprefix("min-") in plainly
        for feature in special:
            yield feature, held or feature not in MATTERS
        own = f"css-{name}"
        free = any(name == prop and value in values for prop, values in _FREE)
        yield own, held or free or own not in MATTERS or own == "css-background-image"
        if not special:
            plainly.add(name)


def _of_value(name: str, value: str) -> Iterator[str]:
    if (name, value) in _VALUES:
        yield _VALUES[name, value]
    if name.startswith("background") and "url(" in value:
        yield "css-background-image"
    if "(" not in value and not value[:1].isdigit():
        return
    yield from (feature for pattern, feature in _FUNCTIONS if pattern.search(value))
    yield from (f"css-unit-{unit}" for unit in _UNIT.findall(value))


@lru_cache(maxsize=256)
def _of_sheet(sheet: str) -> tuple[tuple[str, bool], ...]:
    found: list[tuple[str, bool]] = [("html-style", True)]
    for rule in css.rules(sheet):
        if rule.nested:
            found.append(("css-nesting", False))
        if rule.selector.startswith("@"):
            found += _of_at_rule(rule.selector)
            continue
        adds = any(rule.within) or any(mark in rule.selector for mark in (":", "["))
        found += [(feature, degrades or adds) for feature, degrades in _of_declarations(rule.declarations)]
        found += _of_selector(rule)
    return tuple(dict.fromkeys(found))


def _of_at_rule(head: str) -> Iterator[tuple[str, bool]]:
    name = head[1:].partition(" ")[0].partition("(")[0]
    yield f"css-at-{name}", name != "import"
    if name == "media":
        for condition in ("prefers-color-scheme", "prefers-reduced-motion", "orientation", "hover"):
            if condition in head:
                yield f"css-at-media-{condition}", True


def _of_selector(rule: css.Rule) -> Iterator[tuple[str, bool]]:
    text = rule.selector
    if "[" in text:
        yield "css-selector-attribute", True
    if ">" in text:
        yield "css-selector-child", True
    written = any(name == "content" and value not in ("", "none", '""', "''") for name, value in rule.declarations)
    for pattern, prefix in _SELECTORS:
        for found in pattern.findall(text):
            if f"{prefix}{found}" in ("css-pseudo-class-root", "css-pseudo-class-host"):
                continue
            yield f"{prefix}{found}", not (found in ("before", "after") and written)
