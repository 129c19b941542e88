"""Sorts the categories of a feed: which name a region, which is the editors' badge, and which are topics."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from digest.errors import BadInput
from digest.regions import Region

BADGE, EVERGREEN, TOPIC, IGNORE = "badge", "evergreen", "topic", "ignore"
MEANINGS = (BADGE, EVERGREEN, TOPIC, IGNORE)


@dataclass(frozen=True)
class Sorted:
    """What the categories of one article come to."""

    regions: list[str]
    topics: list[str]
    editors_choice: bool
    evergreen: bool


@dataclass(frozen=True)
class CategoryMap:
    """Case-folded category -> region id, or one of ``MEANINGS``. A category that is not in it is a topic."""

    targets: Mapping[str, str] = field(default_factory=dict)

    def sort(self, categories: Iterable[str]) -> Sorted:
        """Sort the categories of one article."""
        found = [(name, self.targets.get(folded(name), TOPIC)) for name in categories]
        meant = {target for _, target in found}
        return Sorted(
            regions=list(dict.fromkeys(target for _, target in found if target not in MEANINGS)),
            topics=list(dict.fromkeys(name for name, target in found if target == TOPIC)),
            editors_choice=BADGE in meant,
            evergreen=EVERGREEN in meant,
        )


def folded(name: str) -> str:
    """Return a name as names are compared: case folded, one blank between words, straight apostrophes."""
    return " ".join(name.casefold().replace("’", "'").split())


def region_names(regions: Iterable[Region]) -> dict[str, str]:
    """Return region ids by everything a region may be called: its id and its name in each language."""
    names: dict[str, str] = {}
    for region in regions:
        for name in (region.id, *region.names.values()):
            names.setdefault(folded(name), region.id)
    return names


def parse_map(options: Sequence[str], names: Mapping[str, str]) -> CategoryMap:
    """Read ``CATEGORY=REGION`` and ``CATEGORY=badge|evergreen|topic|ignore``; ``Category:`` may stand before it.

    ``names``: see ``region_names``; a category called like a region means that region. Raises BadInput.
    """
    targets = dict(names)
    for option in options:
        left, equals, right = option.rpartition("=")
        category = folded(left)
        category = folded(category.removeprefix("category:"))
        target = right.strip() if right.strip() in MEANINGS else names.get(folded(right))
        if not equals or not category:
            raise BadInput(f"--map {option!r} cannot be read. Write --map 'CATEGORY=REGION' or 'CATEGORY=badge'.")
        if target is None:
            known = ", ".join(dict.fromkeys(names.values())) or "none yet; run `digest regions preset starter`"
            raise BadInput(
                f"--map {option!r}: {right!r} is no region, and not {', '.join(MEANINGS[:-1])} or {IGNORE}. "
                f"Regions: {known}."
            )
        targets[category] = target
    return CategoryMap(targets)
