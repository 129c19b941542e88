"""Turns the bytes of a web page into a small tree that is safe to walk: decoded, bounded, without what it would run.

The parser's time grows with the square of nested tags, and of the attributes of one tag (200,000 took 87 s). So the
page is cut down first: scripts, styles, drawings and comments are left out, and tags are counted.
"""

import codecs
import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from digest.articles.importing import feed_text

LARGEST = 3_000_000  # bytes; what describes an article stands far before
MOST_TAGS = 20_000
MOST_ATTRIBUTES = 200  # of one tag; with more it loses them all
MOST_BLOCKS, LARGEST_BLOCK = 40, 1_000_000  # of linked data; characters
HEAD = 8_000  # bytes in which a page says its encoding
META_CHARSET = re.compile(rb"<meta\b[^<>]{0,400}?charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
OTHER_NAMES = {"x-sjis": "cp932", "ks_c_5601-1987": "cp949", "windows-949": "cp949", "unicode": "utf-8"}
ROOT = re.compile(
    r"\s*(?:<\?[^>]*>\s*|<!--(?:[^-]|-(?!->))*+-->\s*|<!doctype[^>]*>\s*)*+<([a-z][a-z0-9:]*)", re.IGNORECASE
)
PAGES = frozenset({"html", "head", "body", "meta", "title", "link", "script", "style", "base", "div", "noscript", "h1"})
ATTRIBUTE = r"""[\s/]*+(?!>)=?[^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|(?!["'])[^\s>]*+))?+"""
TOKEN = re.compile(
    rf"<(?:(?P<comment>!--)|(?P<odd>[!?])|(?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?P<rest>(?:{ATTRIBUTE})*+)[\s/]*+(?P<whole>>?))"
)
ATTRIBUTES = re.compile(ATTRIBUTE)
AFTER_COMMENT = re.compile(r"--!?>")
LINKED = re.compile(r"ld\+json", re.IGNORECASE)
LEFT_OUT = frozenset(
    {
        "script",
        "style",
        "svg",
        "math",
        "iframe",
        "textarea",
        "xmp",
        "noembed",
        "noframes",
        "template",
        "object",
        "select",
    }
)
FEED = re.compile(r"application/(?:rss|atom|feed)\+(?:xml|json)|application/rdf\+xml", re.IGNORECASE)


@dataclass(frozen=True)
class Markup:
    """A page: its tree, and the linked data (JSON-LD) it carried, as written."""

    tree: LexborHTMLParser
    linked_data: tuple[str, ...]


def is_page(content: bytes, content_type: str = "") -> bool:
    """Tell whether this is a web page, and no feed or other XML."""
    root = ROOT.match(decode(content[:HEAD], content_type).lstrip("\ufeff"))
    return root is not None and root.group(1).lower() in PAGES


def parse(content: bytes, content_type: str = "") -> Markup:
    """Return what can be read of a page. ``content_type``: the HTTP header, for its charset; never raises."""
    kept: list[str] = []
    blocks: list[str] = []
    for piece, linked in _pieces(decode(content[:LARGEST], content_type).replace("<![CDATA[", " ")):
        if linked and len(blocks) < MOST_BLOCKS:
            blocks.append(piece[:LARGEST_BLOCK])
        elif not linked:
            kept.append(piece)
    return Markup(LexborHTMLParser("".join(kept) or "<html>"), tuple(blocks))


def decode(content: bytes, content_type: str = "") -> str:
    """Return the text of a page: by its mark, as UTF-8, as HTTP or the page says, or as its letters tell."""
    if content.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return feed_text.decode(content)
    said = list(_said(content, content_type))
    for encoding in (*(name for name in said if name.startswith(feed_text.SEVEN_BIT)), "utf-8", *said):
        try:
            return codecs.getincrementaldecoder(encoding)().decode(content)  # the last letter may be cut in two
        except UnicodeDecodeError:
            continue
    foreign = [name for name in said if name != "utf-8"]
    return content.decode(foreign[0], "replace") if foreign else feed_text.decode(content)


def _said(content: bytes, content_type: str) -> Iterator[str]:
    """Yield the encodings that HTTP and the page name, as browsers understand the names."""
    http, meta = CHARSET.search(content_type), META_CHARSET.search(content[:HEAD])
    for name in (http.group(1) if http else "", meta.group(1).decode("ascii") if meta else ""):
        try:
            known = codecs.lookup(OTHER_NAMES.get(name.lower(), name)).name if name else ""
            "".encode(known or "utf-8").decode(known or "utf-8")  # rot13 and the like give no text
        except (LookupError, TypeError, ValueError):
            continue
        if known and known != "utf-7":
            yield "utf-8" if known.startswith("utf") else feed_text.WIDER.get(known, known)


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the tags and texts that are kept, and blocks of linked data, marked as such."""
    position = tags = 0
    while tags < MOST_TAGS and (found := TOKEN.search(text, position)):
        yield text[position : found.start()], False
        position = found.end()
        name = (found["name"] or "").lower()
        if found["comment"]:
            position = _after(text, AFTER_COMMENT, found.start() + 2)
        elif found["odd"]:
            position = text.find(">", position) + 1 or len(text)
        elif not found["whole"] or name == "plaintext":
            return
        elif name in LEFT_OUT:
            position = yield from _skipped(text, position, found, name)
        elif name == "title" and not found["end"]:
            position = yield from _title(text, position)
        else:
            tags += 1
            yield _tag(found), False


def _skipped(text: str, position: int, found: re.Match[str], name: str) -> Generator[tuple[str, bool], None, int]:
    if found["end"]:
        return position
    closing = re.compile(rf"</{name}(?=[\s/>])[^>]*>", re.IGNORECASE).search(text, position)
    if name == "script" and LINKED.search(found["rest"]):
        yield text[position : closing.start() if closing else len(text)], True
    return closing.end() if closing else len(text)


def _title(text: str, position: int) -> Generator[tuple[str, bool], None, int]:
    """Yield a title whose text holds no tags."""
    closing = re.compile(r"</title(?=[\s/>])[^>]*>", re.IGNORECASE).search(text, position)
    inner = text[position : closing.start() if closing else len(text)][:LARGEST_BLOCK]
    yield f"<title>{inner.replace('<', '&lt;')}</title>", False
    return closing.end() if closing else len(text)


def _tag(found: re.Match[str]) -> str:
    rest = found["rest"]
    if found["end"]:
        return f"</{found['name']}>"
    if len(rest) > MOST_ATTRIBUTES and sum(1 for one in ATTRIBUTES.finditer(rest) if one.group()) > MOST_ATTRIBUTES:
        return f"<{found['name']}>"
    return found.group()


def _after(text: str, mark: re.Pattern[str], start: int) -> int:
    found = mark.search(text, start)
    return found.end() if found else len(text)
