"""Words are found in every script, and two texts are compared by the pairs of words they share."""

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from digest.articles.clusters.words import (
    FEWEST,
    LEAD_WORDS,
    SAMPLED,
    containment,
    packed,
    read,
    title_likeness,
    unpacked,
    words,
)

LONG = " ".join(f"word{number}" for number in range(400))


def test_words_of_many_scripts():
    """Case, joined letters, vowel signs and invisible signs make no difference; Chinese and Thai fall into signs."""
    assert words("Don’t CO\u00adoperate, naïve STRASSE – straße") == [
        "don",
        "t",
        "cooperate",
        "naïve",
        *["strasse"] * 2,
    ]
    assert words("Привет, МИР") == ["привет", "мир"]
    assert words("हिन्दी में") == ["हिन्दी", "में"]
    assert words("가나 다라") == ["가나", "다라"]
    assert words("東京ニュース 2026") == ["東", "京", "ニ", "ュ", "ー", "ス", "2026"]
    assert words("ข่าว") == ["ข่", "า", "ว"]
    assert words("ﬁne\ufeff ＡＢＣ") == ["fine", "abc"]
    assert words("") == []


def test_the_hash_is_the_same_in_every_process():
    """What one worker stored another can read: Python's own hash of a text differs from run to run."""
    code = "from digest.articles.clusters.words import packed, read; print(packed(read('A b c', 'd e f', 'g h')).hex())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert other.stdout.strip() == packed(read("A b c", "d e f", "g h")).hex()


def test_containment_is_of_the_shorter_text():
    """A summary is wholly held by the article it sums up, and the other way round gives the same."""
    whole, part = read("", "", LONG), read("", "", " ".join(LONG.split()[100:150]))
    assert containment(whole.grams, part.grams) == containment(part.grams, whole.grams) == 1.0
    assert containment(whole.grams, frozenset()) == 0.0


@given(st.integers(0, 300), st.integers(40, 90))
def test_two_texts_keep_the_same_samples(start: int, length: int):
    """Whatever the lengths: what one sampled by its hash, the other did, too."""
    whole, part = read("", "", LONG), read("", "", " ".join(LONG.split()[start : start + length]))
    by_hash = {one for one in part.grams if one % SAMPLED == 0}
    assert by_hash <= part.sample & whole.sample
    assert set(part.order[:LEAD_WORDS]) <= part.sample


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=400))
def test_any_text_can_be_read_and_stored(headline: str, standfirst: str, body: str):
    """Nothing that a feed brings breaks it; what is stored is sorted, and read back as it was."""
    text = read(headline, standfirst, body)
    stored = unpacked(packed(text))
    assert list(stored) == sorted(text.sample | text.title_hashes)
    assert text.sample <= text.grams


def test_signs_count_less_than_words():
    """Twelve Chinese signs are no twelve words."""
    assert read("", "", "点击这里阅读全文更多内容请看").size < FEWEST
    assert read("", "", "one two three four five six seven eight nine ten eleven twelve").size == FEWEST


def test_headlines_whose_numbers_differ_are_not_alike():
    """A regular piece's date, a count of dead, a score: the same words, another story."""

    def likeness(one: str, other: str) -> float:
        return title_likeness(frozenset(words(one)), frozenset(words(other)))

    assert likeness("Quake kills 12 in Van", "Quake kills 40 in Van") == 0.0
    assert likeness("Quake in Van kills 12", "Quake kills 12 in Van") == 1.0
    assert likeness("Salt mine reopens", "Salt mine to reopen") == 0.4
    assert likeness("", "Salt") == 0.0
