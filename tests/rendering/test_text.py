"""The plain text, and the small rules that both parts share."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.rendering.errors import TemplateError
from digest.rendering.mailing import render
from digest.rendering.text import render_text
from digest.rendering.wording import WIDTH, clean, first_strong, separator, wrap
from tests.rendering import plans


@given(st.text())
def test_clean_gives_one_line(text):
    """Whatever comes in, one line comes out that can be encoded, and cleaning again changes nothing."""
    cleaned = clean(text)
    cleaned.encode()
    assert "\n" not in cleaned
    assert clean(cleaned) == cleaned


@given(st.lists(st.text("abc-/:?", min_size=1, max_size=100)))
def test_wrap_loses_and_breaks_nothing(words):
    """Wrapping keeps every word whole, URLs too, and no line of several words is too long."""
    wrapped = wrap(" ".join(words), 2)
    assert wrapped.split() == words
    assert all(len(line) <= WIDTH or len(line.split()) == 1 for line in wrapped.split("\n"))


def test_directions_are_kept_apart():
    """A part that runs the other way is held by marks; figures alone need none."""
    assert separator(["Tbilisi", "5 min"], "ltr") == " · "
    assert separator(["123"], "rtl") == " · "
    assert separator(["Tamar Keli", "دقائق"], "rtl") == " \u200f·\u200f "
    assert [first_strong(text) for text in ("12 a", "12 ب", "12")] == ["ltr", "rtl", ""]


def test_a_lost_story_is_an_error():
    """A text template that forgets a story is refused."""
    with pytest.raises(TemplateError, match="plain text lost"):
        render_text("digest", _values(), must_contain=["A story that is nowhere"])


def test_badge_and_notes():
    """The badge stands in brackets before the headline, in the edition's words."""
    assert (
        "[Editor’s choice] The dam keepers of Enguri want their snow back\n" in render(plans.english(), plans.URLS).text
    )
    assert "[اختيار المحرر] حرّاس" in render(plans.arabic(), plans.URLS).text


def _values() -> dict[str, object]:
    from digest.rendering import context  # noqa: PLC0415

    return dict(context.make(plans.plain(), plans.URLS).values)
