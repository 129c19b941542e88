"""Random newsrooms for hypothesis: few names and round numbers, so that ties, caps and clusters happen often.

Hypothesis chooses a seed and a size, and shrinks them; a thousand small draws for each newsroom would be slow.
"""

from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as st

from digest.ranking.candidate import Candidate, SectionOrder
from tests.ranking.making import ago, story

REGIONS = ["sc", "ca", "ee", "me"]
LISTS = [*REGIONS, "world", "globe"]
HOURS = [-2, -0.05, 0, 1, 2, 5, 10, 10, 10, 24, 40, 100, 168, 192, 193, 300, 671, 672, 673, 2000, 9000]
SENT = [ago(5), ago(150), ago(365 * 24), ago(366 * 24)]


@dataclass(frozen=True)
class Newsroom:
    """What there is to rank, and the dice it was made with."""

    dice: Random
    candidates: list[Candidate]

    def some(self, most: int) -> list[str]:
        """Return a few ids."""
        names = [one.id for one in self.candidates] or ["nobody"]
        return self.dice.sample(names, min(len(names), self.dice.randint(0, most)))

    def order(self, list_id: str) -> SectionOrder:
        """Return what is asked of one section, with an editor's hand in it."""
        dice = self.dice
        return SectionOrder(
            list_id=list_id,
            region=list_id,
            general=list_id in {"world", "globe"},
            stories=dice.choice([0, 1, 2, 3, 4, 4]),
            briefs=dice.randint(0, 3),
            language=dice.choice(["en"] * 5 + ["ru"]),
            languages=frozenset(dice.choice([[], [], ["ru"]])),
            pins={one: dice.randint(1, 9) for one in self.some(2)},
            excluded=frozenset(self.some(1)),
            moved_in=frozenset(self.some(1)),
        )

    def reader(self) -> list[SectionOrder]:
        """Return the sections of one edition in a reader's order."""
        return [self.order(one) for one in self.dice.sample(LISTS, self.dice.randint(1, 4))]


def newsrooms(most: int = 24, **fixed: Any) -> st.SearchStrategy[Newsroom]:
    """Return newsrooms of up to ``most`` stories in any order; ``fixed`` inputs are the same in every story."""
    return st.builds(lambda seed, size: _newsroom(seed, size, fixed), st.integers(0, 2**40), st.integers(0, most))


def _newsroom(seed: int, size: int, fixed: dict[str, Any]) -> Newsroom:
    dice = Random(seed)  # noqa: S311 - dice for a test, not a secret
    candidates = [_story(dice, f"s{number:02}", fixed) for number in range(size)]
    dice.shuffle(candidates)
    return Newsroom(dice, candidates)


def _story(dice: Random, one: str, fixed: dict[str, Any]) -> Candidate:
    regions = {region: dice.choice(["tag", "feed", "mention"]) for region in dice.sample([*REGIONS, "world"], 2)}
    inputs = {
        "url": f"site.test/{dice.randint(0, 9)}/{one}",
        "refreshed_at": dice.choice([None] * 8 + [ago(8), ago(180)]),
        "status": dice.choice(["published"] * 15 + ["unpublished", "retracted", "embargoed"]),
        "language": dice.choice(["en"] * 6 + ["ru"]),
        "editors_choice": dice.random() < 0.3,
        "evergreen": dice.random() < 0.15,
        "has_image": dice.random() < 0.5,
        "clicks": dice.choice([0, 0, 3, 19, 20, 30, 500]),
        "expected": dice.choice([0, 0, 1, 25, 30]),
        "popular_rank": dice.choice([None] * 6 + [(1, 5), (2, 9), (5, 5), (1, 1)]),
        "regions": dice.choice([regions] * 8 + [{}]),
        "own_regions": frozenset(dice.sample(sorted(regions), dice.randint(0, 1))),
        "topics": frozenset(dice.sample(["rail", "wine", "border", "vote", "law"], dice.randint(0, 3))),
        "authors": frozenset(dice.choice([[], ["Ana"], ["Ben"], ["Cy"]])),
        "cluster": dice.choice([None] * 8 + ["p", "q"]),
        "excluded": dice.random() < 0.05,
        "carried": dice.random() < 0.2,
        "sent": {key: dice.choice(SENT) for key in dice.choice([[]] * 6 + [["weekly"], ["daily"]])},
        "shown_popular": frozenset(dice.choice([[]] * 6 + [["weekly"]])),
    }
    return story(one, dice.choice(HOURS), **{**inputs, **fixed})
