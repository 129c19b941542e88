"""Fills the places of one section greedily: caps, loss for likeness, pins, the minimum, one evergreen (rule 8)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heapreplace

from digest.ranking.candidate import Candidate, Placed, SectionOrder
from digest.ranking.formula import Formula, cents
from digest.ranking.pool import Rank, Weighed

_Item = tuple[Rank, int, float, Weighed]
"""A heap's item: rank after the loss known so far, how many placed stories that loss knows, greatest likeness, who."""


def likeness(one: Candidate, other: Candidate) -> float:
    """Return how alike two stories are, 0 to 1: 1 in one cluster, else the share of topics in common (Jaccard)."""
    if one.cluster and one.cluster == other.cluster:
        return 1.0
    common = len(one.topics & other.topics)
    return common / len(one.topics | other.topics) if common else 0.0


class Filling:
    """One section while it is being filled. ``fill`` may be called again to go on with other stories."""

    def __init__(self, order: SectionOrder, common_topics: frozenset[str], formula: Formula) -> None:
        self.placed: list[Placed] = []
        self._order = order
        self._room = order.stories + order.briefs
        self._common = common_topics
        self._formula = formula
        self._counts: Counter[tuple[str, str]] = Counter()
        self._limits = {"topic": formula.topic_cap, "author": formula.author_cap, "region": formula.region_cap}

    def fill(self, entries: Iterable[Weighed], upto: int | None = None) -> None:
        """Give places to the best of ``entries`` (in rank order), until ``upto`` stories stand (None: the room).

        A pin owns its place; pins beyond the end follow in their order. If too few were found, the caps yield until
        there is the minimum, then an evergreen may come in. Pinned entries always stand, even beyond the room.
        """
        pins, free, evergreens = self._sorted_out(entries)
        self._counts.update(token for pin in pins for token in self._tokens(pin.candidate))
        self._greedy(pins, free, self._room if upto is None else min(upto, self._room))
        self._evergreens(evergreens)

    def _sorted_out(self, entries: Iterable[Weighed]) -> tuple[list[Weighed], list[_Item], list[_Item]]:
        pins: list[Weighed] = []
        free: list[_Item] = []
        evergreens: list[_Item] = []
        for entry in entries:
            if entry.candidate.id in self._order.pins:
                pins.append(entry)
            else:
                (evergreens if entry.candidate.evergreen else free).append((entry.rank, 0, 0.0, entry))
        return sorted(pins, key=lambda pin: (self._order.pins[pin.id], pin.id)), free, evergreens

    def _greedy(self, pins: Sequence[Weighed], free: list[_Item], upto: int) -> None:
        capped: list[_Item] = []
        waiting = list(reversed(pins))
        while len(self.placed) + len(waiting) < upto:
            if waiting and self._order.pins[waiting[-1].id] <= len(self.placed) + 1:
                self._place(waiting.pop(), 0.0, pinned=True)
            elif best := self._best(free, capped):
                self._place(*best)
            elif len(self.placed) + len(waiting) < self._formula.minimum and capped:
                self._place(*self._next(capped))  # the caps yield
            else:
                break
        for pin in reversed(waiting):
            self._place(pin, 0.0, pinned=True)

    def _evergreens(self, evergreens: list[_Item]) -> None:
        standing = sum(placed.candidate.evergreen for placed in self.placed)
        wanted = min(self._formula.minimum, self._room)
        while evergreens and len(self.placed) < wanted and standing < self._formula.evergreen_limit:
            self._place(*self._next(evergreens))
            standing += 1

    def _best(self, heap: list[_Item], capped: list[_Item]) -> tuple[Weighed, float] | None:
        """Take the best that no cap forbids. A forbidden one goes to ``capped`` for good: caps only ever tighten."""
        while heap:
            if any(self._counts[token] >= self._limits[token[0]] for token in self._tokens(heap[0][3].candidate)):
                capped.append(heappop(heap))
            elif self._current(heap):
                return self._take(heap)
        return None

    def _next(self, heap: list[_Item]) -> tuple[Weighed, float]:
        """Take the best, whatever the caps say."""
        heap.sort()
        while not self._current(heap):
            pass
        return self._take(heap)

    def _current(self, heap: list[_Item]) -> bool:
        """Tell whether the first of the heap knows all stories placed so far; if not, bring it up to date.

        A loss can only grow while a section fills. So an item's old rank is a bound: once the first is up to date,
        nothing behind it can be better, and the long tail of a heap is never looked at.
        """
        _rank, known, alike, entry = heap[0]
        if known == len(self.placed):
            return True
        alike = max(alike, *(likeness(entry.candidate, above.candidate) for above in self.placed[known:]))
        score = cents(entry.points.total - self._loss(alike))
        heapreplace(heap, ((-score, *entry.rank[1:]), len(self.placed), alike, entry))
        return False

    def _loss(self, alike: float) -> float:
        return cents(self._formula.likeness * alike)

    def _take(self, heap: list[_Item]) -> tuple[Weighed, float]:
        _rank, _known, alike, entry = heappop(heap)
        return entry, self._loss(alike)

    def _place(self, entry: Weighed, penalty: float, *, pinned: bool = False) -> None:
        self.placed.append(Placed(entry.candidate, entry.points, penalty, len(self.placed) + 1, pinned))
        if not pinned:
            self._counts.update(self._tokens(entry.candidate))

    def _tokens(self, candidate: Candidate) -> Iterator[tuple[str, str]]:
        """Yield what the caps count of a story: topics, authors, and in a general section its own regions."""
        yield from (("topic", topic) for topic in candidate.topics - self._common)
        yield from (("author", author) for author in candidate.authors)
        if self._order.general:
            own = candidate.own_regions or candidate.regions.keys() - {self._order.region}
            yield from (("region", region) for region in own)
