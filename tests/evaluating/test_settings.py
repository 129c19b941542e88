"""Other numbers for the formula: names with or without their unit, and a sentence for what cannot be."""

import pytest

from digest.errors import BadInput
from digest.evaluating.asking import Question
from digest.evaluating.settings import changed
from digest.ranking.formula import DAILY, WEEKLY


def test_numbers_are_changed_and_named():
    """The version says what was changed; everything else stays, also the cadence's own numbers."""
    variant = changed("editor=30, reading=40,half_life=48", DAILY)
    assert (variant.editor, variant.reading, variant.half_life_hours) == (30, 40, 48)
    assert variant.window_hours == DAILY.window_hours
    assert variant.version == "v1 with editor=30, reading=40, half_life_hours=48"


def test_whole_numbers_and_evidence_can_be_changed():
    """A cap is a whole number; the strength of evidence has its own names."""
    variant = changed("topic_cap=3,mention=0.5", WEEKLY)
    assert variant.topic_cap == 3
    assert isinstance(variant.topic_cap, int)
    assert variant.strengths["mention"] == 0.5
    assert WEEKLY.strengths["mention"] == 0.3


def test_now_changes_nothing():
    """It is the formula as it is."""
    assert changed("now", WEEKLY) is WEEKLY


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("editors=30", "The formula has no 'editors'. It has: editor, reading"),
        ("version=2", "The formula has no 'version'"),
        ("editor", "'editor' sets nothing. Write NAME=NUMBER"),
        ("editor=much", "'much' is no number for editor"),
        ("editor=-1", "editor cannot be -1: it is 0 or more"),
        ("editor=nan", "editor cannot be nan"),
        ("half_life=0", "half_life_hours cannot be 0: it is above 0"),
        ("prior=0", "prior cannot be 0: it is above 0"),
        ("topic_cap=1.5", "topic_cap cannot be 1.5: it is a whole number"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(text, said):
    """A wrong name lists those there are; a wrong number says what it may be."""
    with pytest.raises(BadInput, match=said.replace("(", r"\(")):
        changed(text, WEEKLY)


def test_a_comparison_is_of_the_two_settings_only():
    """Without one, ours is set against every other row; the same setting twice is one row."""
    asked = Question(settings=["editor=30", "editor=30"]).asked(WEEKLY)
    names = [one.name for one in asked.methods]
    assert names[:2] == ["ours (v1)", "ours (v1 with editor=30)"]
    assert len(names) == len(set(names)) == 6
    assert asked.pairs == [("ours (v1)", name) for name in names[1:]]
    two = Question(compare=("now", "editor=30")).asked(WEEKLY, badges=False)
    assert two.pairs == [("ours (v1)", "ours (v1 with editor=30)")]
    assert "badge, then newest" not in [one.name for one in two.methods]
