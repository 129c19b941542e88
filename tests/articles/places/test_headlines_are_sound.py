"""The labelled headlines hold what their README says of them."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from babel import Locale

HERE = Path(__file__).parent / "headlines"
LANGUAGES = ("en", "fr", "de", "ru", "ar")
KINDS = ("plain", "several", "hard", "none")
KEYS = {"language", "headline", "standfirst", "countries", "half", "note"}
NOT_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}  # Babel names these too
LETTERS = {"ru": re.compile("[а-яё]"), "ar": re.compile("[\u0621-\u064a]")}

Item = dict[str, Any]


def read(language: str) -> list[Item]:
    """Return the labelled headlines of a language."""
    found: list[Item] = orjson.loads((HERE / f"{language}.json").read_bytes())
    return found


def kind(item: Item) -> str:
    """Return the kind of a headline, as the README defines it."""
    if item["note"]:
        return "hard"
    return ("none", "plain", "several", "several")[len(item["countries"])]


def promised() -> dict[str, tuple[int, ...]]:
    """Return the table of counts in the README: a language's plain, several, hard, none and all."""
    rows = re.findall(r"^\| (\w\w) \|((?: \d+ \|)+)$", (HERE / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {language: tuple(int(number) for number in re.findall(r"\d+", cells)) for language, cells in rows}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_holds_as_many_of_each_kind_as_promised(language: str):
    """The README's table is counted from the files, and no language has under fifty."""
    items = read(language)
    counts = Counter(kind(item) for item in items)
    assert (*(counts[each] for each in KINDS), len(items)) == promised()[language]
    assert len(items) >= 50


def test_the_readme_names_the_whole():
    """The number in the README's first line is the sum over the five languages, and there is no other file."""
    total = sum(len(read(language)) for language in LANGUAGES)
    assert f"{total} headlines" in (HERE / "README.md").read_text(encoding="utf-8")
    assert {path.name for path in HERE.iterdir()} == {"README.md", *(f"{language}.json" for language in LANGUAGES)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_headline_is_whole(language: str):
    """Every entry has the six keys, its file's language, a headline in the language's script, and trimmed text."""
    for item in read(language):
        assert set(item) == KEYS
        assert item["language"] == language
        assert all(item[key] == item[key].strip() for key in ("headline", "standfirst", "note"))
        assert LETTERS.get(language, re.compile("[a-z]")).search(item["headline"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_country_has_a_code_that_babel_names(language: str):
    """Labels are at most three different codes of countries."""
    countries = {code for code in Locale("en").territories if re.fullmatch("[A-Z]{2}", str(code))} - NOT_COUNTRIES
    for item in read(language):
        codes = item["countries"]
        assert set(codes) <= countries, item["headline"]
        assert len(codes) == len(set(codes)) <= 3, item["headline"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_halves_are_equal_in_every_kind(language: str):
    """As many of each kind are held out as are for tuning, and there is no third half."""
    counts = Counter((kind(item), item["half"]) for item in read(language))
    assert {half for _, half in counts} == {"tuning", "held_out"}
    assert all(counts[each, "tuning"] == counts[each, "held_out"] > 0 for each in KINDS)


def test_no_headline_comes_twice():
    """A headline in both halves would let the tuning see what is held out."""
    headlines = Counter(item["headline"].casefold() for language in LANGUAGES for item in read(language))
    assert [headline for headline, times in headlines.items() if times > 1] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_some_standfirsts_are_empty(language: str):
    """Feeds often give none; most stories have one."""
    empty = sum(not item["standfirst"] for item in read(language))
    assert 0 < empty < len(read(language)) / 4


def test_the_readme_gives_away_nothing_that_is_held_out():
    """The examples in the README are all from the tuning half, and there are at least five."""
    text = (HERE / "README.md").read_text(encoding="utf-8")
    shown = [item["half"] for language in LANGUAGES for item in read(language) if f"`{item['headline']}`" in text]
    assert len(shown) >= 5
    assert set(shown) == {"tuning"}
