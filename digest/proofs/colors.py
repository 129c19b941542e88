"""Reads which colours and sizes a style attribute gives a text, as far as that can be told without a browser."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from digest.proofs.clients import css
from digest.rendering.contrast import LEAST, ratio

LEAST_LARGE: Final = 3.0  # WCAG 2.2, 1.4.3, for large text
LARGE, LARGE_BOLD = 24.0, 18.66  # CSS px: 18 pt, and 14 pt bold
_HEX: Final = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})\Z")
_RGB: Final = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)\Z")
_PX: Final = re.compile(r"([\d.]+)px\Z")
_NAMED: Final = {"white": "#ffffff", "black": "#000000", "red": "#ff0000", "gray": "#808080", "grey": "#808080"}
_BOLD: Final = ("bold", "bolder", "600", "700", "800", "900")
_HIDDEN: Final = frozenset((("display", "none"), ("visibility", "hidden"), ("opacity", "0")))
_BOLD_TAGS: Final = frozenset(("b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th"))


@dataclass(frozen=True, slots=True)
class Look:
    """How a text looks at its place. "" is a colour that cannot be told; nothing is said of it then."""

    color: str = "#000000"
    ground: str = "#ffffff"
    size: float = 16.0  # CSS px
    bold: bool = False
    hidden: bool = False

    @property
    def contrast(self) -> float | None:
        """Return the contrast of text and ground; None where it cannot be told."""
        return ratio(self.color, self.ground) if self.color and self.ground else None

    @property
    def least(self) -> float:
        """Return the contrast it needs."""
        large = self.size >= LARGE or (self.bold and self.size >= LARGE_BOLD)
        return LEAST_LARGE if large else LEAST


@lru_cache(maxsize=16384)
def inherited(parent: Look, tag: str, style: str, bgcolor: str) -> Look:
    """Return the look of an element inside another."""
    found = replace(parent, bold=True) if tag in _BOLD_TAGS else parent
    if bgcolor:
        found = replace(found, ground=_color(bgcolor.lower()))
    for name, value in css.declarations(style):
        found = _changed(found, name, value)
    return found


def _changed(look: Look, name: str, value: str) -> Look:
    """Return a look with one declaration more."""
    if name == "color" and value != "inherit":
        return replace(look, color=_color(value))
    if name in ("background-color", "background") and value not in ("transparent", "none", "inherit"):
        return replace(look, ground=_color(value))
    if name == "background-image" and value != "none":
        return replace(look, ground="")
    if name == "font-size" and (size := _PX.match(value)):
        return replace(look, size=float(size[1]))
    if name == "font-weight":
        return replace(look, bold=value in _BOLD)
    return replace(look, hidden=True) if (name, value) in _HIDDEN else look


def _color(value: str) -> str:
    """Return a colour as ``#rrggbb``; "" where it is none that can be worked with."""
    value = _NAMED.get(value, value)
    if _HEX.match(value):
        return value if len(value) == 7 else "#" + "".join(2 * digit for digit in value[1:])  # noqa: PLR2004 - #rrggbb
    if parts := _RGB.match(value):
        return "#" + "".join(f"{min(255, int(part)):02x}" for part in parts.groups())
    return ""
