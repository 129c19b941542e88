"""What a thin section borrows from the regions above it (ruling 5): the only way a story goes down the tree."""

from collections.abc import Collection
from dataclasses import replace
from typing import Protocol

from digest.ranking.candidate import EditionSection, SectionOrder
from digest.ranking.filling import Filling
from digest.ranking.pool import Pool, View, Weighed
from digest.ranking.section import one_per_cluster


class Standing(Protocol):
    """What must be known of the edition while it is being made."""

    pool: Pool
    had: frozenset[str]
    orders: list[SectionOrder]
    moved: dict[str, int]
    duplicates: dict[str, str]
    standing: set[str]


def borrow(edition: Standing, order: SectionOrder, filling: Filling) -> EditionSection | None:
    """Return what a section under the minimum borrows, and note that it stands; None if it borrows nothing.

    It takes the best of the nearest region above that has stories nobody used, as many as it lacks. Nothing is
    borrowed from a region that its readers have a list of, nor from above that: its best stand there already.
    """
    own = len(filling.placed)
    lacking = edition.pool.formula.minimum - own
    if lacking <= 0:
        return None
    listed = {one.region for one in edition.orders}
    for lender in order.lenders:
        if lender in listed:
            return None
        view = edition.pool.view(_asked(edition, order, lender))
        unused = _unused(edition, view)
        if not unused:
            continue
        wanted = replace(view.order, stories=lacking)
        lent = Filling(wanted, view.common_topics(edition.had, edition.pool.formula), edition.pool.formula)
        lent.fill(unused)
        edition.standing.update(one.candidate.id for one in lent.placed)
        return EditionSection(wanted, tuple(lent.placed), (), own)
    return None


def _asked(edition: Standing, order: SectionOrder, lender: str) -> SectionOrder:
    """Return the order of what is lent; the same for every edition of a list, so that the pool sees it once."""
    return replace(
        order,
        region=lender,
        stories=edition.pool.formula.minimum,
        briefs=0,
        general=False,
        pins={},
        moved_in=frozenset(),
        lenders=(),
    )


def _unused(edition: Standing, view: View) -> list[Weighed]:
    """Return whom nobody used: not moved by an editor, and no other of the cluster stands in the mail."""
    told = {edition.pool.candidates[one].cluster for one in edition.standing} - {None}
    free = [entry for entry in view.eligible(edition.had) if _is_free(edition, entry, told)]
    return one_per_cluster(free, ())[0]


def _is_free(edition: Standing, entry: Weighed, told: Collection[str | None]) -> bool:
    taken = entry.id in edition.standing or entry.id in edition.duplicates or entry.id in edition.moved
    return not taken and entry.candidate.cluster not in told
