"""The places a text names: whole words, the longest that fits, and no people, papers or states of the US."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from digest.articles.places.gazetteer import STATE, Entry, Sense, Words, first_names, fold
from digest.articles.places.inflections import ARABIC_ARTICLE, ARABIC_BARE, GERMAN_TAILS

_WORD = re.compile(r"\w[\w'’-]*")
_LONGEST_HEAD = max(map(len, ARABIC_ARTICLE))
_HEADS = ARABIC_ARTICLE | ARABIC_BARE
# Acronyms that are common words too; in a headline all in capitals they say nothing ("WHAT THEY TELL US").
_CONFUSABLE = frozenset({"US", "CAR"})
_CAPITALS = 0.7  # share of capitals among the letters from which a text shouts, and of words from which it is a title
_FEW = 4  # words or letters; fewer say nothing of how a text is written
# Words of a title that are no surname: "Jordan Will Host Talks".
_VERBS = frozenset(
    {"And", "At", "Can", "For", "From", "In", "Is", "May", "Must", "Not", "Of", "On", "Or", "Set", "To", "Will"}
)
_ROLE_WORDS = """
President Prime King Queen Prince Minister Foreign Parliament Opposition Police Army Court Government Ruling Valley
River Port Airport University Embassy Ambassador Central National Bank Border Opera Harbour Marathon Film
"""
_ROLES = frozenset(_ROLE_WORDS.split())  # nor are these, after a place: "Jordan King Abdullah", "Georgia President"


class Match(NamedTuple):
    """One place named in a text."""

    start: int
    end: int
    text: str
    entry: Entry
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scan:
    """What was found in one part of a text: its matches in order, and the company words that stand in it."""

    matches: tuple[Match, ...]
    company: frozenset[str]


def scan(text: str, language: str, words: Sequence[Words]) -> Scan:
    """Find the places in a text that went through `unmarked`; of equal words the first automaton's hold. Pure."""
    company: set[str] = set()
    found: list[Match] = []
    folded, shouting = fold(text), _shouts(text)
    for one in words:
        for start, end, form, entries in _whole_words(folded, one, language):
            if form in one.company:
                company.add(form)
            match = _match(text, folded, start, end, entries, shouting=shouting)
            if match is not None:
                found.append(match)
    return Scan(tuple(_places(_longest(found), text, language)), frozenset(company))


def _whole_words(folded: str, words: Words, language: str) -> Iterable[tuple[int, int, str, tuple[Entry, ...]]]:
    if not words.automaton:
        return
    size = len(folded)
    for last, (length, form, entries) in words.automaton.iter(folded):
        start, end = last + 1 - length, last + 1
        if end < size and folded[end].isalnum() and form[-1] != "-" and not _goes_on(folded, end, language):
            continue
        if start and folded[start - 1].isalnum() and (language != "ar" or _head(folded, start) is None):
            continue
        yield start, end, form, entries


def _goes_on(folded: str, end: int, language: str) -> bool:
    """Tell whether a German compound goes on after a country's name: Ukrainekrieg."""
    if language != "de":
        return False
    tail = _WORD.match(folded, end)
    return tail is not None and tail.group().partition("-")[0] in GERMAN_TAILS


def _head(folded: str, start: int) -> str | None:
    """Return what stands before an Arabic word in one with it, or None if that makes another word."""
    first = start
    while first and folded[first - 1].isalnum():
        first -= 1
        if start - first > _LONGEST_HEAD:
            return None
    head = folded[first:start]
    return head if head in _HEADS else None


def _match(text: str, folded: str, start: int, end: int, entries: Sequence[Entry], *, shouting: bool) -> Match | None:
    """Return the match of the first entry that the spelling allows."""
    for entry in entries:
        head = "" if len(entry.heads) == 1 else _head(folded, start)
        if head is None or head not in entry.heads or not _spelt(text[start:end], entry, shouting=shouting):
            continue
        if not head and start and folded[start - 1].isalnum():
            continue
        return Match(start, end, text[start - len(head) : end], entry, (entry.target,) if entry.target else ())
    return None


def _spelt(text: str, entry: Entry, *, shouting: bool) -> bool:
    if entry.case == "exact":
        return text == entry.lemma and not (shouting and text in _CONFUSABLE)
    return entry.case == "any" or text[0].isupper()


def _longest(found: list[Match]) -> list[Match]:
    """Keep of matches that overlap the first and longest; equals are one, with the targets of both."""
    found.sort(key=lambda match: (match.start, -match.end))
    kept: list[Match] = []
    for match in found:
        if not kept or match.start >= kept[-1].end:
            kept.append(match)
        elif (match.start, match.end) == (kept[-1].start, kept[-1].end) and kept[-1].targets:
            targets = tuple(dict.fromkeys((*kept[-1].targets, *match.targets)))
            kept[-1] = kept[-1]._replace(targets=targets)
    return kept


def _places(matches: list[Match], text: str, language: str) -> Iterable[Match]:
    """Yield the matches that name places; leave out guards, "Moscow, Idaho", "New Holland" and people."""
    for match, following in zip(matches, (*matches[1:], None), strict=False):
        if not match.targets and not match.entry.senses:
            continue
        if _of_a_state(match, following, text) or _is_surname(match, text, language):
            continue
        if match.entry.person and _surname_follows(match, following, text):
            if in_title_case(text):
                yield _only_in_company(match)
            continue
        yield match


def _of_a_state(match: Match, following: Match | None, text: str) -> bool:
    if following is None or following.entry.kind != STATE or match.targets == ("US",):
        return False
    return text[match.end : following.start] in {", ", " "}


def _is_surname(match: Match, text: str, language: str) -> bool:
    """Tell whether a first name, a title or "New" stands right before: Michael Jordan, Mr London, New Holland."""
    if match.entry.kind in {"adjective", "people"} or match.start < 2 or text[match.start - 1] not in " -":  # noqa: PLR2004
        return False
    before = text[max(0, match.start - 20) : match.start - 1].rpartition(" ")[2].lstrip("“\"'«(„‘-")
    return before in first_names() or (language == "en" and before == "New")


def _surname_follows(match: Match, following: Match | None, text: str) -> bool:
    """Tell whether a capital goes on after a first name; in Arabic, the article: an adjective would come second."""
    if following is not None and following.start == match.end + 1:
        return False
    word = _WORD.match(text, match.end + 1) if text[match.end : match.end + 1] == " " else None
    name = word.group() if word else ""
    if name.startswith("ال"):
        return match.text == match.entry.lemma
    if not name[:1].isupper() or name.isupper() or name in _ROLES:
        return False
    return not (in_title_case(text) and (name in _VERBS or name.endswith("s")))  # "Jordan Says"; few surnames end so


def _only_in_company(match: Match) -> Match:
    """Make a match doubtful: in a title "Jordan Says" and "Jordan Henderson" look alike."""
    targets = match.targets or tuple(sense.target for sense in match.entry.senses)
    senses = tuple(Sense(target, frozenset({f"@{target}"}), frozenset()) for target in targets)
    return match._replace(entry=replace(match.entry, senses=senses), targets=())


def in_title_case(text: str) -> bool:
    """Tell whether a headline has a capital at almost every word."""
    words = [word for word in _WORD.findall(text) if len(word) > 3]  # noqa: PLR2004 - short ones stay small in titles
    return len(words) >= _FEW and sum(word[0].isupper() for word in words) / len(words) >= _CAPITALS


def _shouts(text: str) -> bool:
    letters = [char for char in text[:400] if char.isalpha()]
    return len(letters) >= _FEW and sum(map(str.isupper, letters)) / len(letters) >= _CAPITALS
