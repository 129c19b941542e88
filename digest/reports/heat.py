"""Where readers clicked, drawn on the mail itself: each story bears its clicks, against those its place gives. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape, unescape
from typing import Final
from urllib.parse import parse_qs, urlsplit

from digest.rendering import click_links
from digest.reports.rates import times

# A picture of the mail: no scripts, no forms; the newsroom's pictures may load, as they do in the mail.
POLICY: Final = "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'"
LINK: Final = re.compile(r'(<a\b[^>]*?href="([^"]+)"[^>]*>)(.*?)</a>', re.DOTALL | re.IGNORECASE)
TAG: Final = re.compile(r"<[^>]*>")
HEAD: Final = re.compile(r"<head[^>]*>", re.IGNORECASE)
# least share of the most clicked place's clicks, ground, letters
SHADES: Final = (
    (0.70, "#9c2f00", "#ffffff"),
    (0.35, "#f2994a", "#16181d"),
    (0.10, "#ffd98a", "#16181d"),
    (0.00, "#fff6d6", "#16181d"),
)


@dataclass(frozen=True, slots=True)
class Spot:
    """One place of an edition: clicks of people, and how many an average story would have got there."""

    clicks: int
    expected: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The edition that most readers got, as it was sent, with harmless links where a reader's own were."""

    lists: Sequence[str]
    readers: int
    html: str
    spots: Mapping[int, Spot]


def place_of(href: str) -> int | None:
    """Return the place a story's link stands at, by its utm_content; None for any other link."""
    story = urlsplit(click_links.target(unescape(href)))
    _, _, place = parse_qs(story.query).get("utm_content", [""])[0].rpartition("-")
    return int(place) if place.isdecimal() else None


def drawn(mail: Mail) -> str:
    """Return the mail's page with a label on the first words of each story that lead to it."""
    most = max((one.clicks for one in mail.spots.values()), default=0)
    marked: set[int] = set()

    def mark(found: re.Match[str]) -> str:
        opening, href, inside = found.groups()
        place = place_of(href)
        if place is None or place in marked or place not in mail.spots or not TAG.sub("", inside).strip():
            return found.group()
        marked.add(place)
        return f"{opening}{_label(mail.spots[place], most)}{inside}</a>"

    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return HEAD.sub(lambda head: head.group() + policy, LINK.sub(mark, mail.html), count=1)


def _label(spot: Spot, most: int) -> str:
    """Return a label: clicks, and how many times what its place gives, where there is enough to say so."""
    share = spot.clicks / most if most else 0.0
    _, ground, ink = next(shade for shade in SHADES if share >= shade[0])
    compared = times(spot.clicks, spot.expected)
    text = f"{spot.clicks:,} {'click' if spot.clicks == 1 else 'clicks'}"
    if compared and not compared.few:
        text += f", {compared.value:.2f}x expected"
    style = (
        f"display:inline-block;background:{ground};color:{ink};border:1px solid #16181d;border-radius:3px;"
        "font:bold 13px/1.4 Arial,sans-serif;padding:1px 6px;margin:0 6px 4px 0;text-decoration:none;direction:ltr"
    )
    return f'<span style="{style}">{escape(text)}</span>'
