"""The words that name a place, by language: the shipped data, read when a language is first met, as one automaton."""

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ahocorasick import Automaton

from digest.articles.places.inflections import ARABIC_ARTICLE, ARABIC_BARE, forms

DATA = Path(__file__).parent / "data"
STATE = "state"  # of the US: "Moscow, Idaho"
DISPUTED = "disputed"
_FOLDED = {
    "ё": "е",
    "Ё": "Е",
    "أ": "ا",
    "إ": "ا",
    "آ": "ا",
    "ٱ": "ا",
    "’": "'",
    "ʼ": "'",
    "‘": "'",
    "`": "'",
    "‐": "-",
    "‑": "-",
}
_FOLD = str.maketrans(_FOLDED | {"\u00a0": " ", "\u202f": " ", "İ": "i"})
_MARKS = {ord(c): None for c in map(chr, range(0x064B, 0x0653))} | {0x0640: None, 0x0670: None, 0x00AD: None}


@dataclass(frozen=True, slots=True)
class Sense:
    """One meaning of a doubtful word: a target, and the company it needs (any of) or does not bear."""

    target: str
    company: frozenset[str]
    against: frozenset[str]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a form of a word stands for. No senses and no target: a guard, which names no place ("New England")."""

    lemma: str
    target: str
    kind: str
    case: str  # any | capital | exact
    heads: frozenset[str]  # what may stand before it in one word
    senses: tuple[Sense, ...] = ()
    person: bool = False  # a first name too: "Jordan Henderson"


class Words:
    """The automaton of one language: forms, folded, with their entries; and the words that are company."""

    def __init__(self, entries: Iterable[tuple[str, Entry]], company: Iterable[str] = ()) -> None:
        found: dict[str, list[Entry]] = {}
        for form, entry in entries:
            listed = found.setdefault(fold(form), [])
            if entry not in listed:
                listed.append(entry)
        self.company = frozenset(company)
        self.automaton = Automaton()
        for form in found.keys() | self.company:
            listed = sorted(found.get(form, ()), key=lambda entry: fold(entry.lemma) != form)  # "Tartus" before "Tartu"
            self.automaton.add_word(form, (len(form), form, tuple(listed)))
        self.automaton.make_automaton()


def fold(text: str) -> str:
    """Return text in lower case with its spellings made one, as long as before. Marks must be off, see `unmarked`."""
    lower = text.translate(_FOLD).lower()
    if len(lower) == len(text):
        return lower
    return "".join(one if len(one := char.lower()) == 1 else char for char in text.translate(_FOLD))


def unmarked(text: str) -> str:
    """Return text in composed form (NFC) without Arabic vowel signs and soft hyphens."""
    return unicodedata.normalize("NFC", text).translate(_MARKS)


@cache
def load(language: str) -> Words:
    """Return the words of a language ("de", "de-AT"); none of a language that the data lacks."""
    path = DATA / f"{language.partition('-')[0].lower()}.json"
    if not path.is_file() or not path.stem.isalpha():
        return Words(())
    data = json.loads(path.read_text(encoding="utf-8"))
    company = {fold(word) for _, senses in data["doubtful"] for _, yes, no in senses for word in (*yes, *no)}
    return Words(_entries(data, path.stem), {word for word in company if not word.startswith(("@", "#"))})


@cache
def disputed() -> Mapping[str, tuple[str, ...]]:
    """Return the disputed places by id: all their names in all languages, folded; the first is the English one."""
    data = json.loads((DATA / "disputed.json").read_text(encoding="utf-8"))
    return {place: tuple(names) for place, names in data.items()}


@cache
def first_names() -> frozenset[str]:
    """Return the first names and titles after which a place's name is a person's."""
    return frozenset(json.loads((DATA / "first_names.json").read_text(encoding="utf-8")))


def entries_of(word: str, target: str, kind: str, language: str, **more: Any) -> Iterable[tuple[str, Entry]]:
    """Yield the forms of one word, each with its entry."""
    bare = word.removeprefix("ال") if language == "ar" else word
    heads = frozenset({""})
    if language == "ar":
        heads = ARABIC_ARTICLE if bare != word else ARABIC_BARE
        heads = ARABIC_ARTICLE | ARABIC_BARE if kind == "adjective" else heads
    entry = Entry(word, target, kind, _case(word), heads, **more)
    for form in forms(bare, kind, language):
        yield form, entry


def kind_of(word: str, kind: str, language: str) -> str:
    """Return how a listed word inflects: one in lower case among names is an adjective or a people."""
    if kind not in {"name", DISPUTED} or not word[0].islower() or " " in word:
        return _nisba(word, language) if kind == DISPUTED else kind
    if language == "ru":
        return "adjective" if word.endswith("ий") else "people"
    return "adjective" if language in {"fr", "de"} else kind


def _guard_kind(word: str, language: str) -> str:
    """Return how a guard inflects: it stands as listed, but for an adjective or a people ("латиноамериканский")."""
    kind = kind_of(word, "name", language)
    return "guard" if kind == "name" else kind


def _nisba(word: str, language: str) -> str:
    return "adjective" if language == "ar" and word.endswith("ي") and not word.startswith("ال") else "name"


def _entries(data: Mapping[str, Any], language: str) -> Iterable[tuple[str, Entry]]:
    doubtful = {word: tuple(_sense(*one) for one in senses) for word, senses in data["doubtful"]}
    persons = set(data["persons"])
    listed = [
        (word, target, kind)
        for kind, places in data["words"].items()
        for target, words in places.items()
        for word in words
    ]
    kinds = {word: kind for word, _, kind in listed}
    for word, senses in doubtful.items():
        kind = kind_of(word, kinds.get(word, "name"), language)
        yield from entries_of(word, "", kind, language, senses=senses, person=word in persons)
    for word in data["guards"]:
        yield from entries_of(word, "", _guard_kind(word, language), language)
    for word, target, kind in listed:
        if word not in doubtful:
            inflected = "name" if kind == STATE else kind_of(word, kind, language)
            for form, entry in entries_of(word, target, inflected, language, person=word in persons):
                yield form, Entry(entry.lemma, target, kind, entry.case, entry.heads, (), entry.person)


def _sense(target: str, company: Iterable[str], against: Iterable[str]) -> Sense:
    return Sense(target, frozenset(map(_token, company)), frozenset(map(_token, against)))


def _token(word: str) -> str:
    return word if word.startswith(("@", "#")) else fold(word)


def _case(word: str) -> str:
    if word.isupper() and len(word) > 1:
        return "exact"
    return "capital" if word[0].isupper() else "any"
