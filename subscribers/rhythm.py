"""Weekly or daily as one choice, between two families that write about the same topics. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from subscribers.listing import ListData
from subscribers.people import Standing

BOTH: Final = "both"


@dataclass(frozen=True, slots=True)
class Companion:
    """The other family of a choice, and how often each of the two comes: weekly or daily."""

    family: str
    own: str
    other: str


def twins(own: Sequence[ListData], other: Sequence[ListData]) -> dict[str, str]:
    """Return list -> the other family's list of the same topic and language, where there is one."""
    found = {(data.topic, data.language): data.id for data in other}
    pairs = {data.id: found.get((data.topic, data.language)) for data in own}
    return {mine: theirs for mine, theirs in pairs.items() if theirs is not None}


def present(own: Standing, other: Standing, companion: Companion) -> str:
    """Return how often a reader's mail comes now: weekly, daily or both."""
    pairs = twins([data for data, _ in own.lists], [data for data, _ in other.lists])
    here = any(data.id in pairs for data in own.coming)
    there = any(data.id in set(pairs.values()) for data in other.coming)
    if here and there:
        return BOTH
    return companion.other if there else companion.own


def ticked(own: Standing, other: Standing) -> set[str]:
    """Return the lists that a reader has, here or by their twins there."""
    pairs = twins([data for data, _ in own.lists], [data for data, _ in other.lists])
    there = {data.id for data in other.active}
    return {data.id for data in own.active} | {mine for mine, theirs in pairs.items() if theirs in there}


def split(
    wanted: Collection[str], pairs: Mapping[str, str], companion: Companion, rhythm: str
) -> tuple[set[str], set[str]]:
    """Return (lists here, lists there) that a choice comes to. A list without a twin stays where it is."""
    here, there = rhythm in {BOTH, companion.own}, rhythm in {BOTH, companion.other}
    kept = {one for one in wanted if here or one not in pairs}
    return kept, {pairs[one] for one in wanted if there and one in pairs}
