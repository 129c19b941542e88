"""Finds what a mail links to: each address once, without our own marks, with the words that lead there. Pure."""

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from digest.rendering import click_links
from digest.rendering.links import OURS, WEB

_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK: Final = re.compile(r"<a\b([^>]*)>(.*?)</a>", re.DOTALL | re.IGNORECASE)
_PICTURE: Final = re.compile(r"<img\b([^>]*)>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^>]*>")
_TITLE_BEFORE: Final = re.compile(r"<(?:h[1-6]|li)\b[^>]*>\s*\Z", re.IGNORECASE)
_BEFORE: Final = 400  # characters in which the tag of a heading stands
_HREF: Final = re.compile(r"""\bhref\s*=\s*("[^"]*"|'[^']*')""", re.IGNORECASE)
_SRC: Final = re.compile(r"""\bsrc\s*=\s*("[^"]*"|'[^']*')""", re.IGNORECASE)
_OUR_PAGE: Final = re.compile(r"(https?://[^/]+/(?:editions|feedback|c)/)[\w-]{40,}((?:\.\w+)?)")


@dataclass(frozen=True, slots=True)
class Target:
    """An address to ask for. ``where``: the headline, else the words of the link, else ""."""

    url: str
    where: str = ""
    picture: bool = False


def of_all(pages: Iterable[str]) -> dict[str, Target]:
    """Return address -> target, of all editions' HTML together.

    Behind a counted link stands the story's own address, without our marks: it is that which is asked for, so that
    no statistics count us. Of our own pages of an edition one of each kind is enough: only their token differs.
    """
    found: dict[str, Target] = {}
    ours: set[str] = set()
    for page in pages:
        for target in of_page(page):
            key = kind_of_ours(target.url)
            if target.url in found or key in ours:
                continue
            ours |= {key} if key else set()
            found[target.url] = target
    return found


def kind_of_ours(url: str) -> str:
    """Return the kind of a page of ours that stands once for each edition, without its token; "" for any other."""
    found = _OUR_PAGE.match(url)
    return f"{found[1]}{found[2]}" if found else ""


def of_page(page: str) -> Iterator[Target]:
    """Yield the targets of one mail, each once: its links, then its pictures."""
    bare = _COMMENT.sub("", page)
    words: dict[str, tuple[bool, str]] = {}
    for link in _LINK.finditer(bare):
        url = plain(click_links.target(_value(_HREF, link[1])))
        if not is_web(url):
            continue
        title = bool(_TITLE_BEFORE.search(bare, max(0, link.start() - _BEFORE), link.start()))
        said = " ".join(html.unescape(_TAG.sub(" ", link[2])).split())
        if url not in words or (said and (title, bool(said)) > (words[url][0], bool(words[url][1]))):
            words[url] = (title, said)
    yield from (Target(url, said) for url, (_title, said) in words.items())
    yield from (Target(url, picture=True) for url in pictures_of(bare))


def pictures_of(page: str) -> list[str]:
    """Return the addresses of the pictures of a mail, each once."""
    pictures = dict.fromkeys(_value(_SRC, one[1]) for one in _PICTURE.finditer(_COMMENT.sub("", page)))
    return [url for url in pictures if is_web(url)]


def plain(url: str) -> str:
    """Return a URL without our own marks."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    kept = [pair for pair in parts.query.split("&") if pair and pair.split("=", 1)[0].lower() not in OURS]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "&".join(kept), parts.fragment))


def is_web(url: str) -> bool:
    """Tell whether an address is one of the web: no mark of a slot, no mailto."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in WEB and bool(parts.hostname)


def _value(attribute: re.Pattern[str], attributes: str) -> str:
    found = attribute.search(attributes)
    return html.unescape(found[1][1:-1]).strip() if found else ""
