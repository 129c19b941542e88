"""An edition as different readers' programs show it: light, dark, forced dark, without pictures or styles. Pure."""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from digest.proofs.preview import TEXT_PAGE, dark, light, without_pictures
from digest.rendering import templates

STYLES: Final = re.compile(r"<style\b.*?</style>|<link\b[^>]*>", re.DOTALL | re.IGNORECASE)
INLINE: Final = re.compile(r'\s(?:style|bgcolor|background)="[^"]*"', re.IGNORECASE)
# What programs do that turn a light mail dark by themselves differs from one to the other: this is near some of them.
FORCED: Final = (
    "<style>html{filter:invert(1) hue-rotate(180deg);background:#fff}"
    "img,svg,video{filter:invert(1) hue-rotate(180deg)}</style></head>"
)
WIDTHS: Final = (640, 360)
CUTS: Final = MappingProxyType({"Gmail on a phone": (38, 48), "iPhone Mail": (41, 90), "Outlook on a desk": (60, 55)})


class Face(StrEnum):
    """How an edition is looked at."""

    light = "light"
    dark = "dark"  # by the mail's own rules
    forced = "forced"  # by a program that turns light mails dark: an approximation
    bare = "bare"  # pictures do not come
    plain = "plain"  # styles do not come
    text = "text"
    source = "source"


NAMES: Final = MappingProxyType(
    {
        Face.light: "Light",
        Face.dark: "Dark, by its own rules",
        Face.forced: "Forced dark (roughly)",
        Face.bare: "Pictures off",
        Face.plain: "No styles",
        Face.text: "Plain text",
        Face.source: "Source",
    }
)


def shown(face: Face, html: str, text: str, language: str) -> str:
    """Return the page of an edition in a face. ``html``, ``text``: with harmless values where a reader's own were."""
    if face is Face.text:
        return _page(text, language)
    if face is Face.source:
        return _page(html, "en")
    return _FACES[face](html)


def cut(subject: str, preheader: str) -> list[dict[str, str]]:
    """Return subject and preheader as long as programs show them in a list of mails; lengths are typical ones."""
    return [
        {"where": where, "subject": _cut(subject, most), "preheader": _cut(preheader, more)}
        for where, (most, more) in CUTS.items()
    ]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _forced(html: str) -> str:
    return light(html).replace("</head>", FORCED, 1)


def _plain(html: str) -> str:
    return INLINE.sub("", STYLES.sub("", html))


def _page(text: str, language: str) -> str:
    return templates.run(TEXT_PAGE, {"text": text, "language": language})


_FACES: Mapping[Face, Callable[[str], str]] = MappingProxyType(
    {
        Face.light: light,
        Face.dark: dark,
        Face.forced: _forced,
        Face.bare: lambda html: without_pictures(light(html)),
        Face.plain: _plain,
    }
)
