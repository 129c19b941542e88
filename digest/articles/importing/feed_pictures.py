"""Finds the picture of a feed's item: what Media RSS and enclosures give, else the first real one in its text."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from digest.articles.importing.data import absolute

MEDIA_PREFIX = re.compile(r"xmlns:([A-Za-z_][\w.-]{0,40})\s*=\s*[\"']http://search\.yahoo\.com/mrss/[\"']", re.ASCII)
MOST_PREFIXES = 5
IMAGE = re.compile(
    r"<!\[CDATA\[.*?\]\]>|<image(?=[\s/>])([^<>]*)(?:/>|>((?:[^<]++|<(?!/?image\b))*+)</image>)", re.DOTALL
)
IMAGE_URL = re.compile(
    r"<url>\s*(?:<!\[CDATA\[)?\s*([^<>\]\"]+)|(?:url|href|src|resource)\s*=\s*[\"']([^\"'<>]+)|\A\s*(https?://[^\s\"'<>]+)"
)
DESCRIPTION = "-description"  # the role of a credit that is none
IMAGE_ADDRESS = re.compile(r"\.(jpe?g|png|gif|webp|avif)(\?|\Z)", re.IGNORECASE)
WEB = ("http://", "https://")
LOOKED_AT = 100_000  # characters of a text in which a picture is looked for
TAG = re.compile(r"<img\b([^<>]{0,4000})>", re.IGNORECASE)
ATTRIBUTE = re.compile(r"([a-z-]{1,30})\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))", re.IGNORECASE)
LAZY = ("data-src", "data-lazy-src", "data-original", "src")
MOST_TAGS = 20
CANDIDATES = re.compile(r",\s+")
SMALLEST = 60  # pixels; what is smaller counts readers or stands for a smile
NO_PICTURE = re.compile(
    r"emoji|smil(?:ey|ies)|/pixel|[/_-]1x1|spacer|blank\.gif|gravatar|feedburner|feedsportal|doubleclick|feedads"
    r"|/stats?[./]|share[-_]|badge|/icons?/|avatar|track(?:er|ing)|beacon|google-analytics|wp-includes",
    re.IGNORECASE,
)
UNKNOWN_WIDTH = {"content": 640, "enclosure": 640, "thumbnail": 120}


def annotated(text: str) -> str:
    """Write into a feed's media elements which ``media:content`` they belong to, which feedparser does not keep.

    It also takes ``media:description`` for the summary of the article: it becomes a credit with a role of its own.
    An ``<image>`` becomes media as well, since feedparser has its title and link for those of the item.
    """
    if "<image" in text:
        text = IMAGE.sub(_as_media, text)
    prefixes = list(dict.fromkeys(MEDIA_PREFIX.findall(text)))[:MOST_PREFIXES]
    if not prefixes:
        return text
    names = "|".join(map(re.escape, prefixes))
    marker = _Marker()
    return re.sub(rf"<(/?)({names}):(group|content|description|text|credit|thumbnail)\b([^<>]*)>", marker.mark, text)


class _Marker:
    """Numbers the media:content elements, and what is in them, while they are walked."""

    def __init__(self) -> None:
        self.number = self.inside = 0
        self.around = "item"

    def mark(self, found: re.Match[str]) -> str:
        close, prefix, name, attributes = found.groups()
        if name == "group":
            self.around = "item" if close else "group"
            return found.group()
        place = self.inside or self.around
        if close:
            self.inside = 0 if name == "content" else self.inside
            return f"</{prefix}:credit>" if name in ("description", "text") else found.group()
        if name == "content":
            self.number += 1
            self.inside = 0 if attributes.endswith("/") else self.number
            return f'<{prefix}:content digest-in="{self.number}"{attributes}>'
        if name in ("description", "text"):
            end = "/" if attributes.endswith("/") else ""
            return f'<{prefix}:credit role="{DESCRIPTION}" digest-in="{place}"{end}>'
        return f'<{prefix}:{name} digest-in="{place}"{attributes}>'


def _as_media(found: re.Match[str]) -> str:
    if found.group().startswith("<!"):
        return found.group()
    address = IMAGE_URL.search(found[2] or "") or IMAGE_URL.search(found[1])
    if not address:
        return " "
    url = next(one for one in address.groups() if one).strip().replace("&amp;", "&").replace("&", "&amp;")
    return f'<media:content xmlns:media="http://search.yahoo.com/mrss/" medium="image" url="{url}"/>'


def best(entry: Mapping[str, Any], base: str, texts: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the widest picture of an entry, with its text and credit where the feed gives them.

    ``texts``: the HTML of the entry, in which one is looked for where the feed gives none.
    """
    offered = [one for one in _offered(entry) if _is_real(one)]
    if not offered:
        return next((found for text in texts for found in in_text(text, base)), None)
    chosen = max(offered, key=lambda one: _pixels(one.get("width")) or UNKNOWN_WIDTH[one["kind"]])
    inside = str(chosen.get("digest-in", ""))
    image = {
        "url": absolute(base, str(chosen["url"])),
        "alt": next(iter(_said(entry, inside, described=True)), ""),
        "credit": ", ".join(_said(entry, inside, described=False)),
    }
    return image | _size(chosen)


