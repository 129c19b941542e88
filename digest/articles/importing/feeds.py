"""Reads articles from RSS 0.9 to 2.0, RDF and Atom, by feedparser, which is never given a DTD."""

import codecs
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin
from xml.sax import SAXException

import feedparser

from digest.articles.importing.data import ArticleData, PictureRule, RowError, build, same_picture
from digest.articles.importing.plain import paragraphs
from digest.errors import BadInput

LARGEST = 5_000_000  # bytes
MOST_TAGS = 400_000  # a feed that large has some 50,000; feedparser takes 10 us for each
LONG_SUMMARY = 1_500  # characters; what is longer is the article itself, and its first paragraph the standfirst
DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
DECLARATION = re.compile(r"\s*<\?xml[^>]{0,300}\?>")
MEDIA_TEXT = re.compile(r"(</?media:)description\b")  # feedparser takes it for the summary of the article
TOLD = frozenset({"categories"})  # an item without any says that it has none any more
NOT_BLANK = re.compile(r"\S")
IMAGE_ADDRESS = re.compile(r"\.(jpe?g|png|gif|webp)(\?|\Z)", re.IGNORECASE)


def read(
    content: bytes,
    base: str = "",
    picture: PictureRule = same_picture,
) -> Iterator[ArticleData | RowError]:
    """Yield each article of a feed, or what is wrong with it. ``base``: the address it came from.

    Where the feed is broken, what can be read is taken and a RowError says so. Raises BadInput where it is too
    large, carries definitions of its own (DTD), or holds nothing that can be read.
    """
    if len(content) > LARGEST:
        raise BadInput(f"The feed has {len(content):,} bytes; at most {LARGEST:,} are read.")
    parsed = _parse(content, base)
    broken = parsed.get("bozo_exception") if parsed.get("bozo") else None
    if not parsed.entries and (broken or not parsed.get("version")):
        raise BadInput(f"It is no feed that can be read{_reason(broken)}.")
    if isinstance(broken, SAXException):
        yield RowError("feed", f"It is not well-formed{_reason(broken)}; what could be read was taken.", kept=True)
    for number, entry in enumerate(parsed.entries, start=1):
        values = _values(entry, base)
        values["language"] = _language(entry) or parsed.feed.get("language")
        yield from _article(entry, values, f"item {number}", picture)


def _parse(content: bytes, base: str) -> Any:
    text = MEDIA_TEXT.sub(r"\1alttext", without_doctype(decode(content)))
    if text.count("<") > MOST_TAGS:
        raise BadInput(f"The feed has over {MOST_TAGS:,} tags.")
    headers = {"content-type": "application/xml; charset=utf-8"} | ({"content-location": base} if base else {})
    prepared = ('<?xml version="1.0" encoding="utf-8"?>' + text).encode("utf-8", "replace")
    return feedparser.parse(prepared, sanitize_html=False, resolve_relative_uris=False, response_headers=headers)


