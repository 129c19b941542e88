"""Turns what a newsroom's system put into a text field into plain text: no markup, bounded, safe to store."""

import re
from collections import Counter
from html import unescape
from unicodedata import category, normalize

import nh3

DEEPEST = 100  # nested tags; nh3 is quadratic in depth (100,000 took 21 s), so deeper markup is cut out by hand
RAW_LINE = 20_000
RAW_BODY = 400_000
BLOCKS = frozenset(
    (  # noqa: SIM905 - a list of forty strings reads worse
        "p br div li ul ol dl dt dd h1 h2 h3 h4 h5 h6 blockquote pre section article header footer figure figcaption"
        " table tr td th hr"
    ).split()
)
DROPPED = frozenset({"script", "style", "iframe", "object", "template", "svg", "math", "select", "title"})
INLINE = frozenset(
    (  # noqa: SIM905
        "a abbr acronym address aside audio b bdi bdo big body button caption center cite code del details dfn em embed"
        " font form html head i img input ins kbd label link main map mark meta nav noscript option picture q s samp"
        " small source span strike strong sub summary sup tbody textarea tfoot thead time tt u var video wbr"
    ).split()
)
VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "source", "wbr", "embed"})
CLOSE_THEMSELVES = frozenset({"p", "li", "dt", "dd", "tr", "td", "th", "option"})
NAMES = "|".join(sorted(BLOCKS | DROPPED | INLINE, key=len, reverse=True))
TAG = re.compile(rf"<(/?)({NAMES})(?=[\s/>])[^<>]*>", re.IGNORECASE)
NO_TAG = re.compile(rf"<(?!/?(?:{NAMES})(?=[\s/>])|!--)", re.IGNORECASE)
NO_ENTITY = re.compile(r"&(?!(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});)")
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
MARKUP = re.compile(
    rf"</(?:{NAMES})\s*>|<(?:br|hr|img|wbr)\b[^<>]*>|<(?:{NAMES})\s+[a-z-]+\s*=|<!--|<(?:script|style)\b", re.IGNORECASE
)
ANY_TAG = re.compile(r"<[^<>]*>")
BLOCK_TAG = re.compile(r"</?([a-z][a-z0-9]*)>")
BLANKS = re.compile(r"[^\S\n]+")
OVERRIDES = frozenset("\u202d\u202e")  # would turn the text around them round
LINE_ENDS = str.maketrans({"\r": "\n", "\u2028": "\n", "\u2029": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n"})


def line(value: str, limit: int) -> str:
    """Return one line of plain text of at most ``limit`` characters, entities decoded once.

    Tags go where the value is markup (it closes a tag, or breaks a line, or gives an attribute); a lone ``<b>``
    in a headline about HTML is text and stays.
    """
    raw = value[:RAW_LINE]
    text = _without_tags(raw) if MARKUP.search(raw) else _decoded(raw)
    return shorten(" ".join(clean(text).split()), limit)


def paragraphs(value: str, limit: int) -> str:
    """Return plain text of at most ``limit`` characters, with an empty line between paragraphs; any tag is markup."""
    raw = value[:RAW_BODY]
    text = _without_tags(raw) if TAG.search(raw) or "<!--" in raw else _decoded(raw)
    lines = [BLANKS.sub(" ", one).strip() for one in clean(text).split("\n")]
    return shorten(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), limit)


def clean(text: str) -> str:
    """Return a text without control characters, lone surrogates and direction overrides, in NFC."""
    kept = normalize("NFC", text.replace("\r\n", "\n").translate(LINE_ENDS))
    if kept.isprintable():
        return "".join(char for char in kept if char not in OVERRIDES)
    return "".join(char for char in kept if _fit(char))


def shorten(text: str, limit: int) -> str:
    """Cut a text to ``limit`` characters, between two words where that costs little, and mark the cut."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    blank = cut.rfind(" ")
    return (cut[:blank] if blank > limit // 2 else cut).rstrip(" ,;:-") + "…"


def _fit(char: str) -> bool:
    if char == "\n":
        return True
    return category(char) not in ("Cc", "Cs", "Cn") and char not in OVERRIDES and char != "\ufeff"


def _decoded(raw: str) -> str:
    return ENTITY.sub(lambda match: unescape(match.group()), raw.replace("\t", " "))


def _without_tags(raw: str) -> str:
    """Cut markup out: first its depth is looked at, then nh3 drops scripts and the like with what is in them."""
    if _depth(raw) > DEEPEST:
        return _decoded(ANY_TAG.sub(" ", raw))
    shielded = NO_ENTITY.sub("&amp;", NO_TAG.sub("&lt;", raw))
    if "-->" not in shielded:
        shielded = shielded.replace("<!--", "&lt;!--")
    cleaned = nh3.clean(
        shielded.replace("\r", " ").replace("\n", " "),
        tags=set(BLOCKS),
        clean_content_tags=set(DROPPED),
        attributes={},
        link_rel=None,
    )
    return unescape(BLOCK_TAG.sub(lambda match: "\n" if match.group(1) in ("br", "tr") else "\n\n", cleaned))


def _depth(raw: str) -> int:
    opened: Counter[str] = Counter()
    depth = deepest = 0
    for match in TAG.finditer(raw):
        name = match.group(2).lower()
        if name in VOID or name in CLOSE_THEMSELVES:
            continue
        if not match.group(1):
            opened[name] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
    return deepest
