"""The report in a terminal: no line is wider than the window, and what was not counted looks like it."""

import pytest

from digest.reports.plots import Pen, columns, fit, lines_of
from digest.reports.tables import Line
from tests.reports import made


@pytest.mark.parametrize("width", [40, 60, 80, 110, 200])
@pytest.mark.parametrize("blocks", [True, False])
def test_no_line_is_wider_than_the_window(width, blocks):
    """From 40 columns up; wider than 110 none is drawn."""
    for line in lines_of(made.report(clicks=(4, 1_000)), width, blocks=blocks):
        assert columns(line) <= min(width, 110), line


def test_a_terminal_without_block_characters_gets_plain_ones():
    """Bars of # and dots; nothing that its encoding lacks, but for names and the words themselves."""
    drawn = "\n".join(lines_of(made.report(), 80, blocks=False))
    assert not set("█▏▎▍▌▋▊▉▁▂▃▄▅▆▇│·¼…") & set(drawn)
    assert "####" in drawn


def test_not_counted_is_drawn_otherwise_than_nothing():
    """0 has a stroke and a 0; what nobody counted a row of dots and the words."""
    lines = lines_of(made.report(bounced=0, clicks=(40, 0)), 80)
    bounced = next(line for line in lines if line.strip().startswith("bounced"))
    machine = next(line for line in lines if line.strip().startswith("machine"))
    assert "▏" in bounced
    assert " 0  " in bounced
    assert ". . ." in machine
    assert machine.count("not counted") == 1


def test_a_bar_to_the_right_is_more_than_expected():
    """Twice is half-way to the right, a half as far to the left, the ends are four times and a quarter."""
    pen = Pen(80, blocks=True)
    assert pen.times(2, 9) == "    │██  "
    assert pen.times(0.5, 9) == "  ██│    "
    assert pen.times(1, 9) == "    │    "
    assert pen.times(100, 9) == "    │████"
    assert pen.times(0, 9) == "████│    "


def test_a_course_shows_gaps():
    """A value a character, from 0 to the greatest; what was not counted is a dot."""
    assert Pen(80, blocks=True).course((0.0, 5.0, None, 10.0)) == "▁▅·█"
    assert Pen(80, blocks=True).course((0.0, 0.0)) == "▁▁"


def test_a_measure_nobody_counted_last_time_says_so():
    """The words stand where the value would."""
    line = Line(key="a", title="A", kind="rate", issues=("1", "2"), values=(0.5, None), median=0.5)
    assert Pen(80, blocks=True).courses([line])[1] == "  A  █·  not counted or too few, before: 50.0 %"
    assert "Nothing is counted yet." in Pen(80, blocks=True).courses([])[1]


def test_wide_letters_take_two_columns():
    """So do bars stay in line under Chinese names and marks of Arabic ones."""
    assert columns("第二") == 4
    assert columns("é") == 1
    assert fit("第二第二", 5) == "第二…"
    assert fit("ab", 4) == "ab  "
    assert fit("abcdef", 5, "...") == "ab..."
