"""Turns a report's plots into PNG files that stand alone: a title, the plot, and where its numbers come from.

The same SVG as on the page, drawn by resvg with a font that comes with the package, so that letters are there on a
machine without any and the same report gives the same bytes. Scripts that this font lacks need a font of the machine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import ParseError, fromstring

import resvg_py

from digest.errors import BadInput, NotFound
from digest.reports import charts
from digest.reports.tables import Report

WIDTH: Final = 640  # px of the page's own measure; drawn at twice that
ZOOM: Final = 2.0
EDGE: Final = 24  # px around
HEAD, FOOT = 64, 30  # px for the title and the source
TITLE_LETTERS: Final = 58  # of the largest title that fits
FAMILY: Final = "DejaVu Sans"
COVERED: Final = (
    (0x0000, 0x06FF),
    (0x10A0, 0x10FF),
    (0x1D00, 0x2BFF),
    (0xFB00, 0xFEFF),
)  # what the font has letters for
PAPER: Final = "#ffffff"
STYLE: Final = """
text{fill:#33363d;font-family:'DejaVu Sans';font-size:12px}
.title{fill:#16181d;font-size:18px}
.source{fill:#54565c;font-size:11px}
.name{fill:#16181d}
.small{fill:#54565c;font-size:11px}
.end{text-anchor:end}
.middle{text-anchor:middle}
.bar,.point{fill:#0b5c6b}
.amber{fill:#9a5200}
.track{fill:#e9e3d6}
.uncounted{fill:none;stroke:#54565c;stroke-dasharray:3 4}
.grid{stroke:#ddd7cb}
.middle-line,.axis{stroke:#54565c}
.interval{stroke:#16181d;stroke-width:1.5}
.course{stroke:#0b5c6b;stroke-width:2}
.median{stroke:#54565c;stroke-dasharray:4 4}
.last{fill:#16181d}
.hollow{fill:#ffffff;stroke:#54565c;stroke-dasharray:2 2}
"""


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot of a report. ``key`` names its file: that of its table, or ``line-`` and that of its measure."""

    key: str
    title: str
    svg: str  # as it stands in the page


def plots(report: Report) -> tuple[Plot, ...]:
    """Return the plots of a report, in the page's order."""
    return tuple(_plots(report))


def png(report: Report, key: str) -> bytes:
    """Return one plot as a PNG. Raises NotFound, naming those there are."""
    for plot in plots(report):
        if plot.key == key:
            return _drawn(report, plot)
    names = ", ".join(plot.key for plot in plots(report)) or "none"
    raise NotFound(f"There is no plot {key[:40]!r}. Plots: {names}.")


def write_png(report: Report, folder: Path) -> list[Path]:
    """Write each plot as KEY.png into a folder (made if need be); returns the paths. Raises BadInput."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write(folder / f"{plot.key}.png", _drawn(report, plot)) for plot in plots(report)]
    except OSError as error:
        raise BadInput(f"{folder} cannot be written to: {error.strerror}. Say where: --png FOLDER") from error


def _plots(report: Report) -> Iterator[Plot]:
    for table in report.tables:
        svg = charts.bars(table)
        if svg:
            yield Plot(table.key, table.title, svg)
        if table.key == "issues":
            yield from (Plot(f"line-{one.key}", one.title, charts.line(one)) for one in report.lines)


def _write(file: Path, content: bytes) -> Path:
    file.write_bytes(content)
    return file


def _drawn(report: Report, plot: Plot) -> bytes:
    svg = _page(report, plot)
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            background=PAPER,
            zoom=ZOOM,
            style_sheet=STYLE,
            font_files=[_font()],
            font_family=FAMILY,
            sans_serif_family=FAMILY,
            skip_system_fonts=_is_covered(svg),
        )
    )


def _page(report: Report, plot: Plot) -> str:
    """Return the plot with its title above and its source below, as an SVG of a fixed width."""
    height = _height(plot)
    inner = plot.svg.replace('width="100%"', f'x="{EDGE}" y="{HEAD}" width="{WIDTH - 2 * EDGE}"', 1)
    title = plot.title if len(plot.title) <= TITLE_LETTERS else f"{plot.title[: TITLE_LETTERS - 1].rstrip()}…"
    source = f"{report.title} · seen {str(report.head.get('made_at', ''))[:10]}"
    whole = HEAD + height + FOOT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{whole:g}">'
        f'<text class="title" x="{EDGE}" y="38">{escape(title)}</text>{inner}'
        f'<text class="source" x="{EDGE}" y="{whole - 12:g}">{escape(source)}</text></svg>'
    )


def _height(plot: Plot) -> float:
    try:
        return float(fromstring(plot.svg).get("height", ""))  # noqa: S314 - our own, made a moment ago
    except (ParseError, ValueError) as error:
        raise BadInput(f"The plot {plot.title!r} cannot be drawn: a name in it holds a control character.") from error


def _is_covered(text: str) -> bool:
    """Tell whether the font that comes with us has all letters of a text."""
    return all(any(low <= ord(letter) <= high for low, high in COVERED) for letter in set(text))


@cache
def _font() -> str:
    return str(files("digest.reports") / "fonts" / "DejaVuSans.ttf")
