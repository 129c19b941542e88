"""Turns what a newsroom's system put into a text field into plain text: no markup, bounded, safe to store."""

import re
from collections import Counter
from html import unescape
from unicodedata import category, normalize

import nh3

DEEPEST = 300  # nested tags; nh3 is quadratic in depth (100,000 took 21 s), so deeper markup is cut out by hand
MOST_TAGS = 10_000  # in one text; what has more is cut out by hand as well
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
KNOWN = BLOCKS | DROPPED | INLINE
NAMES = "|".join(sorted(KNOWN, key=len, reverse=True))
TAG = re.compile(rf"<(/?)({NAMES})(?=[\s/>])[^<>]*>", re.IGNORECASE)
NO_TAG = re.compile(r"<(?!/?[a-zA-Z][a-zA-Z0-9]*[\s/>]|!--)")
NAMED = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)(?=[\s/>])")
NO_ENTITY = re.compile(r"&(?!(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});)")
ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
MARKUP = re.compile(
    rf"</(?:{NAMES})\s*>|<(?:br|hr|img|wbr)\b[^<>]*>|<(?:{NAMES})\s+[a-z-]+\s*=|<!--|<(?:script|style)\b", re.IGNORECASE
)
ESCAPED = re.compile(  # markup, once it was decoded
    rf"</(?:{NAMES})\s*>|<(?:{NAMES})[\s/](?:[^<>=]*=[^<>]*>|[^<>]{{0,2000}}?=\s*[\"'])", re.IGNORECASE
)
CODE = re.compile(r"<(?:pre|code|samp|kbd|textarea)\b", re.IGNORECASE)  # texts about markup show it
ACTIVE = re.compile(
    r"<(?:script|iframe|object|embed|style|svg|form|base|meta|link)\b|<[a-z][^<>]*\s(?:on[a-z]+|style)\s*=",
    re.IGNORECASE,
)
SCRIPT = re.compile(r"<(script|style)\b(?:[^<]++|<(?!/?(?:script|style)\b))*+</\1\s*>", re.IGNORECASE)
DECLARATION = re.compile(r"<(?:!doctype|\?[a-z])[^<>]*>|<!\[CDATA\[|\]\]>", re.IGNORECASE)
ANY_TAG = re.compile(r"<[^<>]*>")
BLOCK_TAG = re.compile(r"</?([a-z][a-z0-9]*)>")
BLANKS = re.compile(r"[^\S\n]+")
OVERRIDES = frozenset("\u202d\u202e")  # would turn the text around them round
LINE_ENDS = str.maketrans({"\r": "\n", "\u2028": "\n", "\u2029": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n"})


def line(value: str, limit: int) -> str:
    """Return one line of plain text of at most ``limit`` characters, entities decoded once.

    Tags go where the value is markup (it closes a tag, or breaks a line, or gives an attribute), also where it was
    escaped twice; a lone ``<b>`` in a headline about HTML is text and stays.
    """
    raw = _bounded(value[:RAW_LINE])
    text = _again(_without_tags(raw) if MARKUP.search(raw) else _decoded(raw))
    return shorten(" ".join(clean(text).split()), limit)


def paragraphs(value: str, limit: int) -> str:
    """Return plain text of at most ``limit`` characters, with an empty line between paragraphs; any tag is markup."""
    raw = _bounded(value[:RAW_BODY])
    text = _without_tags(raw) if TAG.search(raw) or "<!--" in raw else _decoded(raw)
    text = text if CODE.search(raw) and not ACTIVE.search(text) else _again(text)
    lines = [BLANKS.sub(" ", one).strip() for one in clean(text).split("\n")]
    return shorten(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip(), limit)


def clean(text: str) -> str:
    """Return a text without control characters, lone surrogates and direction overrides, in NFC."""
    kept = normalize("NFC", text.replace("\r\n", "\n").translate(LINE_ENDS))
    unfit = {ord(char): None for char in set(kept) if not _fit(char)}
    return kept.translate(unfit) if unfit else kept


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


def _bounded(raw: str) -> str:
    return raw if raw.count("<") <= MOST_TAGS else _cut(raw).replace("<", " ")


def _again(text: str) -> str:
    """Cut out what is markup once a text was decoded: it was escaped once too often."""
    return _without_tags(text.replace("\n", "<br>")) if ESCAPED.search(text) else text


def _without_tags(raw: str) -> str:
    """Cut markup out: first its depth is looked at, then nh3 drops scripts and the like with what is in them."""
    raw = DECLARATION.sub("", raw)
    if raw.count("<") > DEEPEST and _depth(raw) > DEEPEST:
        return _decoded(_cut(raw))
    shielded = NO_ENTITY.sub("&amp;", _shielded(raw))
    if "-->" not in shielded:
        shielded = shielded.replace("<!--", "&lt;!--")
    cleaned = nh3.clean(
        shielded.replace("\r", " ").replace("\n", " "),
        tags=set(BLOCKS),
        clean_content_tags=set(DROPPED),
        attributes={"*": set()},  # else lang and title stay
        link_rel=None,
    )
    return unescape(BLOCK_TAG.sub(lambda match: "\n" if match.group(1) in ("br", "tr") else "\n\n", cleaned))


def _cut(raw: str) -> str:
    """Cut markup out by hand, in one pass."""
    return ANY_TAG.sub(" ", SCRIPT.sub(" ", raw))


def _shielded(raw: str) -> str:
    """Escape the angle brackets that start no tag of HTML: they are text."""
    raw = NO_TAG.sub("&lt;", raw)
    strange = {name for name in set(NAMED.findall(raw)) if name.lower() not in KNOWN}
    if not strange:
        return raw
    return NAMED.sub(lambda tag: "&lt;" + tag.group()[1:] if tag.group(1) in strange else tag.group(), raw)


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
