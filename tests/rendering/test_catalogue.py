"""The words of the mail: whole in every language, with its own plurals, dates and lists."""

import string
from datetime import UTC, datetime

import pytest

from digest.rendering.catalogue import Catalogue, catalogue, direction, fonts, languages

MONDAY_LATE = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # already Tuesday in Tbilisi


def braces(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_word(language):
    """No language lacks a word that English has, nor a place in its braces, nor has one more."""
    english, own = catalogue("en").words, catalogue(language).words
    assert set(own) == set(english)
    for key, word in english.items():
        if isinstance(word, str) and key not in ("locale", "date"):
            assert own[key], key
            assert braces(own[key]) == braces(word), key


@pytest.mark.parametrize("language", languages())
def test_every_plural_form_is_there(language):
    """A plural has each form that the language has (CLDR), so that no count falls back by chance."""
    words = catalogue(language)
    for key in ("minutes", "stories"):
        assert set(words.words[key]) == {*words.locale.plural_form.tags, "other"}


@pytest.mark.parametrize(
    ("language", "n", "expected"),
    [
        ("en", 1, "1 story"),
        ("en", 2, "2 stories"),
        ("ar", 1, "قصة واحدة"),
        ("ar", 2, "قصتان"),
        ("ar", 3, "3 قصص"),
        ("ar", 11, "11 قصة"),
        ("ru", 1, "1 материал"),
        ("ru", 3, "3 материала"),
        ("ru", 5, "5 материалов"),
        ("ru", 21, "21 материал"),
    ],
)
def test_counts(language, n, expected):
    """A count is said as the language says it."""
    assert catalogue(language).count("stories", n) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "A, B and C"), ("ar", "A وB وC"), ("fr", "A, B et C"), ("de", "A, B und C"), ("ka", "A, B და C")],
)
def test_lists(language, expected):
    """Names are listed in the language's grammar."""
    assert catalogue(language).enumerate(["A", "B", "C"]) == expected


def test_dates_are_of_the_publications_zone():
    """The day is that of the publication's zone, in the language's words."""
    assert catalogue("en").date(MONDAY_LATE, "UTC") == "Monday 23 November 2026"
    assert catalogue("en").date(MONDAY_LATE, "Asia/Tbilisi") == "Tuesday 24 November 2026"
    assert catalogue("ar").date(MONDAY_LATE, "Asia/Tbilisi") == "الثلاثاء 24 نوفمبر 2026"
    assert catalogue("en-US").date(MONDAY_LATE, "UTC") == "Monday 23 November 2026"


def test_a_language_without_words():
    """Armenian has no file yet: the words are English, the date, the fonts and the direction are its own."""
    armenian: Catalogue = catalogue("hy")
    assert armenian.word("in_brief") == "In brief"
    assert armenian.enumerate(["A", "B"]) == "A and B"
    assert "նոյեմբերի" in armenian.date(MONDAY_LATE, "UTC")
    assert "Armenian" in armenian.fonts.serif


def test_directions_and_fonts():
    """Arabic, Hebrew and Persian run right to left; a tongue nobody knows runs left to right in the usual fonts."""
    assert [direction(each) for each in ("ar", "he", "fa", "en", "ka", "qqq")] == ["rtl"] * 3 + ["ltr"] * 3
    assert fonts("qqq") == fonts("en")
    assert fonts("ar").tall
    assert fonts("az").serif.startswith("'Times New Roman'")  # Georgia lacks the schwa


def test_names_of_languages():
    """A story in another language says so in the reader's own; a code without a name stays a code."""
    assert catalogue("en").language_name("ru") == "Russian"
    assert catalogue("ar").language_name("ru") == "الروسية"
    assert catalogue("en").language_name("qqq") == "qqq"
