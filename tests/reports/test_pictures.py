"""The plots as PNG: letters are really drawn without any font of the machine, in every script of the newsroom."""

from io import BytesIO
from pathlib import Path

import pytest
import resvg_py
from PIL import Image

from digest.errors import BadInput, NotFound
from digest.reports import pictures
from digest.reports.facts import Standing
from tests.reports import made

STANDING = tuple(
    Standing(issue=1, key=str(n), countries=("Georgia" if n else "Armenia",), authors=("Ann",), desk="", exposure=n)
    for n in range(12)
)


@pytest.fixture
def report():
    """Return a report with bars, lines, a headline of Chinese letters and a list with an Arabic name."""
    return made.report(standing=STANDING)


def opened(content: bytes) -> Image.Image:
    """Open a PNG, which it must be."""
    picture = Image.open(BytesIO(content))
    assert picture.format == "PNG"
    return picture.convert("L")


def ink(picture: Image.Image, box: tuple[int, int, int, int]) -> int:
    """Return how many dark pixels a part of a picture has."""
    return sum(picture.crop(box).histogram()[:160])


def test_each_plot_of_the_page_is_a_picture_of_its_own(report, tmp_path: Path):
    """Named by its table or its measure, twice as wide as it is shown, with a title."""
    files = pictures.write_png(report, tmp_path / "new" / "folder")
    assert [file.stem for file in files] == [plot.key for plot in pictures.plots(report)]
    assert {"regions", "places", "line-delivered"} <= {file.stem for file in files}
    for file in files:
        picture = opened(file.read_bytes())
        assert picture.width == 1280
        assert ink(picture, (40, 40, 1000, 90)) > 300, file.stem
        assert picture.getpixel((4, 4)) == 255


def test_letters_are_drawn_on_a_machine_without_fonts(report, monkeypatch: pytest.MonkeyPatch):
    """Latin, Georgian, Arabic and Cyrillic come from the font that comes with us; not one of the machine's is used."""
    draw = resvg_py.svg_to_bytes
    monkeypatch.setattr(resvg_py, "svg_to_bytes", lambda **given: draw(**given | {"skip_system_fonts": True}))
    for name in ("Regions", "რეგიონები", "المناطق", "Регионы", "Գույներ"):
        blank, written = (pictures.Plot("k", title, '<svg width="100%" height="40"></svg>') for title in ("", name))
        drawn = ink(opened(pictures._drawn(report, written)), (40, 40, 1240, 100))
        assert drawn > ink(opened(pictures._drawn(report, blank)), (40, 40, 1240, 100)) + 300, name


def test_the_same_report_gives_the_same_bytes(report):
    """Whatever fonts a machine has; those are looked at only where ours lacks a letter."""
    assert pictures.png(report, "regions") == pictures.png(report, "regions")
    assert pictures._is_covered("Abc 12 % რ ж ي – … 1x")
    assert not pictures._is_covered("第二")


def test_what_there_is_not_and_what_cannot_be_written(report, tmp_path: Path):
    """A sentence that names what there is; a folder that is a file."""
    with pytest.raises(NotFound, match=r"There is no plot 'nothing'\. Plots: .*regions"):
        pictures.png(report, "nothing")
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="--png FOLDER"):
        pictures.write_png(report, tmp_path / "file")