def decode(content: bytes) -> str:
    """Return the text of an XML document without its declaration: by its mark, as UTF-8, or as it says itself."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return DECLARATION.sub("", content.decode(encoding, "replace").lstrip("\ufeff"), count=1)
    declared = DECLARED.match(content.lstrip()[:400])
    for encoding in (*_seven_bit(declared), "utf-8", *_as_declared(declared), "cp1252"):
        try:
            return DECLARATION.sub("", content.decode(encoding), count=1)
        except UnicodeDecodeError:
            continue
    return DECLARATION.sub("", content.decode("latin-1"), count=1)


def _seven_bit(declared: re.Match[bytes] | None) -> tuple[str, ...]:
    """Return the encodings that would pass for UTF-8: those that hide other letters in ASCII."""
    return tuple(name for name in _as_declared(declared) if name.lower().startswith("iso-2022"))


def _as_declared(declared: re.Match[bytes] | None) -> tuple[str, ...]:
    name = declared.group(1).decode("ascii") if declared else ""
    try:
        known = codecs.lookup(name).name if name else ""
        # UTF-7 can hide a DOCTYPE from other readers, and codecs such as rot13 or hex give no text at all
        "".encode(known or "utf-8").decode(known or "utf-8")
    except (LookupError, TypeError, ValueError):
        return ()
    return (name,) if known and known != "utf-7" else ()


def without_doctype(text: str) -> str:
    """Cut DOCTYPEs out of the head of an XML document. Raises BadInput where one defines things itself."""
    kept: list[str] = []
    position = 0
    while True:
        start = position = _after_blanks(text, position)
        if text.startswith("<?", position):
            position = _after(text, "?>", position)
        elif text.startswith("<!--", position):
            position = _after(text, "-->", position)
        elif text[position : position + 9].upper() == "<!DOCTYPE":
            start = _after(text, ">", position)
            if "[" in text[position:start]:
                raise BadInput("The feed brings definitions of its own (a DTD), which are refused.")
            position = start
        else:
            return "".join(kept) + text[start:]
        kept.append(text[start:position])


def _after_blanks(text: str, start: int) -> int:
    found = NOT_BLANK.search(text, start)
    return found.start() if found else len(text)


def _after(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return len(text) if found < 0 else found + len(mark)


def _reason(error: Any) -> str:
    if isinstance(error, SAXException):
        line = getattr(error, "getLineNumber", lambda: "unknown")()
        return f" ({error.getMessage()}, line {line})"
    return ""


def _article(entry: Any, values: dict[str, Any], where: str, picture: PictureRule) -> Iterator[ArticleData | RowError]:
    values["published_at"] = _published(entry)
    given = dict.get(entry, "published") or dict.get(entry, "created")
    if values["published_at"] is None and given:
        yield RowError(where, f"Its date {given!r} cannot be read; it counts as published when first seen.", kept=True)
    yield from build({key: value for key, value in values.items() if value or key in TOLD}, where, picture)


def _values(entry: Any, base: str) -> dict[str, Any]:
    names = [str(tag.get("label") or tag.get("term") or "") for tag in dict.get(entry, "tags", ())]
    standfirst, body = _texts(entry)
    return {
        "url": dict.get(entry, "feedburner_origlink") or dict.get(entry, "link"),
        "guid": dict.get(entry, "id"),
        "headline": dict.get(entry, "title"),
        "standfirst": standfirst,
        "body_html": body,
        "authors": [author["name"] for author in dict.get(entry, "authors", ()) if author.get("name")],
        "image": _image(entry, base),
        "categories": [name for name in names if name],
    }


def _texts(entry: Any) -> tuple[str, str]:
    """Return standfirst and body: many feeds put the whole article where the summary should stand."""
    contents = dict.get(entry, "content", ())
    body = max((str(one.get("value", "")) for one in contents), key=len, default="")
    summary = str(dict.get(entry, "summary", "") or "")
    if summary == body or (not body and len(summary) > LONG_SUMMARY):
        return paragraphs(summary, LONG_SUMMARY).split("\n\n", 1)[0], summary
    return summary, body


def _published(entry: Any) -> datetime | None:
    for name in ("published_parsed", "created_parsed", "updated_parsed"):
        parts = dict.get(entry, name)
        if parts:
            try:
                year, month, day, hour, minute, second = parts[:6]
                return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
            except ValueError:
                return None
    return None


def _language(entry: Any) -> str | None:
    detail: Mapping[str, Any] = dict.get(entry, "title_detail", {})
    return dict.get(entry, "language") or detail.get("language")


def _image(entry: Any, base: str) -> dict[str, Any] | None:
    """Return the widest picture of an entry, with its text and credit where the feed gives them."""
    media = [one for one in dict.get(entry, "media_content", ()) if _is_image(one, one.get("url"))]
    media += [
        {"url": one.get("href")}
        for one in dict.get(entry, "links", ())
        if one.get("rel") == "enclosure" and _is_image(one, one.get("href"))
    ]
    media += [one for one in dict.get(entry, "media_thumbnail", ()) if one.get("url")]
    best = max(media, key=lambda one: _pixels(one.get("width")) or 0, default=None)
    if best is None:
        return None
    credited = [str(one.get("content", "")) for one in dict.get(entry, "media_credit", ())]
    image = {
        "url": urljoin(base, str(best["url"])),
        "alt": dict.get(entry, "media_alttext"),
        "credit": ", ".join(credited),
    }
    size = {"width": _pixels(best.get("width")), "height": _pixels(best.get("height"))}
    return image | (size if all(size.values()) else {})


def _is_image(one: Mapping[str, Any], url: Any) -> bool:
    kind = str(one.get("medium") or one.get("type") or "")
    return bool(url) and (kind.startswith("image") or (not kind and bool(IMAGE_ADDRESS.search(str(url)))))


def _pixels(value: Any) -> int | None:
    return int(value) if str(value or "").isdecimal() and 0 < int(value) <= 100_000 else None  # noqa: PLR2004 - as data.Pixels
