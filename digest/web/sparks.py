"""Draws small courses of numbers beside a figure, as SVG without styles of its own; says them in words, too."""

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

WIDTH: Final = 120
HEIGHT: Final = 28
_EDGE: Final = 3


def line(values: Sequence[float], label: str) -> Markup:
    """Return a line through some numbers, from the smallest to the greatest. ``label``: what it shows, in words."""
    low, high = min(values, default=0), max(values, default=0)
    step = (WIDTH - 2 * _EDGE) / max(1, len(values) - 1)
    reach = (HEIGHT - 2 * _EDGE) / (high - low) if high > low else 0
    rest = _EDGE if high > low else HEIGHT / 2
    points = [(_EDGE + step * number, HEIGHT - rest - (value - low) * reach) for number, value in enumerate(values)]
    drawn = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    end = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="2.5"/>').format(*points[-1]) if points else Markup()
    return _svg(Markup('<polyline points="{}" fill="none"/>{}').format(drawn, end), label)


def bars(values: Sequence[float], label: str) -> Markup:
    """Return a bar for each number, from zero."""
    most = max([*values, 1])
    step = WIDTH / max(1, len(values))
    drawn = [
        Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
            step * number + 1, HEIGHT - height, step - 2, height
        )
        for number, value in enumerate(values)
        for height in [max(1.0, value / most * (HEIGHT - 2))]
    ]
    return _svg(Markup().join(drawn), label)


def _svg(inside: Markup, label: str) -> Markup:
    start = Markup('<svg class="spark" role="img" aria-label="{}" width="{}" height="{}" viewBox="0 0 {} {}">')
    return start.format(label, WIDTH, HEIGHT, WIDTH, HEIGHT) + inside + Markup("</svg>")
