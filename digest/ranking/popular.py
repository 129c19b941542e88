"""The Popular block: the most read stories of the last four weeks that these readers never saw in any mail."""

from collections.abc import Collection, Iterator, Sequence

from digest.ranking.candidate import Candidate, Placed, SectionOrder
from digest.ranking.formula import ANYWHERE, strength
from digest.ranking.pool import Pool


def choose_popular(
    pool: Pool, orders: Sequence[SectionOrder], *, set_key: str, barred: Collection[str], count: int
) -> tuple[Placed, ...]:
    """Return up to ``count`` stories, or none where fewer than the minimum were found.

    ``orders`` are the edition's sections in the reader's order: the edition's language is that of the first.
    ``barred`` names ids that stand in the mail already, or that some of its readers had.
    """
    found: list[Candidate] = []
    clusters = {pool.candidates[one].cluster for one in barred} - {None}
    for candidate in _wanted(pool, orders, set_key):
        if len(found) == count:
            break
        if candidate.id not in barred and candidate.cluster not in clusters:
            found.append(candidate)
            clusters |= {candidate.cluster} - {None}
    if len(found) < pool.formula.popular_minimum:
        return ()
    places = enumerate(found, start=1)
    return tuple(Placed(c, pool.weigh(c, _region(pool, c, orders)).points, 0.0, place) for place, c in places)


def _wanted(pool: Pool, orders: Sequence[SectionOrder], set_key: str) -> Iterator[Candidate]:
    """Yield what is popular and right for these readers, most read first."""
    excluded = frozenset[str]().union(*(order.excluded for order in orders))
    regions = {order.region for order in orders}
    everywhere = any(order.general for order in orders)
    for candidate in pool.most_read():
        if candidate.id in excluded or candidate.language != orders[0].language:
            continue
        if not everywhere and regions.isdisjoint(candidate.regions):
            continue
        if not pool.sent(candidate, set_key) and not pool.shown_popular(candidate, set_key):
            yield candidate


def _region(pool: Pool, candidate: Candidate, orders: Sequence[SectionOrder]) -> str:
    """Return where it is weighed: the reader's region with the strongest evidence, the first among equals."""
    regions = [order.region for order in orders if order.region in candidate.regions]
    return max(regions, key=lambda region: strength(candidate, region, pool.formula), default=ANYWHERE)
