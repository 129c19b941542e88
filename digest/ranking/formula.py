"""The formula, version v1: its constants, the points of a story in a region, and the sentence that explains them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log2

from digest.ranking.candidate import Candidate, Evidence, Points

ANYWHERE = "*"
"""Stands for a region where the strongest evidence for any region counts: a general list (rule 11)."""

_HOUR = timedelta(hours=1)


def _strengths() -> Mapping[str, float]:
    return {Evidence.tag: 1.0, Evidence.feed: 0.6, Evidence.mention: 0.3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """Every number of the ranking. Points unless the name says hours, minutes or days."""

    version: str = "v1"
    editor: float = 40.0
    reading: float = 30.0
    freshness: float = 20.0
    region: float = 10.0
    likeness: float = 25.0  # lost by a story that is wholly like one above it
    window_hours: float = 168.0
    grace_hours: float = 24.0
    half_life_hours: float = 72.0
    skew_minutes: float = 5.0  # a date this far in the future is a wrong clock, not an embargo
    prior: float = 5.0  # clicks and expected clicks added, so that few counts say little
    span: float = 2.0  # doublings from average to no points, and to all points
    eta: float = 0.6  # how fast attention falls with the place
    theta_floor: float = 0.1
    topic_cap: int = 2
    author_cap: int = 2
    region_cap: int = 2  # in a general section only
    common_share: float = 1 / 3  # a topic on more than this share of the eligible is not counted by its cap ...
    common_from: int = 8  # ... where at least so many are eligible
    minimum: int = 2  # a section tries to have so many stories
    resend_days: float = 365.0
    carried_days: float = 28.0
    evergreen_limit: int = 1
    evergreen_days: float = 365.0
    evergreen_share: float = 0.2
    popular_days: float = 28.0
    popular_clicks: float = 20.0
    popular_minimum: int = 2
    strengths: Mapping[str, float] = field(default_factory=_strengths, hash=False)  # Evidence -> share of region


WEEKLY = Formula()
DAILY = Formula(window_hours=24.0, grace_hours=6.0, half_life_hours=12.0)
_CADENCES = {"weekly": WEEKLY, "daily": DAILY}


def for_cadence(name: str) -> Formula:
    """Return the formula of a cadence, ``weekly`` or ``daily``; raise ValueError for another."""
    if name not in _CADENCES:
        raise ValueError(f"There is no formula for the cadence {name!r}; write weekly or daily.")
    return _CADENCES[name]


def cents(value: float) -> float:
    """Round to 0.01, halves up in spite of binary fractions (rule 1: 28.125 gives 28.13)."""
    return round(value + 1e-9, 2)


def theta(place: int, formula: Formula) -> float:
    """Return how much attention a place gets (from the top of the whole mail, the lead is 1), as a share of place 1."""
    return float(max(formula.theta_floor, place**-formula.eta))


def age_hours(candidate: Candidate, as_of: datetime) -> float:
    """Return the hours since the article's first date, or since an editor's substantive update; never below 0."""
    start = candidate.refreshed_at or candidate.published_at
    return max(0.0, (as_of - start) / _HOUR)


def interest(candidate: Candidate, formula: Formula) -> float:
    """Return clicks over expected clicks, both raised by the prior: 1.0 is average, or nothing known."""
    return (candidate.clicks + formula.prior) / (candidate.expected + formula.prior)


def reading_points(candidate: Candidate, formula: Formula) -> float:
    """Return the reading part: by the rank in a "most read" list where there is one, else by counts (rule 4)."""
    if candidate.popular_rank:
        return cents(formula.reading * rank_share(candidate.popular_rank))
    share = (log2(interest(candidate, formula)) + formula.span) / (2 * formula.span)
    return cents(formula.reading * min(1.0, max(0.0, share)))


def rank_share(rank: tuple[int, int]) -> float:
    """Return 1.0 for the first of a "most read" list, down to 0.5 for its last: even that one is read."""
    place, length = rank
    return 1 - 0.5 * (place - 1) / (length - 1) if length > 1 else 1.0


def _freshness(candidate: Candidate, as_of: datetime, formula: Formula) -> float:
    if candidate.evergreen:
        return cents(formula.freshness * formula.evergreen_share)
    return cents(formula.freshness * 2.0 ** (-age_hours(candidate, as_of) / formula.half_life_hours))


def best_region(candidate: Candidate, formula: Formula) -> str:
    """Return the region with the strongest evidence, the first by name among equals; "" where there is none."""
    by_strength = sorted(candidate.regions, key=lambda region: (-formula.strengths[candidate.regions[region]], region))
    return by_strength[0] if by_strength else ""


def strength(candidate: Candidate, region: str, formula: Formula) -> float:
    """Return how strong the evidence for this region is, 0 to 1; for ANYWHERE, the strongest there is."""
    if region == ANYWHERE:
        return max((formula.strengths[evidence] for evidence in candidate.regions.values()), default=0.0)
    return formula.strengths[candidate.regions[region]] if region in candidate.regions else 0.0


def points(candidate: Candidate, region: str, as_of: datetime, formula: Formula) -> Points:
    """Return the four parts of a story's score in a region, each rounded to 0.01."""
    return Points(
        editor=cents(formula.editor) if candidate.editors_choice else 0.0,
        reading=reading_points(candidate, formula),
        freshness=_freshness(candidate, as_of, formula),
        region=cents(formula.region * strength(candidate, region, formula)),
    )


def explain(  # noqa: PLR0917 - everything the sentence names, in the order it names it
    candidate: Candidate, region: str, points: Points, penalty: float, as_of: datetime, formula: Formula
) -> str:
    """Return one sentence that adds up: each part, in brackets what it comes from, and the sum."""
    return (
        f"Editor's choice {points.editor:.2f}"
        f" + reading {points.reading:.2f} ({_why_reading(candidate, formula)})"
        f" + freshness {points.freshness:.2f} ({_why_freshness(candidate, as_of)})"
        f" + region {points.region:.2f} ({_why_region(candidate, region, formula)})"
        f" - likeness {penalty:.2f} = {cents(points.total - penalty):.2f}"
    )


def _why_reading(candidate: Candidate, formula: Formula) -> str:
    if candidate.popular_rank:
        return "number {} of {} in the most read".format(*candidate.popular_rank)
    if not candidate.clicks and not candidate.expected:
        return "no reading data yet, counted as average"
    times = f"{interest(candidate, formula):.1f}x what its places and age would give"
    return f"{times}: {candidate.clicks:.0f} on {candidate.expected:.0f}"


def _why_freshness(candidate: Candidate, as_of: datetime) -> str:
    if candidate.evergreen:
        return "evergreen"
    hours = f"{age_hours(candidate, as_of):.0f} h"
    return f"{hours} since its update" if candidate.refreshed_at else f"{hours} old"


def _why_region(candidate: Candidate, region: str, formula: Formula) -> str:
    where = best_region(candidate, formula) if region == ANYWHERE else region
    if where in candidate.regions:
        return f"{candidate.regions[where]} {where}"
    return "no region" if region == ANYWHERE else f"no evidence for {where}, put there by an editor"