def described(entry: Mapping[str, Any]) -> str:
    """Return what a feed of films says of one: the description of a group of media."""
    given = (one for one in entry.get("media_credit", ()) if one.get("role") == DESCRIPTION)
    return next((str(one["content"]) for one in given if one.get("digest-in") == "group" and one.get("content")), "")


def _offered(entry: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in entry.get("media_content", ()):
        if _is_image(one, one.get("url")):
            yield {**one, "kind": "content"}
    for one in entry.get("links", ()):
        if one.get("rel") == "enclosure" and _is_image(one, one.get("href")):
            yield {"url": one.get("href"), "kind": "enclosure"}
    for one in entry.get("media_thumbnail", ()):
        if one.get("url"):
            yield {**one, "kind": "thumbnail"}
    cover = entry.get("image") or {}  # of an episode
    if cover.get("href"):
        yield {"url": cover["href"], "kind": "thumbnail"}


def _said(entry: Mapping[str, Any], inside: str, *, described: bool) -> list[str]:
    """Return the descriptions or credits of one media:content, else those of the item as a whole."""
    given = [one for one in entry.get("media_credit", ()) if (one.get("role") == DESCRIPTION) == described]
    for place in (inside, "group", "item"):
        said = [str(one["content"]).strip() for one in given if one.get("digest-in") == place and one.get("content")]
        if said:
            return list(dict.fromkeys(said))
    return []


def _is_image(one: Mapping[str, Any], url: Any) -> bool:
    kind = str(one.get("medium") or one.get("type") or "")
    named = not kind.startswith(("audio", "video")) and bool(IMAGE_ADDRESS.search(str(url)))
    return bool(url) and (kind.startswith("image") or named)


def _is_real(one: Mapping[str, Any]) -> bool:
    sizes = [size for size in (_pixels(one.get("width")), _pixels(one.get("height"))) if size]
    return not sizes or min(sizes) >= SMALLEST


def _size(one: Mapping[str, Any]) -> dict[str, int]:
    width, height = _pixels(one.get("width")), _pixels(one.get("height"))
    return {"width": width, "height": height} if width and height else {}


def _pixels(value: Any) -> int | None:
    found = re.match(r"\s*(\d{1,6})(?:\.\d*)?(?:px)?\s*\Z", str(value or ""), re.ASCII)
    return int(found[1]) if found and 0 < int(found[1]) <= 100_000 else None  # noqa: PLR2004 - as data.Pixels


def in_text(text: str, base: str) -> Iterator[dict[str, Any]]:
    """Yield the pictures in the HTML of an article that are none of counters, icons and smiles."""
    for number, tag in enumerate(TAG.finditer(text, 0, LOOKED_AT)):
        if number == MOST_TAGS:
            return
        given = {key.lower(): unescape("".join(values)).strip() for key, *values in ATTRIBUTE.findall(tag[1])}
        url = _address(given, base)
        if url and _is_real(given) and not NO_PICTURE.search(url + " " + given.get("class", "")):
            yield {"url": url, "alt": given.get("alt", "")} | _size(given)


def _address(given: Mapping[str, str], base: str) -> str:
    """Return where a picture lies: pages that load it late have its address elsewhere, or a choice of several."""
    for name in LAZY:
        url = absolute(base, given[name]) if given.get(name) else ""
        if url.startswith(WEB):
            return url
    parts = (one.split() for one in CANDIDATES.split(given.get("data-srcset") or given.get("srcset", "")))
    choice = [(_pixels(one[1].rstrip("w")) or 0, one[0]) for one in parts if len(one) == 2]  # noqa: PLR2004 - and its width
    url = absolute(base, max(choice)[1]) if choice else ""
    return url if url.startswith(WEB) else ""
