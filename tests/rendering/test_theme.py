"""Colours: every text reads on every ground, in light and in dark, and no region can change that."""

import pytest

from digest.regions import STARTER
from digest.rendering.contrast import ratio, readable
from digest.rendering.theme import DARK, LIGHT, MOST_COLORS, Palette, Scheme

SCHEMES = pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])


def grounds(scheme: Scheme) -> tuple[str, ...]:
    return scheme.page, scheme.card, scheme.panel, scheme.ground


def test_the_formula():
    """Black on white is 21, a colour on itself 1, and #767676 on white the well-known 4.54."""
    assert ratio("#000000", "#FFFFFF") == pytest.approx(21)
    assert ratio("#9E1B32", "#9E1B32") == 1
    assert ratio("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@SCHEMES
def test_small_print_reads_everywhere(scheme):
    """Muted text has 4.5 on each ground."""
    assert min(ratio(scheme.muted, ground) for ground in grounds(scheme)) >= 4.5


@SCHEMES
def test_body_text_reads_easily(scheme):
    """Headlines and standfirsts have 7 on each ground."""
    assert min(ratio(text, ground) for text in (scheme.ink, scheme.body) for ground in grounds(scheme)) >= 7


@pytest.mark.parametrize("region", STARTER, ids=[row[0] for row in STARTER])
def test_region_colours_read(region):
    """Each region's colour has 4.5 as text on its card, and under the badge's and button's own text."""
    *_, light, dark = region
    assert ratio(light, LIGHT.card) >= 4.5
    assert ratio("#FFFFFF", light) >= 4.5
    assert ratio(dark, DARK.card) >= 4.5


@SCHEMES
def test_the_neutral_colour_reads(scheme):
    """What stands in for an unreadable colour reads itself."""
    assert ratio(scheme.neutral, scheme.card) >= 7


@pytest.mark.parametrize("color", ["#FFEE00", "#FFFFFF", "red", "#12345", "#123456;background:url(x)", ""])
def test_an_unreadable_colour_is_replaced(color):
    """A region's colour that does not read on white, or is no plain colour, never reaches a style attribute."""
    assert readable(color, LIGHT.card, LIGHT.neutral) == LIGHT.neutral


def test_few_pairs():
    """Regions of one colour share their rules, and hundreds of colours do not break Gmail's style limit."""
    palette = Palette()
    assert palette.number("#9E1B32", "#F2929F") == palette.number("#9E1B32", "#F2929F") == 1
    for n in range(200):
        palette.number(f"#0000{n:02X}", "#FFFFFF")
    assert len(palette.pairs) == MOST_COLORS
