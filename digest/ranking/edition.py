"""Ranks a whole combined edition: each story once, in its best section; then lead, Popular, and what is left out."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from digest.ranking.borrowing import borrow
from digest.ranking.candidate import Candidate, EditionSection, LeftOut, Placed, RankedEdition, Reason, SectionOrder
from digest.ranking.eligibility import belongs
from digest.ranking.filling import Filling
from digest.ranking.formula import Formula, cents
from digest.ranking.homes import Home, find_homes, moves
from digest.ranking.pool import FILTERS, Pool, Weighed, rank_of
from digest.ranking.popular import choose_popular
from digest.ranking.section import left_barred, left_entry, one_per_cluster


def rank_edition(
    candidates: Iterable[Candidate],
    orders: Sequence[SectionOrder],
    *,
    as_of: datetime,
    formula: Formula,
    set_key: str = "",
    lead: str | None = None,
    without: frozenset[str] = frozenset(),
    popular: int = 4,
    pool: Pool | None = None,
) -> RankedEdition:
    """Return the edition for readers of these lists (at least one), in their order.

    ``set_key`` names the set of lists: what was sent to it stays out, and so does ``without`` (ids or clusters that
    some of its readers had). ``lead`` is the id an editor wants on top where it stands in this edition. Sections
    without a story are not returned. What a thin section borrows stands in a section of its own behind it, and never
    leads. With a ``pool``, ``candidates``, ``as_of`` and ``formula`` are the pool's.
    """
    pool = pool or Pool(candidates, as_of, formula)
    making = Making(pool, orders, pool.had(set_key, without))
    making.fill_homes()
    making.share()
    making.fill_general()
    borrowed = [borrow(making, order, filling) for order, filling in making.filled(orders)]
    top, top_list = making.lead(pool.alias(lead) if lead else None)
    barred = making.standing.union(pool.whole(without))
    block = choose_popular(pool, making.orders, set_key=set_key, barred=barred, count=popular)
    making.standing |= {one.candidate.id for one in block}
    own = [_cut(order, filling, top) for order, filling in making.filled(orders)]
    sections = tuple(section for pair in zip(own, borrowed, strict=True) for section in pair if section)
    return RankedEdition(top, top_list, sections, block, tuple(making.left_out()))


def _cut(order: SectionOrder, filling: Filling, top: Placed | None) -> EditionSection | None:
    """Return the section without the lead, whose place stays empty; None where nothing is left."""
    stories = tuple(one for one in filling.placed[: order.stories] if one is not top)
    briefs = tuple(one for one in filling.placed[order.stories :] if one is not top)
    return EditionSection(order, stories, briefs) if stories or briefs else None


class Making:
    """One edition while it is being made."""

    def __init__(self, pool: Pool, orders: Sequence[SectionOrder], had: frozenset[str]) -> None:
        self.pool = pool
        self.had = had
        self.views = [pool.view(order) for order in orders]
        self.orders = [view.order for view in self.views]
        self.moved = moves(self.orders)
        self.homes: dict[str, Home] = find_homes(pool, self.views, self.moved, had)
        self.fillings = [
            Filling(view.order, view.common_topics(had, pool.formula), pool.formula) for view in self.views
        ]
        self.weighed: dict[str, Weighed] = {one: home.entry for one, home in self.homes.items()}
        self.duplicates: dict[str, str] = {}
        self.standing: set[str] = set()

    def fill_homes(self) -> None:
        """Pass 1: each story belongs to its home, one of each cluster stands, each section picks."""
        pinned = {one for one, home in self.homes.items() if home.pinned}
        entries = [home.entry for home in self.homes.values()]
        _standing, self.duplicates = one_per_cluster(entries, pinned)
        for number, view in enumerate(self.views):
            if not view.order.general:
                self._fill(number, [entry for entry in view.entries if self._at_home(entry.id, number)])

    def share(self) -> None:
        """Pass 2: a section under the minimum takes stories of other homes that nobody used."""
        for number, view in enumerate(self.views):
            lacking = len(self.fillings[number].placed) < self.pool.formula.minimum
            if lacking and not view.order.general:
                shared = [entry for entry in view.entries if self._shareable(entry.id, number)]
                self._fill(number, shared, self.pool.formula.minimum)

    def fill_general(self) -> None:
        """Rule 11: general sections take the best of what does not stand elsewhere."""
        for number, view in enumerate(self.views):
            if view.order.general:
                self._fill(number, self._left_for_general(number, view.eligible(self.had)))

    def _fill(self, number: int, entries: Iterable[Weighed], upto: int | None = None) -> None:
        self.fillings[number].fill(entries, upto)
        self.standing.update(one.candidate.id for one in self.fillings[number].placed)

    def _at_home(self, one: str, number: int) -> bool:
        return one in self.homes and self.homes[one].section == number and one not in self.duplicates

    def _shareable(self, one: str, number: int) -> bool:
        taken = one in self.standing or one in self.duplicates
        return one in self.homes and not taken and self.moved.get(one, number) == number

    def _left_for_general(self, number: int, eligible: Iterable[Weighed]) -> list[Weighed]:
        """Return whom a general section may take, and note whose cluster stands elsewhere in the mail."""
        kept = {one for one in self.homes if one not in self.duplicates and self._kept_from(one, number)}
        clusters = {self.pool.candidates[one].cluster: one for one in self.standing | kept}
        left = []
        for entry in eligible:
            one, cluster = entry.id, entry.candidate.cluster
            if one in self.standing or one in self.duplicates or self._kept_from(one, number):
                continue
            if self.moved.get(one, number) != number:
                continue
            self.weighed.setdefault(one, entry)
            if cluster and cluster in clusters:
                self.duplicates[one] = clusters[cluster]
            else:
                left.append(entry)
        standing, duplicates = one_per_cluster(left, self.views[number].order.pins)
        self.duplicates.update(duplicates)
        return standing

    def _kept_from(self, one: str, number: int) -> bool:
        """Tell whether a story is kept for another general section, because an editor put it there."""
        home = self.homes.get(one)
        return home is not None and home.section != number and self.orders[home.section].general

    def lead(self, wanted: str | None) -> tuple[Placed | None, str]:
        """Return the lead and the list it stands in: the one asked for, else the best full story with a picture."""
        picked = [(one, order) for order, filling in self.filled(self.orders) for one in filling.placed]
        for one, order in picked:
            if one.candidate.id == wanted:
                return one, order.list_id
        full = [(one, order) for one, order in picked if one.place <= order.stories]
        if not full:
            return None, ""
        best, order = min(full, key=lambda pair: _lead_key(pair[0]))
        return best, order.list_id

    def filled(self, orders: Sequence[SectionOrder]) -> list[tuple[SectionOrder, Filling]]:
        """Return each order with the section that was filled for it."""
        return list(zip(orders, self.fillings, strict=True))

    def left_out(self) -> list[LeftOut]:
        """Return one reason for every candidate that stands nowhere: weighed ones by rank, then by reason and id."""
        weighed = [entry for one, entry in self.weighed.items() if one not in self.standing]
        weighed.sort(key=lambda entry: entry.rank)
        stand_for = {one: self._stands_for(one) for one in self.duplicates}
        telling = self._most_telling()
        gone = self.standing | self.weighed.keys()
        barred = {one: telling[one] for one in self.pool.candidates if one not in gone}
        return [*(left_entry(entry, stand_for) for entry in weighed), *left_barred(self.pool, barred)]

    def _stands_for(self, one: str) -> str:
        while one in self.duplicates:
            one = self.duplicates[one]
        return one

    def _most_telling(self) -> dict[str, Reason]:
        """Return for each barred candidate the reason of the section where it came nearest to a place.

        Sections of its own regions say more than others, and in these a later filter says more than an earlier one.
        """
        telling = self.pool.unfit.copy()
        for tier in zip(*(view.tiers for view in self.views), strict=True):
            for reasons in tier:
                telling.update(reasons)
        for one in self.had | self.moved.keys() & self.pool.candidates.keys():
            if reason := self._told_apart(self.pool.candidates[one]):
                telling[one] = reason
        return telling

    def _told_apart(self, candidate: Candidate) -> Reason | None:
        """Return the same for a candidate that was sent already, or moved: that one is judged where it was moved to."""
        views = [self.views[self.moved[candidate.id]]] if candidate.id in self.moved else self.views
        own = [view for view in views if belongs(candidate, view.order)]
        reasons = [view.reason(candidate, self.had) for view in own or views]
        return max((reason for reason in reasons if reason), key=FILTERS.__getitem__, default=None)


def _lead_key(one: Placed) -> tuple[object, ...]:
    rank = rank_of(one.candidate, cents(one.points.total - one.penalty))
    return (not one.candidate.has_image, *rank)
