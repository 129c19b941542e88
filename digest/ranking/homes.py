"""Decides to which section of a combined edition a story belongs first: its home (rule 10, pass 1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digest.ranking.candidate import SectionOrder
from digest.ranking.formula import strength
from digest.ranking.pool import Pool, View, Weighed


@dataclass(frozen=True, slots=True)
class Home:
    """Where a story belongs: the section's number in the reader's order, and its points there."""

    section: int
    entry: Weighed
    pinned: bool
    strength: float  # of the evidence for that section's region


def moves(orders: Sequence[SectionOrder]) -> dict[str, int]:
    """Return for each story that an editor moved the number of its section, the first that names it."""
    moved: dict[str, int] = {}
    for number, order in enumerate(orders):
        for one in order.moved_in:
            moved.setdefault(one, number)
    return moved


def find_homes(pool: Pool, views: Sequence[View], moved: Mapping[str, int], had: frozenset[str]) -> dict[str, Home]:
    """Return the home of every candidate that may stand in a section of its own region.

    A move decides, then a pin, then the strongest evidence, then the reader's order. A general section is a home
    only for what an editor pinned or moved there: it takes the others from what is left.
    """
    homes: dict[str, Home] = {}
    for number, view in enumerate(views):
        for entry in view.entries:
            one = entry.candidate.id
            if one in had or moved.get(one, number) != number:
                continue
            pinned = one in view.order.pins
            if view.order.general and not pinned and one not in moved:
                continue
            claim = Home(number, entry, pinned, strength(entry.candidate, view.order.region, pool.formula))
            if one not in homes or _stronger(claim, homes[one]):
                homes[one] = claim
    return homes


def _stronger(claim: Home, other: Home) -> bool:
    return (claim.pinned, claim.strength) > (other.pinned, other.strength)
