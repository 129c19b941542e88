"""A stored mail as a page: with what became of its stories, and, where anybody may read it, with nothing of a reader.

A mail may be made by a newsroom's own template, so nothing is known of its looks: links are found by where they lead,
texts by what they say. Pure.
"""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Final
from urllib.parse import parse_qs, urlsplit

from markupsafe import escape

from digest.rendering import click_links, slots
from digest.rendering.catalogue import catalogue
from digest.rendering.links import OURS

MEDIUM: Final = "archive"  # utm_medium of links on a public page
_ANCHOR: Final = re.compile(r"<a\b([^>]*)>(.*?)</a>(\s*</h[1-6]>)?", re.DOTALL | re.IGNORECASE)
_HREF: Final = re.compile(r"\bhref=(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_IMAGE: Final = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^>]*>")
_OURS: Final = re.compile(r"/(?:editions|feedback)/[A-Za-z0-9_-]{40,}")
_TOKEN: Final = re.compile(r"/c/([A-Za-z0-9_-]{40})\?u=")
_NEXT: Final = re.compile(r"<a\b[^>]*>|\x00\d+\x00", re.IGNORECASE)
_EMPTY: Final = re.compile(r"<p\b[^>]*>(?:\s|&#8194;|&nbsp;)*</p>")
_ROBOTS: Final = re.compile(r"<meta\b[^>]*\bname=[\"']?robots\b[^>]*>", re.IGNORECASE)
_MUTED: Final = "display:block;padding:12px;font:italic 14px/20px Georgia,serif;text-align:center;color:#54565c"
_SMALL: Final = "margin:8px 0 0;font:14px/21px -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What became of the story at a place: that it is gone (in a word), or what was put right."""

    gone: str = ""  # "Retracted"
    correction: str = ""
    label: str = ""  # "Correction"
    standfirst: str = ""  # as the mail prints it
    picture: str = ""  # its address


def marked(html: str, since: Mapping[int, Since], language: str) -> str:
    """Return a mail in which stories that are gone are struck out, and others carry their corrections."""
    if not since:
        return html
    button = catalogue(language).word("read_full")
    told: set[int] = set()

    def change(found: re.Match[str]) -> str:
        place = place_of(_href(found[1]))
        note = since.get(place) if place else None
        if place is None or note is None:
            return found[0]
        inner, after = found[2], found[3] or ""
        is_button = not _IMAGE.search(inner) and _text(inner) == button
        if note.gone:
            return "" if is_button else _struck(note, inner, place) + after
        if is_button or _IMAGE.search(inner) or place in told:
            return found[0]
        told.add(place)
        return found[0] + _corrected(note, block=bool(after))

    changed = _ANCHOR.sub(change, html)
    for place, note in since.items():
        if note.gone:
            changed = _without_texts_of(place, note, changed)
    return changed


def public(html: str, marks: Mapping[str, str], language: str, *, elsewhere: str) -> str:
    """Return a mail without what is a reader's: ways out, votes, counted links, and the reason why it came.

    ``elsewhere``: where what is left of a reader's own links leads.
    """
    own = set(marks.values())

    def change(found: re.Match[str]) -> str:
        href = _href(found[1])
        if _OURS.search(href) or any(mark in href for mark in own - _readers(marks)) or place_of(href) == 0:
            return found[3] or ""
        plain = _counted_for_the_archive(click_links.target(slots.MARK.sub("", href)))
        return found[0].replace(_raw_href(found[1]), str(escape(plain)), 1)

    stripped = _ANCHOR.sub(change, html)
    for pattern in _of_a_mail(language):
        stripped = pattern.sub("", stripped)
    stops = {key.rpartition("@")[0].removeprefix(slots.STOP): elsewhere for key in marks}
    stripped = _EMPTY.sub("", stripped)
    filled = slots.values(marks, unsubscribe_url=elsewhere, preferences_url=elsewhere, name="", stops=stops)
    return slots.fill(stripped, filled)


