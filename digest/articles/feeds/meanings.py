"""What the tags of a source mean: a region, the editors' badge, an evergreen, a topic, or nothing. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from digest.errors import BadInput
from digest.regions import Region

BADGE, EVERGREEN, TOPIC, IGNORE = "badge", "evergreen", "topic", "ignore"
MEANINGS = (BADGE, EVERGREEN, TOPIC, IGNORE)


@dataclass(frozen=True)
class Sorted:
    """What the tags of one article come to."""

    regions: list[str]
    topics: list[str]
    editors_choice: bool
    evergreen: bool


@dataclass(frozen=True)
class Meanings:
    """Tag, as ``folded`` gives it -> region id, or one of ``MEANINGS``.

    ``targets``: what the newsroom said. ``names``: what regions are called; a tag called like a region means it. A
    tag that is in neither counts as a topic, and waits in the inbox.
    """

    targets: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def of(self, tag: str) -> str:
        """Return what a tag means; "" where nobody has said."""
        key = folded(tag)
        return self.targets.get(key) or self.names.get(key, "")

    def sort(self, tags: Iterable[str]) -> Sorted:
        """Sort the tags of one article."""
        found = [(tag, self.of(tag) or TOPIC) for tag in tags]
        meant = {target for _, target in found}
        return Sorted(
            regions=list(dict.fromkeys(target for _, target in found if target not in MEANINGS)),
            topics=list(dict.fromkeys(tag for tag, target in found if target == TOPIC)),
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


def parse_map(options: Sequence[str], names: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Read ``TAG=REGION`` and ``TAG=badge|evergreen|topic|ignore``; ``Category:`` may stand before the tag.

    ``names``: see ``region_names``. An empty target forgets what the tag meant. Returns folded tag -> (the tag as
    written, its target). Raises BadInput.
    """
    found: dict[str, tuple[str, str]] = {}
    for option in options:
        left, equals, right = option.rpartition("=")
        label = _without_prefix(" ".join(left.split()))
        target = right.strip() if right.strip() in (*MEANINGS, "") else names.get(folded(right))
        if not equals or not label:
            raise BadInput(f"--map {option!r} cannot be read. Write --map 'CATEGORY=REGION' or 'CATEGORY=badge'.")
        if target is None:
            known = ", ".join(dict.fromkeys(names.values())) or "none yet; run `digest regions preset starter`"
            raise BadInput(
                f"--map {option!r}: {right!r} is no region, and not {', '.join(MEANINGS[:-1])} or {IGNORE}. "
                f"Regions: {known}."
            )
        found[folded(label)] = (label, target)
    return found


def _without_prefix(tag: str) -> str:
    before, colon, after = tag.partition(":")
    return after.strip() if colon and before.strip().casefold() == "category" else tag
