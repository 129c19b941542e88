"""The orders that are compared: ours, by the ranking itself, and plain ones that anybody would try first."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from digest.evaluating.cases import Without
from digest.ranking.candidate import Candidate, SectionOrder
from digest.ranking.formula import Formula, age_hours, points
from digest.ranking.merging import merge
from digest.ranking.pool import rank_of
from digest.ranking.section import rank_section

Order = Callable[[Sequence[Candidate], str, datetime, Formula], list[str]]
"""Puts candidates of a region in order at a cut-off; returns ids."""
ROOM = 10
GRAVITY, YOUTH_HOURS, DAMPING = 1.8, 2.0, 0.8  # of Hacker News
OURS = "ours"


@dataclass(frozen=True, slots=True)
class Method:
    """One way to order a section."""

    name: str
    order: Order
    formula: Formula
    without: Without = field(default=Without.nothing)


def by_section(candidates: Sequence[Candidate], region: str, as_of: datetime, formula: Formula) -> list[str]:
    """Order as an issue's section does: points, one of each cluster, caps, loss for likeness; the rest by points."""
    wanted = SectionOrder(
        list_id=region, region=region, languages=frozenset(one.language for one in candidates), stories=ROOM, briefs=0
    )
    ranked = rank_section(candidates, wanted, as_of=as_of, formula=formula)
    placed = [one.candidate.id for one in ranked.placed]
    standing = set(placed)
    left = [one for one in by_points(candidates, region, as_of, formula) if one not in standing]
    return placed + left


def by_points(candidates: Sequence[Candidate], region: str, as_of: datetime, formula: Formula) -> list[str]:
    """Order by points alone (rule 7): for stories that all stand somewhere already."""
    ranked = ((rank_of(one, points(one, region, as_of, formula).total), one.id) for one in merge(candidates))
    return [one for _rank, one in sorted(ranked)]


def by_popularity(candidates: Sequence[Candidate], _region: str, _as_of: datetime, _formula: Formula) -> list[str]:
    """Order by what was clicked most, as a "most read" list does; in such a list by rank."""
    return _ids(candidates, lambda one: (one.popular_rank or (1_000_000, 0), -one.clicks))


def by_date(candidates: Sequence[Candidate], _region: str, _as_of: datetime, _formula: Formula) -> list[str]:
    """Order by date, newest first."""
    return _ids(candidates, lambda _one: ())


def by_badge(candidates: Sequence[Candidate], _region: str, _as_of: datetime, _formula: Formula) -> list[str]:
    """Order by editor's choice, then newest first."""
    return _ids(candidates, lambda one: (not one.editors_choice,))


def by_hacker_news(candidates: Sequence[Candidate], _region: str, as_of: datetime, _formula: Formula) -> list[str]:
    """Order as Hacker News does: (clicks - 1)^0.8 / (hours + 2)^1.8, see http://amix.dk/blog/post/19574."""

    def score(one: Candidate) -> tuple[float]:
        votes = one.clicks - 1
        damped = votes**DAMPING if votes > 0 else votes
        return (-damped / (age_hours(one, as_of) + YOUTH_HOURS) ** GRAVITY,)

    return _ids(candidates, score)


def _ids(candidates: Iterable[Candidate], key: Callable[[Candidate], tuple[object, ...]]) -> list[str]:
    """Return the ids in the order of a key, then newest, then by id: the same whatever order they came in."""
    return [one.id for one in sorted(candidates, key=lambda one: (key(one), -one.published_at.timestamp(), one.id))]


def baselines(formula: Formula, *, badges: bool = True) -> list[Method]:
    """Return the plain orders; ``badges``: whether the stories have any."""
    found = [
        Method("badge, then newest", by_badge, formula),
        Method("Hacker News", by_hacker_news, formula),
        Method("newest first", by_date, formula),
        Method("popularity only", by_popularity, formula),
    ]
    return found if badges else found[1:]
