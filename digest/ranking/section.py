"""Ranks one section by itself: who may stand, one per cluster, places filled, and a reason for everyone else."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from digest.ranking.candidate import Candidate, LeftOut, RankedSection, Reason, SectionOrder
from digest.ranking.filling import Filling
from digest.ranking.formula import Formula
from digest.ranking.pool import Pool, Weighed


def rank_section(
    candidates: Iterable[Candidate],
    order: SectionOrder,
    *,
    as_of: datetime,
    formula: Formula,
    set_key: str = "",
    pool: Pool | None = None,
) -> RankedSection:
    """Return the stories of one section in order, and every other candidate with its reason.

    ``set_key`` names the readers: what was sent to them stays out. With a ``pool``, ``candidates``, ``as_of`` and
    ``formula`` are the pool's.
    """
    pool = pool or Pool(candidates, as_of, formula)
    view, had = pool.view(order), pool.had(set_key)
    eligible = view.eligible(had)
    standing, duplicates = one_per_cluster(eligible, view.order.pins)
    filling = Filling(view.order, view.common_topics(had, pool.formula), pool.formula)
    filling.fill(standing)
    placed = {one.candidate.id for one in filling.placed}
    left = {entry.id: left_entry(entry, duplicates) for entry in eligible if entry.id not in placed}
    barred = {one.id: reason for one in pool.candidates.values() if (reason := view.reason(one, had))}
    return RankedSection(tuple(filling.placed), (*left.values(), *left_barred(pool, barred)))


def one_per_cluster(entries: Iterable[Weighed], pinned: Collection[str]) -> tuple[list[Weighed], dict[str, str]]:
    """Return the entries that stand, in the order given, and for every other the id of the one that stands for it.

    The best of a cluster stands: pinned first, then by rank (rule 6).
    """
    entries = list(entries)
    clusters: dict[str, list[Weighed]] = defaultdict(list)
    for entry in entries:
        if entry.candidate.cluster:
            clusters[entry.candidate.cluster].append(entry)
    duplicates = {}
    for mates in clusters.values():
        best = min(mates, key=lambda mate: (mate.id not in pinned, mate.rank))
        duplicates.update({mate.id: best.id for mate in mates if mate is not best})
    return [entry for entry in entries if entry.candidate.id not in duplicates], duplicates


def left_entry(entry: Weighed, duplicates: Mapping[str, str]) -> LeftOut:
    """Return why a candidate that was weighed has no place."""
    if entry.id in duplicates:
        return LeftOut(entry.id, Reason.duplicate, duplicates[entry.id], entry.points)
    return LeftOut(entry.id, Reason.evergreen if entry.candidate.evergreen else Reason.cap_or_space, "", entry.points)


def left_barred(pool: Pool, barred: Mapping[str, Reason]) -> list[LeftOut]:
    """Return the answers for candidates that a filter barred: by reason, in each as they come (by id)."""
    by_reason: dict[Reason, list[LeftOut]] = {reason: [] for reason in Reason}
    for one, reason in barred.items():
        by_reason[reason].append(pool.left_out(one, reason))
    return [left for same in by_reason.values() for left in same]
