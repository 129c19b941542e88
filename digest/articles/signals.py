"""What all sources of an article say together: its regions with the evidence, its topics, its badge. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from digest.articles.feeds.meanings import Meanings

STRENGTH = {"tag": 3, "feed": 2, "mention": 1}  # evidence for a region, see regions.md 2.2
MANY_TOPICS = 40
Said = Mapping[str, Any]  # a row of ArticleSource


@dataclass(frozen=True)
class Signals:
    """What an article's sources come to."""

    regions: dict[str, str]  # id -> evidence
    topics: list[str]
    editors_choice: bool
    evergreen: bool


def together(
    said: Sequence[Said],
    owner: str,
    meanings: Callable[[str], Meanings],
    mentioned: Callable[[], Iterable[str]],
) -> Signals:
    """Unite what the sources of one article say (regions.md 2.2).

    The badge of any source counts, and the strongest evidence for each region. ``owner``: the source whose topics
    come first. ``meanings``: the tag map of a source. ``mentioned``: the regions its text names, asked for only
    where neither tag nor feed says anything.
    """
    ordered = sorted(said, key=lambda one: (one["source"] != owner, one["source"]))
    tags = [meanings(one["source"]).sort(one["categories"]) for one in ordered]
    regions: dict[str, str] = {}
    topics: list[str] = []
    for one, found in zip(ordered, tags, strict=True):
        tagged = [*one["regions"], *found.regions]
        fed = [one["region"]] if not tagged and one["region"] is not None else []
        regions = strongest(regions, dict.fromkeys(fed, "feed") | dict.fromkeys(tagged, "tag"))
        topics += [*one["topics"], *found.topics]
    return Signals(
        regions=regions or dict.fromkeys(mentioned(), "mention"),
        topics=list(dict.fromkeys(topics))[:MANY_TOPICS],
        editors_choice=any(one["editors_choice"] for one in said) or any(one.editors_choice for one in tags),
        evergreen=any(one["evergreen"] for one in said) or any(one.evergreen for one in tags),
    )


def strongest(first: Mapping[str, str], second: Mapping[str, str]) -> dict[str, str]:
    """Return the regions of both with the stronger evidence for each."""
    both = dict(first)
    for region, kind in second.items():
        if STRENGTH[kind] > STRENGTH.get(both.get(region, ""), 0):
            both[region] = kind
    return both
