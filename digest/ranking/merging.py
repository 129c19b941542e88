"""One page, one story: candidates with the same canonical URL are united before anything is weighed (rule 2)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from digest.ranking.candidate import Candidate, Evidence
from digest.ranking.formula import rank_share

_EVIDENCE = tuple(Evidence)
_WORST_LAST = ("published", "embargoed", "retracted", "unpublished")


def merge(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Return the candidates with every page once, by id. Signals are united by the greater, never by the sum."""
    return unite(candidates)[0]


def unite(candidates: Iterable[Candidate]) -> tuple[list[Candidate], dict[str, str]]:
    """Return what ``merge`` returns, and for each id that went under the id that stands for it."""
    pages: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        pages[candidate.url or candidate.id].append(candidate)
    merged = [_united(page) if len(page) > 1 else page[0] for page in pages.values()]
    aliases = {twin.id: min(t.id for t in page) for page in pages.values() if len(page) > 1 for twin in page}
    return sorted(merged, key=lambda candidate: candidate.id), aliases


def _united(page: Sequence[Candidate]) -> Candidate:
    twins = sorted(page, key=lambda twin: twin.id)
    return replace(
        twins[0],
        published_at=min(t.published_at for t in twins),
        refreshed_at=max((t.refreshed_at for t in twins if t.refreshed_at), default=None),
        status=max((t.status for t in twins), key=_WORST_LAST.index),
        editors_choice=any(t.editors_choice for t in twins),
        evergreen=any(t.evergreen for t in twins),
        has_image=any(t.has_image for t in twins),
        clicks=max(t.clicks for t in twins),
        expected=max(t.expected for t in twins),
        popular_rank=_best_rank([t.popular_rank for t in twins if t.popular_rank]),
        regions=_strongest([t.regions for t in twins]),
        own_regions=frozenset[str]().union(*(t.own_regions for t in twins)),
        topics=frozenset[str]().union(*(t.topics for t in twins)),
        authors=frozenset[str]().union(*(t.authors for t in twins)),
        cluster=min((t.cluster for t in twins if t.cluster), default=None),
        excluded=any(t.excluded for t in twins),
        carried=any(t.carried for t in twins),
        sent=latest(t.sent for t in twins),
        shown_popular=frozenset[str]().union(*(t.shown_popular for t in twins)),
    )


def _best_rank(ranks: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    return min(ranks, key=lambda rank: (-rank_share(rank), rank), default=None)


def _strongest(evidence: Sequence[Mapping[str, str]]) -> dict[str, str]:
    regions = sorted({region for one in evidence for region in one})
    return {
        region: min((Evidence(one[region]) for one in evidence if region in one), key=_EVIDENCE.index)
        for region in regions
    }


def latest(sent: Iterable[Mapping[str, datetime]]) -> dict[str, datetime]:
    """Return for each set key the last time in any of the mappings."""
    found: dict[str, datetime] = {}
    for one in sent:
        for key, at in one.items():
            found[key] = max(at, found.get(key, at))
    return found
