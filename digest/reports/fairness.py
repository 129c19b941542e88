"""The exposure monitor: who got which share of the attention, against the share of the stories that could stand.

A monitor, not a weight: nothing of it enters the ranking (ranking.md 1.3).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from digest.reports.facts import Standing

LOW, HIGH = 0.5, 2.0  # amber outside of them
LEAST_STORIES: Final = 5  # eligible ones: with fewer, one more or less would turn it
OF: Mapping[str, Callable[[Standing], Sequence[str]]] = {
    "country": lambda one: one.countries,
    "desk": lambda one: (one.desk,) if one.desk else (),
    "author": lambda one: one.authors,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one country, desk or author got."""

    kind: str
    name: str
    stories: int  # that could have stood
    of_stories: float  # share of them
    of_exposure: float  # share of the sum of theta
    verdict: str  # amber | within | too few to say

    @property
    def ratio(self) -> float:
        """Return the share of exposure over the share of stories."""
        return self.of_exposure / self.of_stories


def shares(stories: Iterable[Standing], kind: str) -> list[Share]:
    """Return the shares by country, desk or author, the greatest share of stories first.

    A story of two countries or authors counts half for each. Stories that name none are left out of both shares.
    """
    count: dict[str, int] = defaultdict(int)
    weight: dict[str, float] = defaultdict(float)
    exposure: dict[str, float] = defaultdict(float)
    for one in stories:
        names = OF[kind](one)
        for name in names:
            count[name] += 1
            weight[name] += 1 / len(names)
            exposure[name] += one.exposure / len(names)
    whole, attention = sum(weight.values()), sum(exposure.values())
    if not attention:
        return []
    found = [_share(kind, name, count[name], weight[name] / whole, exposure[name] / attention) for name in weight]
    return sorted(found, key=lambda one: (-one.of_stories, one.name))


def nameless(stories: Iterable[Standing], kind: str) -> int:
    """Return how many stories name no country, desk or author."""
    return sum(not OF[kind](one) for one in stories)


def _share(kind: str, name: str, stories: int, of_stories: float, of_exposure: float) -> Share:
    verdict = "within" if LOW <= of_exposure / of_stories <= HIGH else "amber"
    if stories < LEAST_STORIES:
        verdict = "too few to say"
    return Share(kind=kind, name=name, stories=stories, of_stories=of_stories, of_exposure=of_exposure, verdict=verdict)
