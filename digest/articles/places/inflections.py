"""The forms that a place's name or adjective takes in a text, by language: rules, not lists."""

from collections.abc import Callable, Iterable
from itertools import product

_AND = ("", "و", "ف")
# What stands before an Arabic word, in one with it: and, in, to, like; and the article, without its alif after "to".
ARABIC_BARE = frozenset(one + two for one, two in product(_AND, ("", "ب", "ل", "ك")))
ARABIC_ARTICLE = frozenset(one + two for one, two in product(_AND, ("ال", "بال", "كال", "لل")))
_NISBA = ("ي", "ية", "يين", "يون", "يات", "يان", "يتين")

_GERMAN_ENDINGS = ("e", "en", "er", "es", "em")
# A country's name and what it is about are one word in German: Ukrainekrieg, Russlandpolitik.
_TAILS = """
krieg kriegs krieges konflikt konflikts krise politik reise besuch besuchs einsatz einsatzes sanktionen hilfe hilfen
gipfel gipfels abkommen beauftragte beauftragter experte expertin kenner kennerin strategie geschäft handel frage
verhandlungen gespräche gesprächen mission
"""
GERMAN_TAILS = frozenset(_TAILS.split())

# Languages of which we have CLDR's names alone: what is cut off a name's end, and what may follow instead.
_SUFFIXES = {
    "ka": ("ი", "ი მა ს ის ით ად ში ზე დან იდან ისთვის სთვის თან სთან ო მ თვის მდე ისგან სგან"),
    "hy": ("", "ը ն ի ին ից ով ում յի յին յից յով յում"),
    "az": ("", "da də dan dən ın in un ün nın nin nun nün a ə ya yə ı i u ü nı ni nu nü la lə dakı dəki"),
}

_VOWELS = frozenset("аеиоуыэюя")
_HISSING = frozenset("жчшщц")
_NO_Y = frozenset("гкхжчшщ")  # after these Russian writes и for ы
_STILL = frozenset({"и", "на", "эш", "де", "эз", "да"})
_RUSSIAN_ADJECTIVE = ("ий", "ого", "ому", "им", "ом", "ая", "ую", "ой", "ое", "ие", "их", "ими", "ою")
# Endings of Russian names in nominative, genitive, dative, accusative, instrumental, prepositional; longest end first.
_NAMES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ская", ("ская", "ской", "ской", "скую", "ской", "ской")),
    ("ная", ("ная", "ной", "ной", "ную", "ной", "ной")),
    ("вая", ("вая", "вой", "вой", "вую", "вой", "вой")),
    ("кий", ("кий", "кого", "кому", "кий", "ким", "ком")),
    ("ний", ("ний", "него", "нему", "ний", "ним", "нем")),
    ("ный", ("ный", "ного", "ному", "ный", "ным", "ном")),
    ("лый", ("лый", "лого", "лому", "лый", "лым", "лом")),
    ("вый", ("вый", "вого", "вому", "вый", "вым", "вом")),
    ("вой", ("вой", "вого", "вому", "вой", "вым", "вом")),
    ("ное", ("ное", "ного", "ному", "ное", "ным", "ном")),
    ("ные", ("ные", "ных", "ным", "ные", "ными", "ных")),
    ("кие", ("кие", "ких", "ким", "кие", "кими", "ких")),
    ("ие", ("ие", "ия", "ию", "ие", "ием", "ии")),
    ("ье", ("ье", "ья", "ью", "ье", "ьем", "ье")),
    ("ия", ("ия", "ии", "ии", "ию", "ией", "ии")),
    ("я", ("я", "и", "е", "ю", "ей", "е")),
    ("ово", ("ово", "ова", "ову", "ово", "овом", "ове")),
    ("ево", ("ево", "ева", "еву", "ево", "евом", "еве")),
    ("ль", ("ль", "ля", "лю", "ль", "лем", "ле")),
    ("ь", ("ь", "и", "и", "ь", "ью", "и")),
    ("й", ("й", "я", "ю", "й", "ем", "е")),
    ("аты", ("аты", "атов", "атам", "аты", "атами", "атах")),
    ("анды", ("анды", "андов", "андам", "анды", "андами", "андах")),
    ("ы", ("ы", "", "ам", "ы", "ами", "ах")),
)