def framed(html: str, *, head: str, before: str, after: str) -> str:
    """Return a mail as a page: with more in its head, and a part before and one after what is its main part now."""
    plain = _ROBOTS.sub("", html)
    plain = _put(plain, r"<head\b[^>]*>", lambda tag: f"{tag}\n{head}")
    plain = _put(plain, r"<body\b[^>]*>", lambda tag: f"{tag}\n{before}<main>")
    return _put(plain, r"</body\s*>", lambda tag: f"</main>{after}\n{tag}")


def place_of(href: str) -> int | None:
    """Return the place of the story that a link of a mail leads to; 0 for the hidden link, None for other links."""
    counted = _TOKEN.search(href)
    if counted:
        return int.from_bytes(urlsafe_b64decode(counted[1])[-2:], "big")
    content = parse_qs(urlsplit(href).query).get(OURS[3], [""])[0].rpartition("-")[2] if "utm_content" in href else ""
    return int(content) if content.isascii() and content.isdecimal() else None


def _raw_href(attributes: str) -> str:
    found = _HREF.search(attributes)
    return (found[1] or found[2] or "") if found else ""


def _href(attributes: str) -> str:
    return unescape(_raw_href(attributes))


def _readers(marks: Mapping[str, str]) -> set[str]:
    """Return the marks that name a reader in links that anybody may follow without them."""
    return {mark for key, mark in marks.items() if key.startswith("reader@")}


def _text(inner: str) -> str:
    return " ".join(unescape(_TAG.sub("", inner)).replace("\u200b", "").replace("\u2002", " ").split())


def _struck(note: Since, inner: str, place: int) -> str:
    word = escape(note.gone)
    if _IMAGE.search(inner):
        return f'<span style="{_MUTED}">{word}</span>'
    return f"<del>{inner}</del> <strong>{word}</strong>{_here(place)}"


def _here(place: int) -> str:
    """Return what marks the end of a headline while the texts below it are looked for; no mail holds such a thing."""
    return f"\x00{place}\x00"


def _corrected(note: Since, *, block: bool) -> str:
    said = f"<b>{escape(note.label)}:</b> {escape(note.correction)}"
    if block:
        return f'<p class="std" style="{_SMALL}">{said}</p>'
    return f'<span class="std" style="display:block;{_SMALL}">{said}</span>'


def _without_texts_of(place: int, note: Since, html: str) -> str:
    """Strike out the standfirst of a story that is gone, below its headline, and take its picture away."""
    parts = html.split(_here(place))
    for number, part in enumerate(parts[1:], start=1):
        end = next((found.start() for found in _NEXT.finditer(part) if _is_next(found)), len(part))
        text = re.escape(str(escape(note.standfirst)))
        struck = re.sub(rf">(\s*)({text})(\s*)<", r">\1<del>\2</del>\3<", part[:end]) if note.standfirst else part[:end]
        parts[number] = struck + part[end:]
    html = "".join(parts)
    if note.picture:
        source = re.escape(str(escape(note.picture)))
        html = re.sub(rf"<img\b[^>]*\bsrc=\"{source}\"[^>]*>", "", html)
    return html


def _is_next(found: re.Match[str]) -> bool:
    """Tell whether another story begins: its link, or the end of a headline that was struck out."""
    return found[0].startswith("\x00") or place_of(_href(found[0])) is not None


def _counted_for_the_archive(url: str) -> str:
    return url.replace("utm_medium=email", f"utm_medium={MEDIUM}")


def _of_a_mail(language: str) -> Iterable[re.Pattern[str]]:
    """Return the patterns of the paragraphs that make sense only to who got the mail."""
    words = catalogue(language).words
    for key in ("why_one", "why_many", "feedback"):
        text = re.escape(str(escape(words[key]))).replace(re.escape("{lists}"), ".*?")
        yield re.compile(rf"<p\b[^>]*>\s*{text}\s*</p>")


def _put(html: str, tag: str, made: Callable[[str], str]) -> str:
    return re.sub(tag, lambda found: made(found[0]), html, count=1, flags=re.IGNORECASE)
