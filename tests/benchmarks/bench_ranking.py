"""Measures the ranking: 10,000 candidates in one section, and 50 editions of an issue, beside a plain sort."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, islice
from random import Random
from time import perf_counter

from digest.ranking.candidate import Candidate, SectionOrder
from digest.ranking.edition import rank_edition
from digest.ranking.formula import WEEKLY
from digest.ranking.pool import Pool
from digest.ranking.section import rank_section

AS_OF = datetime(2026, 11, 24, 6, tzinfo=UTC)
REGIONS = [f"region-{number}" for number in range(10)]
TOPICS = [f"topic-{number}" for number in range(300)]
COUNT = 10_000


def candidates(count: int, regions: list[str]) -> list[Candidate]:
    """Return made-up candidates of the last eight days; a third have a twin region, a tenth stand in a cluster."""
    dice = Random(20261124)  # noqa: S311 - dice for a benchmark, not a secret
    return [_candidate(dice, number, regions) for number in range(count)]


def _candidate(dice: Random, number: int, regions: list[str]) -> Candidate:
    own = dice.sample(regions, min(len(regions), dice.choice([1, 1, 2])))
    return Candidate(
        id=f"{number:06}",
        url=f"example.org/{number:06}",
        published_at=AS_OF - timedelta(hours=dice.random() * 190),
        editors_choice=dice.random() < 0.2,
        has_image=dice.random() < 0.8,
        clicks=float(dice.randint(0, 400)),
        expected=float(dice.randint(10, 100)),
        regions={region: dice.choice(["tag", "feed", "mention"]) for region in own},
        topics=frozenset(dice.sample(TOPICS, 4)),
        authors=frozenset([f"author {dice.randint(0, 60)}"]),
        cluster=f"cluster {dice.randint(0, 400)}" if dice.random() < 0.1 else None,
    )


def best_of(times: int, work: Callable[[], object]) -> float:
    """Return the shortest of several runs, in milliseconds."""
    found = []
    for _ in range(times):
        start = perf_counter()
        work()
        found.append((perf_counter() - start) * 1000)
    return min(found)


def one_section(*, alike: bool) -> None:
    """Print one section of 10,000 candidates; ``alike``: all share a topic, so that everyone loses points."""
    found = candidates(COUNT, ["region-0"])
    if alike:
        found = [replace(one, topics=frozenset([*one.topics, "war", "aid"])) for one in found]
    order = SectionOrder(list_id="region-0", region="region-0")
    ours = best_of(5, lambda: rank_section(found, order, as_of=AS_OF, formula=WEEKLY))
    keys = {one.id: (-one.clicks, one.id) for one in found}
    plain = best_of(5, lambda: sorted(found, key=lambda one: keys[one.id]))
    name = "all alike" if alike else "one section"
    sys.stdout.write(
        f"{name}: {COUNT} candidates ranked in {ours:.0f} ms, a plain sort takes {plain:.1f} ms: {ours / plain:.0f}x\n"
    )


def fifty_editions() -> None:
    """Print an issue of 50 editions of 3 lists each, from one pool."""
    found = candidates(COUNT, REGIONS)
    orders = {region: SectionOrder(list_id=region, region=region) for region in REGIONS}
    sets = list(islice(combinations(REGIONS, 3), 50))

    def issue() -> None:
        pool = Pool(found, AS_OF, WEEKLY)
        for lists in sets:
            asked = [orders[one] for one in lists]
            rank_edition((), asked, as_of=AS_OF, formula=WEEKLY, set_key="+".join(lists), pool=pool)

    keys = {one.id: (-one.clicks, one.id) for one in found}
    ours, plain = best_of(3, issue), best_of(5, lambda: sorted(found, key=lambda one: keys[one.id]))
    sys.stdout.write(
        f"issue: {len(sets)} editions from {COUNT} candidates in {ours:.0f} ms, {ours / plain / 50:.1f}x a sort each\n"
    )


def main() -> None:
    """Print all figures."""
    one_section(alike=False)
    one_section(alike=True)
    fifty_editions()


if __name__ == "__main__":
    main()
