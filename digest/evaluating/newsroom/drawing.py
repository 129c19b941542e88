"""The stories of one made week, with what nobody is told: their appeal, their weight, and how long they last.

None of this is the formula turned round. Interest does not halve every 72 hours: it fades by a power, for each story at
its own pace. A badge is no part of a story's worth: it is what one editor, strict or generous, made of its weight.
Appeal is log-normal, and only loosely tied to weight. No two stories share a topic: caps and the loss for likeness
serve variety, which none of the measures here can see.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import exp
from random import Random

from digest.ranking.candidate import Evidence

FIRST = datetime(2026, 1, 5, 6, tzinfo=UTC)  # a Monday morning
WEEK = timedelta(days=7)
STORIES = (30, 60)
DESKS = 6
STRICTNESS = (0.2, 1.4)  # above this weight a badge is given: from nearly half of all stories to hardly any
SLIPS = 0.5  # how far an editor's eye is off
PULL, APPEAL = 0.15, 0.6  # what weight adds to the logarithm of appeal, and what chance does
FADING = 1.3  # the power by which interest fades
KINDS = ("news", "report", "feature")
KIND_SHARES = (0.65, 0.25, 0.10)
LASTS = {"news": 20.0, "report": 50.0, "feature": 160.0}  # hours, in the middle of the kind
PACE = 0.5  # how far apart those of one kind are
EVIDENCE = (Evidence.tag, Evidence.feed, Evidence.mention)
EVIDENCE_SHARES = (0.65, 0.25, 0.10)
ABOUT = {Evidence.tag: 1.0, Evidence.feed: 0.85, Evidence.mention: 0.5}  # how often it is right
ELSEWHERE = 0.7  # lost, of the logarithm of appeal, by a story that only names the region
WEEKDAYS = (0.5, 0.6, 1.2, 1.3, 1.3, 1.3, 1.2)  # stories by the day before a Monday: Sunday, Saturday, ...


@dataclass(frozen=True, slots=True)
class Secret:
    """One story as only the maker of the world knows it."""

    id: str
    published_at: datetime
    desk: int
    evidence: Evidence
    appeal: float  # times an average story, for a reader who looks at it while it is fresh
    weight: float  # what it is worth to a good editor, in standard deviations
    lasts: float  # hours
    badge: bool

    def interest(self, at: datetime) -> float:
        """Return which share of the first interest is left at a time: 1 when it comes out."""
        return float((1 + self._hours(at) / self.lasts) ** -FADING)

    def spent(self, at: datetime) -> float:
        """Return which share of all its page views a story had by a time."""
        return 1 - float((1 + self._hours(at) / self.lasts) ** (1 - FADING))

    def _hours(self, at: datetime) -> float:
        return max(0.0, (at - self.published_at) / timedelta(hours=1))


def cutoff_of(number: int) -> datetime:
    """Return the cut-off of a week by its number, from 0."""
    return FIRST + number * WEEK


def week(number: int, dice: Random) -> list[Secret]:
    """Draw the stories of one week, published in the seven days before its cut-off."""
    strictness = dice.uniform(*STRICTNESS)
    return [_story(f"{number:04}-{one:02}", number, dice, strictness) for one in range(dice.randint(*STORIES))]


def _story(name: str, number: int, dice: Random, strictness: float) -> Secret:
    kind = dice.choices(KINDS, KIND_SHARES)[0]
    evidence = dice.choices(EVIDENCE, EVIDENCE_SHARES)[0]
    elsewhere = dice.random() > ABOUT[evidence]
    weight = dice.gauss(0.0, 1.0) - elsewhere
    return Secret(
        id=name,
        published_at=_published(cutoff_of(number), dice),
        desk=dice.randrange(DESKS),
        evidence=evidence,
        appeal=exp(dice.gauss(PULL * weight, APPEAL) - ELSEWHERE * elsewhere),
        weight=weight,
        lasts=LASTS[kind] * exp(dice.gauss(0.0, PACE)),
        badge=weight + dice.gauss(0.0, SLIPS) > strictness,
    )


def _published(cutoff: datetime, dice: Random) -> datetime:
    """Draw when a story came out: on working days more than on others, from early morning to late evening."""
    days = dice.choices(range(1, 8), WEEKDAYS)[0]
    return cutoff.replace(hour=0) - timedelta(days=days) + timedelta(hours=dice.triangular(6, 23, 11))
