"""What an order is tried on: stories as they were known at a cut-off, and what each turned out to be worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from digest.ranking.candidate import Candidate
from digest.ranking.formula import Formula, theta


class Without(StrEnum):
    """A part of the method that is taken away, to see what it is good for."""

    nothing = ""
    places = "without place correction"
    filter = "bots not filtered"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a story stood in one mail: what place 1 would have brought an average story, and its place."""

    expected_on_top: float  # delivered * base rate
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One story of a case. ``candidate`` holds all human clicks and views, but expectations of page views only."""

    candidate: Candidate
    placements: Sequence[Placement] = ()
    machine_clicks: float = 0.0  # clicks that a filter took out


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One section to order, and what its stories turned out to be worth."""

    unit: str  # what is drawn as a whole: the issue
    as_of: datetime
    region: str
    stories: Sequence[Story]
    gains: Mapping[str, Mapping[str, float]]  # what they are worth by whom or what -> id -> gain (left out: 0)
    as_sent: Sequence[str] = ()  # the order they were printed in

    def candidates(self, formula: Formula, without: Without = Without.nothing) -> list[Candidate]:
        """Return what the ranking is told of the stories, with what their places should have brought."""
        level = self._level(formula) if without is Without.places else None
        return [_told(story, formula, level, unfiltered=without is Without.filter) for story in self.stories]

    def _level(self, formula: Formula) -> float:
        """Return the mean attention of all placements: what each gets where places are not told apart."""
        everywhere = [one for story in self.stories for one in story.placements]
        total = sum(one.expected_on_top for one in everywhere)
        seen = sum(one.expected_on_top * theta(one.place, formula) for one in everywhere)
        return seen / total if total else 1.0


def _told(story: Story, formula: Formula, level: float | None, *, unfiltered: bool) -> Candidate:
    expected = sum(
        one.expected_on_top * (theta(one.place, formula) if level is None else level) for one in story.placements
    )
    clicks = story.machine_clicks if unfiltered else 0.0
    if not expected and not clicks:
        return story.candidate
    before = story.candidate
    return replace(before, clicks=before.clicks + clicks, expected=before.expected + expected)