def forms(word: str, kind: str, language: str) -> tuple[str, ...]:
    """Return the forms of a word; one that ends in a hyphen stands only before another part of a compound.

    ``kind``: name | adjective | people | guard, which stays as it is. A language without rules has the word alone.
    Pure; no form twice.
    """
    if kind == "guard":
        return (word,)
    rule = _RULES.get(language)
    return tuple(dict.fromkeys(rule(word, kind) if rule else _suffixed(word, language)))


def _suffixed(word: str, language: str) -> Iterable[str]:
    cut, endings = _SUFFIXES.get(language, ("", ""))
    return (word, *(word.removesuffix(cut) + ending for ending in endings.split()))


def _english(word: str, kind: str) -> Iterable[str]:
    """Add the plural of people: Georgians, Azeris; Chinese and Irish have none. A possessive ends the word anyway."""
    plural = kind != "name" and not word.endswith(("s", "se", "sh", "ch", "men"))
    return (word, f"{word}s") if plural else (word,)


_FRENCH_FEMININE = (
    ("ien", "ienne"), ("éen", "éenne"), ("yen", "yenne"), ("eux", "euse"), ("grec", "grecque"), ("turc", "turque"),
    ("ois", "oise"), ("ais", "aise"), ("ain", "aine"), ("an", "ane"), ("in", "ine"), ("and", "ande"), ("ol", "ole"),
    ("on", "onne"), ("al", "ale"), ("at", "ate"), ("ar", "are"), ("and", "ande"), ("nd", "nde"), ("ri", "rie"),
    ("li", "lie"), ("ni", "nie"), ("ui", "uie"),
)  # fmt: skip


def _french(word: str, kind: str) -> Iterable[str]:
    """Add the feminine and the plurals of an adjective; "franco" and its like stand before a hyphen only."""
    if kind != "adjective":
        return (word,)
    if word.endswith("o"):
        return (f"{word}-",)
    feminine = next((word.removesuffix(end) + new for end, new in _FRENCH_FEMININE if word.endswith(end)), word)
    return (word, feminine, *(one if one.endswith("s") else f"{one}s" for one in (word, feminine)))


def _german(word: str, kind: str) -> Iterable[str]:
    """Decline; an adjective without its ending is mostly the language ("auf Deutsch"), so only "deutsch-" counts."""
    if kind == "adjective":
        return (*(word + ending for ending in _GERMAN_ENDINGS), f"{word}-")
    if kind == "name":
        return (word,) if word.endswith(("s", "z", "x", "ß", ".")) else (word, f"{word}s")
    return _german_people(word)


def _german_people(word: str) -> Iterable[str]:
    if word == "Deutsche":  # declined as an adjective
        return ("Deutsche", "Deutschen", "Deutscher")
    stem = word.removesuffix("e")
    women = (f"{stem}in", f"{stem}innen")
    if word.endswith("e"):
        return (word, f"{word}n", *women)
    if word.endswith("er"):
        return (word, f"{word}n", f"{word}s", *women)
    return (word, f"{word}en", f"{word}s", *women)


def _russian(word: str, kind: str) -> Iterable[str]:
    if kind == "adjective":
        return _russian_adjective(word)
    if kind == "people":
        return _russian_people(word)
    if word.isupper():
        return (word,)
    return (*_zipped(word, " "), *(_zipped(word, "-") if "-" in word else ()))


def _russian_adjective(word: str) -> Iterable[str]:
    stem = word[:-2]
    return (*(stem + ending for ending in _RUSSIAN_ADJECTIVE), f"{stem}о-")


