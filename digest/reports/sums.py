"""What each issue comes to: its ledger, clicks, votes and those who left; and what was not counted. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from digest.events.voting import FINE, GOOD, POOR
from digest.reports.facts import Facts, Sent
from digest.reports.rates import Rate, Times, rate, times

OUTCOMES: Final = ("delivered", "deferred", "bounced", "complained")
ANSWERS: Final = {GOOD: "good", FINE: "fine", POOR: "not for me"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """One issue in figures. None: nobody counted it, which is not 0."""

    issue: Sent
    states: Mapping[str, int]  # of the ledger
    outcomes: Mapping[str, int] | None  # of what was accepted; None: no provider event ever came back
    placed: bool  # whether its stories' places are noted: they are when it has been sent
    clicks: int | None  # human
    machine_clicks: int | None
    expected: float
    votes: Mapping[int, int]
    left: int  # (reader, list) pairs

    @property
    def accepted(self) -> int:
        """Return how many deliveries the provider took."""
        return self.states.get("accepted", 0)

    @property
    def delivered(self) -> int | None:
        """Return how many arrived: who complained had it, too."""
        return None if self.outcomes is None else self.outcomes["delivered"] + self.outcomes["complained"]

    @property
    def clicks_each(self) -> float | None:
        """Return human clicks per accepted delivery."""
        return self.clicks / self.accepted if self.clicks is not None and self.accepted else None

    @property
    def times(self) -> Times | None:
        """Return its clicks over those expected (COEC)."""
        return times(self.clicks, self.expected)

    def share(self, outcome: str) -> Rate | None:
        """Return the share of accepted deliveries with an outcome."""
        if self.outcomes is None:
            return None
        return rate(self.delivered if outcome == "delivered" else self.outcomes[outcome], self.accepted)

    def answer(self, value: int) -> Rate | None:
        """Return the share of one of the three buttons."""
        return rate(self.votes.get(value, 0), sum(self.votes.values()))


def sums(facts: Facts) -> list[Sums]:
    """Return the figures of each issue, in their order.

    Clicks of an issue without a single one are counted as 0 only where an issue before it has some: nothing says
    that they were counted at all. Raw clicks, of machines or people, say it too.
    """
    found: list[Sums] = []
    for issue in facts.issues:
        before = any(one.clicks for one in found)
        found.append(_sums(facts, issue, before=before))
    return found


def counting(one: Sums) -> Mapping[str, bool]:
    """Return what was counted of an issue, for machines."""
    return {
        "outcomes": one.outcomes is not None,
        "human_clicks": one.clicks is not None,
        "machine_clicks": one.machine_clicks is not None,
    }


def _sums(facts: Facts, issue: Sent, *, before: bool) -> Sums:
    states, outcomes = _ledger(facts, issue.number)
    placements = [one for one in facts.placements if one.issue == issue.number]
    clicks = sum(one.clicks for one in placements)
    came = [one for one in facts.clicked if one.issue == issue.number]
    machine = sum(one.clicks for one in came if one.state == "machine")
    return Sums(
        issue=issue,
        states=states,
        outcomes=outcomes,
        placed=bool(placements),
        clicks=clicks if placements and (clicks or came or before) else None,
        machine_clicks=machine if came else None,
        expected=sum(one.expected for one in placements),
        votes={one.value: one.count for one in facts.votes if one.issue == issue.number},
        left=sum(
            one.readers
            for one in facts.left
            if one.issue == issue.number and one.list_id in lists_of(facts, one.edition)
        ),
    )


def lists_of(facts: Facts, edition: int) -> Sequence[str]:
    """Return the lists of an edition: leaving a list that it does not hold is not its doing."""
    return facts.editions.get(edition, ())


def _ledger(facts: Facts, number: int) -> tuple[Mapping[str, int], Mapping[str, int] | None]:
    states: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for one in facts.deliveries:
        if one.issue == number:
            states[one.state] += one.deliveries
            if one.outcome is not None:
                outcomes[one.outcome] += one.deliveries
    told = {name: outcomes[name] for name in OUTCOMES} if outcomes else None
    return states, told
