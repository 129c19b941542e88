"""Checks of what a mail needs for those who do not see it, see little, or have it read to them.

Our own rules, after WCAG 2.2 and email.md 3.2; the tests look with axe in a real browser besides. Colours are judged
as the style attributes give them: those that hold where a program drops the style block.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser

from digest.proofs.check import Check, Examined, Surroundings
from digest.proofs.colors import Look, inherited
from digest.rendering.catalogue import direction

NAME = "accessibility"
_amber = partial(Check.amber, NAME)
LOOKED_AT = "language, headings, contrast, words of links, descriptions of pictures, tables for layout"
LEAST_SIZE: Final = 12.0  # CSS px
_TEMPLATE: Final = "Mend the template"
_VAGUE: Final = frozenset(
    [
        "click here",
        "here",
        "read more",
        "more",
        "link",
        "this link",
        "learn more",
        "hier",
        "mehr",
        "weiterlesen",
        "mehr lesen",
        "ici",
        "lire la suite",
        "en savoir plus",
        "cliquez ici",
        "здесь",
        "тут",
        "подробнее",
        "читать далее",
        "aquí",
        "leer más",
        "هنا",
        "المزيد",
        "اقرأ المزيد",
        "აქ",
        "მეტი",
    ]
)
_HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
_LOOKED: Final = frozenset(("a", "img", "table", *_HEADINGS))
_SKIPPED: Final = frozenset(("script", "style", "title", "head"))
_FILLER: Final = "\u200b\u00a0\u2002\u2007\u034f\ufeff \t\r\n"


@dataclass(slots=True)
class _Seen:
    """What was met in one mail."""

    levels: list[tuple[int, str]] = field(default_factory=list)
    faint: dict[Look, str] = field(default_factory=dict)  # look -> the first words in it
    tiny: str = ""
    found: list[Check] = field(default_factory=list)


def run(editions: Sequence[Examined], around: Surroundings) -> Iterator[Check]:  # noqa: ARG001 - all groups are called alike
    """Look at each edition's HTML."""
    for edition in editions:
        yield from of_page(edition.rendered.html, edition.plan.language)


def of_page(page: str, language: str) -> Iterator[Check]:
    """Look at one mail in a language."""
    tree = LexborHTMLParser(page)
    yield from _document(tree, language)
    seen = _Seen()
    if tree.body is not None:
        _walk(tree.body, seen)
    yield from seen.found
    yield from _order(seen.levels)
    for look, words in seen.faint.items():
        yield _amber(
            "contrast",
            f"A text in {look.color} on {look.ground} has a contrast of {look.contrast:.1f}; {look.least:g} is the "
            "least that people with weak eyes read.",
            words,
            "Take a darker or lighter colour for the region or in the template",
        )
    if seen.tiny:
        yield _amber("text-small", f"A text is smaller than {LEAST_SIZE:g} px.", seen.tiny, _TEMPLATE)


def _document(tree: LexborHTMLParser, language: str) -> Iterator[Check]:
    root = tree.css_first("html")
    given = dict(root.attributes) if root is not None else {}
    lang = (given.get("lang") or "").lower()
    if not lang:
        yield _amber("no-lang", "The HTML does not say its language, so it is read aloud wrongly.", "", _TEMPLATE)
    elif lang.split("-")[0] != language.lower().split("-")[0]:
        said = f"The HTML says it is in {lang}; the edition is in {language}."
        yield _amber("wrong-lang", said, "", _TEMPLATE)
    if direction(language) == "rtl" and (given.get("dir") or "").lower() != "rtl":
        yield _amber("no-dir", "The HTML does not say that it runs from right to left.", "", _TEMPLATE)
    title = tree.css_first("title")
    if title is None or not title.text(strip=True):
        yield _amber("no-title", "The HTML has no title.", "", _TEMPLATE)


def _walk(body: Any, seen: _Seen) -> None:
    """Go through the mail from the top, each text with the look it inherits."""
    looks: dict[int, Look] = {body.parent.mem_id: Look()}
    for node in body.traverse(include_text=True):
        parent = looks.get(node.parent.mem_id)
        if parent is None:  # in something that is skipped
            continue
        tag = node.tag
        if tag == "-text":
            _text(node, parent, seen)
        elif tag and tag[0] not in "-!" and tag not in _SKIPPED:
            given = node.attributes
            look = inherited(parent, tag, given.get("style") or "", given.get("bgcolor") or "")
            looks[node.mem_id] = look
            if not look.hidden and tag in _LOOKED:
                _element(node, tag, given, seen)


def _text(node: Any, look: Look, seen: _Seen) -> None:
    if look.hidden:
        return
    contrast = look.contrast
    small = 0 < look.size < LEAST_SIZE and not seen.tiny
    if (contrast is None or contrast >= look.least or look in seen.faint) and not small:
        return
    words = (node.text_content or "").strip(_FILLER)
    if not words:
        return
    if contrast is not None and contrast < look.least and look.size:
        seen.faint.setdefault(look, words[:80])
    if small:
        seen.tiny = words[:80]


def _element(node: Any, tag: str, given: dict[str, str | None], seen: _Seen) -> None:
    if tag in _HEADINGS:
        seen.levels.append((_HEADINGS[tag], _words(node)))
    elif tag == "img" and given.get("alt") is None:
        src = (given.get("src") or "")[:200]
        remedy = "Give it an alt: what is seen, or an empty one where it is only decoration"
        seen.found.append(_amber("image-alt", "A picture has no alt, so its address is read aloud.", src, remedy))
    elif tag == "a" and given.get("href"):
        seen.found += _link(node, given)
    elif tag == "table" and given.get("role") not in ("presentation", "none") and node.css_first("th") is None:
        said = "A table that only lays out is announced as one with rows and columns."
        seen.found.append(_amber("table-role", said, _words(node), 'Give it role="presentation"'))


def _link(node: Any, given: dict[str, str | None]) -> Iterator[Check]:
    if given.get("aria-hidden") == "true":
        return
    words = _words(node)
    if not words:
        named = given.get("aria-label") or any(one.attributes.get("alt") for one in node.css("img"))
        if not named:
            href = (given.get("href") or "")[:200]
            yield _amber("link-empty", "A link has no words, so nobody hears where it leads.", href, "Give it words")
    elif words.casefold().strip(" .…»>→←") in _VAGUE:
        said = f"A link says only “{words}”: read on its own, it does not tell where it leads."
        yield _amber("link-words", said, words, "Let it say what is behind it")


def _order(levels: Sequence[tuple[int, str]]) -> Iterator[Check]:
    if not any(level == 1 for level, _ in levels):
        yield _amber("no-heading", "The mail has no heading of the first level (h1).", "", _TEMPLATE)
    before = 0
    for level, words in levels:
        if before and level > before + 1:
            said = f"A heading of level {level} follows one of level {before}: what is between is missed."
            yield _amber("heading-order", said, words, _TEMPLATE)
            return
        before = level


def _words(node: Any) -> str:
    return " ".join(node.text(deep=True, separator=" ").strip(_FILLER).split())[:80]
