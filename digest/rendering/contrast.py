"""How well one colour reads on another, by the WCAG 2.2 formula, and a safe answer where it does not."""

import re

LINEAR_BELOW = 0.04045  # of sRGB
LEAST = 4.5  # WCAG 2.2, 1.4.3, for text of any size
HEX = re.compile(r"#[0-9A-Fa-f]{6}\Z")


def ratio(one: str, other: str) -> float:
    """Return the contrast of two ``#RRGGBB`` colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable(color: str, ground: str, otherwise: str) -> str:
    """Return the colour if it is a ``#RRGGBB`` that reads on the ground, else ``otherwise``.

    What a newsroom gives for a region goes into style attributes: so nothing but a plain colour passes.
    """
    return color if HEX.match(color) and ratio(color, ground) >= LEAST else otherwise


def _luminance(color: str) -> float:
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= LINEAR_BELOW else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
