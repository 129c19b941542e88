"""Edited copies are told from look-alikes, in four languages, by our own made pairs."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from digest.articles.clusters.alike import EDITED, SAME, text_likeness
from digest.articles.clusters.words import Text, containment, read
from tests.articles.clusters import corpus
from tests.articles.clusters.corpus import Piece

HOURS = timedelta(hours=1)
SHARES = (0.15, 0.2, 0.25, 0.3, 0.35)
Pair = tuple[Piece, Piece]
EACH = pytest.mark.parametrize("language", corpus.LANGUAGES)


def text(piece: Piece) -> Text:
    """Read a piece."""
    return read(piece.headline, "", piece.body)


def likeness(pair: Pair, hours: float = 30) -> float | None:
    """Return what is said of two pieces published so far from each other."""
    return text_likeness(text(pair[0]), text(pair[1]), hours * HOURS)


def made(seed: int, language: str, make: Callable[[Random, Piece], Pair], count: int = 20) -> list[Pair]:
    """Make pairs."""
    dice = Random(seed)  # noqa: S311 - dice for a test, not a secret
    return [make(dice, corpus.story(dice, language)) for _ in range(count)]


def edited(how: Callable[[Random, Piece, float], Piece], share: float) -> Callable[[Random, Piece], Pair]:
    """Return what makes a pair of a piece and its copy."""
    return lambda dice, one: (one, how(dice, one, share))


@EACH
def test_a_copy_edited_by_a_third_is_the_same_story(language: str):
    """Sentences cut and turned round, phrases changed, 15 to 35 % in all, under a new headline: found by its text."""
    for share in SHARES:
        pairs = made(1, language, edited(corpus.copy_edited, share))
        assert all((likeness(pair) or 0.0) >= SAME for pair in pairs)


@EACH
def test_words_changed_all_over_a_copy_hide_it_rarely(language: str):
    """Every sixth word: all are found; every third, the hardest there is: three in four."""
    for share, least in ((0.15, 20), (0.25, 20), (0.35, 15)):
        pairs = made(2, language, edited(corpus.reworded, share))
        found = [said for pair in pairs if (said := likeness(pair)) is not None]
        assert len(found) >= least
        assert min(found) >= EDITED


@EACH
@pytest.mark.parametrize("kind", ["house lines", "same pattern", "market report", "running story"])
def test_look_alikes_are_told_apart(language: str, kind: str):
    """Not one of 20: a third of both is the house's lines, or a background; or the same sentences with other facts."""
    make: dict[str, Callable[[Random, Piece], Pair]] = {
        "house lines": lambda dice, one: (
            corpus.with_boilerplate(one),
            corpus.with_boilerplate(corpus.story(dice, language, unlike=one)),
        ),
        "same pattern": lambda dice, one: (one, corpus.other_facts(dice, one)),
        "market report": lambda dice, _: corpus.regular(dice, language),
        "running story": lambda dice, one: (one, corpus.updated(dice, one, kept=4)),
    }
    pairs = made(3, language, make[kind])
    assert [likeness(pair) for pair in pairs].count(None) >= (19 if kind == "market report" else 20)
    assert max(containment(text(one).grams, text(other).grams) for one, other in pairs) > 0.2, "they do look alike"


@EACH
def test_an_update_that_keeps_most_of_it_is_the_same_story(language: str):
    """Two new paragraphs on top of six old ones: the reader has had it."""
    pairs = made(4, language, lambda dice, one: (one, corpus.updated(dice, one, kept=6)))
    assert None not in [likeness(pair) for pair in pairs]


def test_a_short_text_never_matches():
    """It is the whole text of many an item: "Read more on our site"."""
    one = Piece("en", "Salt mine", ("Read more on our site, and write to us.",), ())
    other = Piece("en", "Night train", one.sentences, ())
    assert likeness((one, other), 1) is None


def test_a_regular_piece_is_not_the_one_of_yesterday():
    """The same few lines under "The week in pictures": another day, another piece; the same day, the same."""
    lines = "Our editors have chosen the pictures that tell what moved the region in these seven days of the year."
    one = Piece("en", "The week in pictures", (lines,), ())
    assert likeness((one, one), 24) is None
    assert likeness((one, one), 2) == 1.0


def test_what_many_say_needs_like_headlines_and_the_same_day():
    """Then only an agency piece in a hundred papers is one story, not a hundred pieces with the house's lines."""
    dice = Random(5)  # noqa: S311
    one = corpus.story(dice, "en")
    other = Piece("en", "A quiet night for the harbour", one.sentences, ())
    assert text_likeness(text(one), text(other), HOURS, many=text(one).sample) is None
    assert text_likeness(text(one), text(one), HOURS, many=text(one).sample) == 1.0
    assert text_likeness(text(one), text(one), 30 * HOURS, many=text(one).sample) is None


def test_two_weeks_are_the_most():
    """After 14 days the same text is another matter."""
    one = corpus.story(Random(6), "en")  # noqa: S311
    assert likeness((one, one), 14 * 24) == 1.0
    assert likeness((one, one), 14 * 24 + 1) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "The central bank of Georgia kept its key rate at 8 percent on Wednesday, saying that prices rise slower",
            "The central bank of Armenia kept its key rate at 7 percent on Wednesday, saying that prices rise slower",
        ),
        (
            "Heavy rain is expected in the streets of Tbilisi over the weekend, the weather service said on Friday",
            "Heavy rain is expected in the streets of Batumi over the weekend, the weather service said on Friday",
        ),
        (
            "В субботу на улицах Тбилиси ожидается сильный дождь, сообщила в пятницу служба погоды страны и города",
            "В субботу на улицах Батуми ожидается сильный дождь, сообщила в пятницу служба погоды страны и города",
        ),
    ],
)
def test_sister_events_of_one_day_are_two_stories(one, other):
    """Twenty words that differ in the place, or in the figure, are no copies of each other."""
    first, second = (read("Headline of today", text, "") for text in (one, other))
    assert text_likeness(first, second, timedelta(hours=2)) is None
    assert text_likeness(first, first, timedelta(hours=2)) == 1.0


def test_a_name_more_on_one_side_is_no_other_story():
    """A desk that adds a first name has still the same story."""
    one = "The minister said on Monday that the bridge near Gori will be open again before the first snow of the year"
    other = one.replace("The minister", "The minister Ana Beridze")
    first, second = (read("Bridge", text, "") for text in (one, other))
    assert text_likeness(first, second, timedelta(hours=2)) is not None
