"""Finds which articles are worth comparing, by the rare words and word pairs they share: never all with all."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from digest.articles.clusters.alike import MOSTLY_COMMON
from digest.articles.clusters.words import LEAD_WORDS, SAMPLED, Text, unpacked

# What more articles say is a phrase, or the house's lines: 1 in 100 of those around, but at least 8 and at most 100.
COMMON_SHARE, COMMON_FROM, COMMON_TO = 0.01, 8, 100
LEAST_SHARED = 2  # rare ones
NEAR = 0.2  # of what both are certain to have sampled; a pair that tells one story shares 0.32 of its text or more
MOST = 64  # articles that one text, or one common phrase, is compared with
PROBES = 16  # of its rarest, for a text that consists of what many say

Pair = tuple[int, int]  # two places, the smaller first


@dataclass(frozen=True, slots=True)
class Found:
    """What is worth comparing, by place: the new texts come first, then the stored samples."""

    texts: set[Pair] = field(default_factory=set)
    titles: set[Pair] = field(default_factory=set)
    many: frozenset[int] = frozenset()  # hashes that so many articles have that they tell little


def find(new: Sequence[Text], stored: Sequence[bytes]) -> Found:
    """Return which pairs of new texts, and of a new and a stored one, are worth comparing.

    ``stored``: what ``packed`` gave for the articles around them.
    """
    index = _Index(new, stored)
    found = Found(many=index.many())
    for place, text in enumerate(new):
        rare = index.rare(text.sample)
        if len(rare) < MOSTLY_COMMON * len(text.sample):
            near = index.in_the_mass(place, text.sample)
        else:
            near = index.near(place, rare)
        found.texts.update(_pair(place, other) for other in near)
        found.titles.update(_pair(place, other) for other in index.titled(place, text.title_hashes))
    return found


class _Index:
    """Where each hash of the new texts stands."""

    def __init__(self, new: Sequence[Text], stored: Sequence[bytes]) -> None:
        self._places: dict[int, list[int]] = defaultdict(list)
        self._sizes = [len(text.sample) for text in new]
        for place, text in enumerate(new):
            for one in text.sample | text.title_hashes:
                self._places[one].append(place)
        wanted = frozenset(self._places)
        for place, sample in enumerate(stored, start=len(new)):
            hashes = unpacked(sample)
            self._sizes.append(len(hashes))
            for one in wanted.intersection(hashes):
                self._places[one].append(place)
        self._limit = min(max(COMMON_FROM, COMMON_SHARE * len(self._sizes)), COMMON_TO)

    def rare(self, hashes: frozenset[int]) -> list[int]:
        """Return those that few articles have."""
        return [one for one in hashes if len(self._places[one]) <= self._limit]

    def many(self) -> frozenset[int]:
        """Return those that more articles have."""
        return frozenset(one for one, places in self._places.items() if len(places) > self._limit)

    def near(self, place: int, rare: Sequence[int]) -> list[int]:
        """Return who shares enough of these rare ones, at most so many: those who share most."""
        shared = self._shared(rare)
        mine = _certain(len(rare))
        close = [
            other
            for other, count in shared.items()
            if count >= LEAST_SHARED and count >= NEAR * min(mine, _certain(self._sizes[other])) and other != place
        ]
        return sorted(close, key=lambda other: (-shared[other], other))[:MOST]

    def titled(self, place: int, hashes: frozenset[int]) -> list[int]:
        """Return whose headline has two rare words in common with this one, at most so many."""
        shared = self._shared(self.rare(hashes))
        close = [other for other, count in shared.items() if count >= LEAST_SHARED and other != place]
        return sorted(close, key=lambda other: (-shared[other], other))[:MOST]

    def in_the_mass(self, place: int, hashes: frozenset[int]) -> list[int]:
        """Return with whom to compare a text that consists of what many articles say: the first of those many."""
        probes = sorted(hashes, key=lambda one: (len(self._places[one]), one))[:PROBES]
        shared = Counter(other for one in probes for other in self._places[one][:MOST])
        return [other for other, count in shared.items() if 2 * count >= len(probes) and other != place]

    def _shared(self, hashes: Sequence[int]) -> Counter[int]:
        return Counter(other for one in hashes for other in self._places[one])


def _certain(size: int) -> float:
    """Return how much of a sample another text would have sampled, too, wherever in it the same words stand."""
    return size / SAMPLED if size <= LEAD_WORDS else size - LEAD_WORDS + LEAD_WORDS / SAMPLED


def _pair(one: int, other: int) -> Pair:
    return (one, other) if one < other else (other, one)