def _russian_people(word: str) -> Iterable[str]:
    if word.endswith(("анин", "янин")):
        stem = word[:-2]
        return (
            *(word + end for end in ("", "а", "у", "ом", "е")),
            *(stem + end for end in ("е", "", "ам", "ами", "ах")),
        )
    if word.endswith("ец"):
        stem = word[:-2] + ("й" if word[-3] in _VOWELS else "") + "ц"
        stem = stem[:-2] + "ьц" if stem.endswith("лц") else stem
        return (word, *(stem + end for end in ("а", "у", "ем", "е", "ы", "ев", "ам", "ами", "ах")))
    if word.endswith("турок"):
        return (word, *("тур" + end for end in ("ка", "ку", "ком", "ке", "ки", "кам", "ками", "ках")))
    plural = "и" if word[-1] in _NO_Y else "ы"
    many = "ей" if word[-1] in _HISSING else "ов"
    return (word, *(word + end for end in ("а", "у", "ом", "ем", "е", plural, many, "ам", "ами", "ах")))


def _zipped(word: str, joint: str) -> Iterable[str]:
    """Decline the words of a name together, case by case; with "-" its last part only ("Нью-Йорка")."""
    if joint == "-":
        head, _, last = word.rpartition("-")
        return (f"{head}-{one}" for one in _cases(last))
    parts = [_hyphened(part) for part in word.split(" ")]
    return (" ".join(case) for case in zip(*parts, strict=True))


def _hyphened(word: str) -> tuple[str, ...]:
    return tuple("-".join(case) for case in zip(*(_cases(part) for part in word.split("-")), strict=True))


def _cases(word: str) -> tuple[str, ...]:
    """Return the six cases of one Russian word; what ends in another vowel stays as it is."""
    if word.lower() in _STILL or word.isupper() or not word:
        return (word,) * 6
    for end, endings in _NAMES:
        if word.endswith(end) and len(word) > len(end) + 1:
            return tuple(word.removesuffix(end) + ending for ending in endings)
    stem = word[:-1]
    if word.endswith("а"):
        genitive = "и" if stem[-1] in _NO_Y else "ы"
        instrumental = "ей" if stem[-1] in _HISSING else "ой"
        return (word, stem + genitive, f"{stem}е", f"{stem}у", stem + instrumental, f"{stem}е")
    if word[-1] in _VOWELS or not word[-1].isalpha():
        return (word,) * 6
    return (word, f"{word}а", f"{word}у", word, word + ("ем" if word[-1] in _HISSING else "ом"), f"{word}е")


def _ukrainian(word: str, kind: str) -> Iterable[str]:
    """Decline a name's last word; CLDR has no more of Ukrainian."""
    del kind
    for end, endings in (("ія", ("ії", "ію", "ією")), ("а", ("и", "і", "у", "ою")), ("ь", ("і", "ю", "я", "ем"))):
        if word.endswith(end):
            return (word, *(word.removesuffix(end) + ending for ending in endings))
    hard = word[-1].isalpha() and word[-1] not in "аеиіїоуюяєй" and not word.isupper()
    return (word, *(word + ending for ending in ("у", "ом", "і", "а"))) if hard else (word,)


def _arabic(word: str, kind: str) -> Iterable[str]:
    """Make feminine and plural of an adjective; prefixes and article are read off the text, see `ARABIC_BARE`."""
    if kind != "adjective" or not word.endswith("ي"):
        return (word,)
    first, *rest = word.split(" ")
    endings = [first.removesuffix("ي") + ending for ending in _NISBA] if first.endswith("ي") else [first]
    if not rest:
        return endings
    lasts = [
        ("ال" if with_article else "") + rest[0].removesuffix("ي") + end for with_article in (0, 1) for end in _NISBA
    ]
    return [f"{one} {last}" for one in endings for last in lasts]


_RULES: dict[str, Callable[[str, str], Iterable[str]]] = {
    "en": _english,
    "fr": _french,
    "de": _german,
    "ru": _russian,
    "uk": _ukrainian,
    "ar": _arabic,
}
