"""Turns a text into what can be compared in any language: its word pairs as numbers, and how alike two texts are."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from struct import pack, unpack
from unicodedata import category, normalize
from zlib import crc32

MOST_WORDS = 4_000  # of one text; what comes after is not compared
LEAD_WORDS = 40  # of these every 2-gram is kept, so that a short text finds the long one that begins alike
SAMPLED = 8  # of the rest every eighth, by its hash: two texts keep the same ones whatever their lengths
# A text with fewer 2-grams never matches by text: "Read more on our site" is the whole text of many feed items, and
# would make one story of them all. 11 2-grams are 12 words.
FEWEST = 11
MOST_NAMED = 1_000  # characters of a text whose names are looked for: only short texts are judged by them
ENDS = frozenset(".!?:…»”\"'")
UNTELLING = 2  # letters: "of", "in", "la" name nothing in a headline
WORDS_A_SIGN = 0.4  # scripts without blanks: two or three signs make a word
# Scripts that write no blanks between words: here each sign counts as a word, so that 2-grams are pairs of signs.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))  # inside words, differently in each copy
BASIC_PLANE = 0x10000


@dataclass(frozen=True, slots=True)
class Text:
    """What is compared of an article. ``sample`` and ``title_hashes`` together are what is stored of it."""

    order: tuple[int, ...]  # 2-grams of standfirst and body, hashed, as they follow each other
    grams: frozenset[int]  # the distinct ones
    size: float  # how many of them, in the measure of a script with blanks
    sample: frozenset[int]  # part of ``grams``
    numbers: frozenset[str]  # in the text
    names: frozenset[str]  # in the text: capitalised words within a sentence, where the script has capitals
    title: frozenset[str]  # words of the headline
    title_hashes: frozenset[int]


def words(text: str) -> list[str]:
    """Return the words of a text in any script, casefolded; each sign of a script without blanks is one."""
    clean = normalize("NFKC", text.translate(INVISIBLE) if not text.isascii() else text).casefold()
    found: list[str] = _pattern().findall(clean)
    return found


def read(headline: str, standfirst: str, body: str) -> Text:
    """Return what is compared of an article with these texts."""
    title = frozenset(words(headline))
    tokens = words(f"{standfirst}\n{body}")[:MOST_WORDS]
    hashes = _hashes(tokens)
    grams = frozenset(hashes)
    signs = sum(map(_is_sign, tokens[:LEAD_WORDS])) * 2 > len(tokens[:LEAD_WORDS])
    lead = hashes[: LEAD_WORDS * 2 if signs else LEAD_WORDS]
    return Text(
        order=tuple(hashes),
        grams=grams,
        size=len(grams) * (WORDS_A_SIGN if signs else 1),
        sample=frozenset(lead).union([one for one in grams if one % SAMPLED == 0]),
        numbers=_numbers(tokens),
        names=_names(standfirst, body),
        title=title,
        title_hashes=frozenset(crc32(b"\0" + word.encode()) for word in title if len(word) > UNTELLING),
    )


def _names(*texts: str) -> frozenset[str]:
    """Return the capitalised words that do not begin a sentence; of the beginning of each text only."""
    found: set[str] = set()
    for text in texts:
        pieces = text[:MOST_NAMED].split()
        for before, piece in pairwise(pieces):
            if piece[:1].isupper() and before[-1] not in ENDS:
                found.update(words(piece))
    return frozenset(found)


def containment(one: frozenset[int], other: frozenset[int]) -> float:
    """Return the share of the shorter text's distinct 2-grams that the longer one holds, 0 to 1; 0 for no text."""
    shorter = min(len(one), len(other))
    return len(one & other) / shorter if shorter else 0.0


def title_likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Return how alike two headlines are, 0 to 1: the words they share of all they have. It only suggests.

    Headlines whose numbers differ are not alike: "Quake kills 12" and "Quake kills 40", or a regular piece's dates.
    """
    if not one or not other or _numbers(one) != _numbers(other):
        return 0.0
    return len(one & other) / len(one | other)


def packed(text: Text) -> bytes:
    """Return what is stored of a text: its sampled hashes, sorted, four bytes each, the least significant first."""
    hashes = sorted(text.sample | text.title_hashes)
    return pack(f"<{len(hashes)}I", *hashes)


def unpacked(stored: bytes) -> tuple[int, ...]:
    """Return the hashes that ``packed`` stored."""
    return unpack(f"<{len(stored) // 4}I", stored)


def _hashes(tokens: list[str]) -> list[int]:
    """Hash each two words that follow each other; by CRC-32, since Python's own hash differs from run to run."""
    encoded = " ".join(tokens).encode().split(b" ")
    return list(map(crc32, map(b" ".join, pairwise(encoded))))


def _numbers(tokens: Iterable[str]) -> frozenset[str]:
    return frozenset(filter(str.isdecimal, tokens))


def _is_sign(word: str) -> bool:
    return bool(_sign().match(word))


@cache
def _sign() -> re.Pattern[str]:
    return re.compile(f"[{UNSPACED}]")


@cache
def _pattern() -> re.Pattern[str]:
    """Match a word, with the vowel signs and accents that Python does not count to a word; or one unspaced sign."""
    marks = "".join(_marks())
    letters = rf"[^\W_{UNSPACED}]"
    return re.compile(f"[{UNSPACED}][{marks}]*|{letters}+(?:[{marks}]+{letters}*)*")


def _marks() -> Iterable[str]:
    """Yield the ranges of all combining marks."""
    start = None
    for code in range(BASIC_PLANE):
        inside = category(chr(code))[0] == "M"
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            yield f"{re.escape(chr(start))}-{re.escape(chr(code - 1))}"
            start = None
