"""The mails in which the stories of a made week stood before, what was clicked in them, and by whom or what.

Readers do not follow place^-0.6: half of them skim and give up soon, the others go on for long. Where a story stands
says little of how good it is: desks have their places in a mail, and a badge helps a little. Some gateways open every
link of a mail, unevenly: they remember what they have looked at lately. The filter finds most of that, not all.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import exp, sqrt
from random import Random

from digest.articles.popularity import DEFAULT_RATE
from digest.evaluating.cases import Placement
from digest.evaluating.newsroom.drawing import DESKS, Secret

LISTS = 6  # other lists; each prints a story once
ON_LIST = 0.3  # of the stories are for a list
DAILY = 0.5  # of the lists are daily, the others come three times a week
DAYS_BEFORE, LESS_OFTEN = (6, 5, 4, 3, 2, 1, 0), (5, 3, 1)
HOUR = 7
READERS, SIZES = 4_000, 1.0  # of a list in the middle, and how far apart lists are
LINKS = (15, 40)  # in a mail, those of other regions included
TURNS, PUSH = 0.5, 1.0  # how loosely the desks keep their places; how many places of desks a badge is worth
MACHINES = (0.05, 0.60)  # share of machine clicks in a list's mails, see ranking.md 1.3
UNEVEN = 1.0  # how unevenly machines open the links
OPENED = 0.5  # interest that is left in a story when it is mailed, about
CAUGHT, LOST = 0.95, 0.03  # machine clicks that the filter finds; human ones that it takes for them
_NORMAL_FROM = 50.0


@dataclass(slots=True)
class Counted:
    """What was counted of one story in mails."""

    human: int = 0  # by the filter
    machine: int = 0  # by the filter
    placements: list[Placement] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _List:
    """One list: how many get its mails, how long they are, and what machines do to each link of one."""

    delivered: float
    links: int
    opened: float  # machine clicks of a link, on average


def mailed(secrets: Sequence[Secret], as_of: datetime, dice: Random) -> Mapping[str, Counted]:
    """Send the mails of a week before a cut-off; return what was counted, by story."""
    counted: dict[str, Counted] = defaultdict(Counted)
    for _ in range(LISTS):
        to = _list(dice)
        waiting = [one for one in secrets if dice.random() < ON_LIST]
        for at in _hours(as_of, dice):
            ready = [one for one in waiting if one.published_at <= at]
            waiting = [one for one in waiting if one.published_at > at]
            for place, one in _arranged(ready, to.links, dice):
                _click(one, counted[one.id], Placement(to.delivered * DEFAULT_RATE, place), at, to.opened, dice)
    return counted


def _list(dice: Random) -> _List:
    delivered = READERS * exp(dice.gauss(0.0, SIZES))
    links, share = dice.randint(*LINKS), dice.uniform(*MACHINES)
    human = delivered * DEFAULT_RATE * OPENED * sum(map(looked_at, range(1, links + 1)))
    return _List(delivered, links, human * share / (1 - share) / links)


def looked_at(place: int) -> float:
    """Return how many of the readers who see the top of a mail get down to a place."""
    return float(0.5 * 0.45 ** (place - 1) + 0.5 * 0.93 ** (place - 1))


def _hours(as_of: datetime, dice: Random) -> Iterator[datetime]:
    for days in DAYS_BEFORE if dice.random() < DAILY else LESS_OFTEN:
        at = as_of.replace(hour=HOUR) - timedelta(days=days)
        if at <= as_of:
            yield at


def _arranged(ready: Sequence[Secret], links: int, dice: Random) -> list[tuple[int, Secret]]:
    """Return the places of the stories among those of other regions."""
    keys: list[tuple[float, Secret | None]] = [
        (one.desk + dice.gauss(0.0, TURNS) - PUSH * one.badge, one) for one in ready
    ]
    keys += [(dice.uniform(0, DESKS) - PUSH * (dice.random() < ON_LIST), None) for _ in range(links - len(ready))]
    ordered = sorted(keys, key=lambda pair: pair[0])[:links]
    return [(place, one) for place, (_key, one) in enumerate(ordered, start=1) if one]


def _click(  # noqa: PLR0917 - all that a click hangs on
    one: Secret, counted: Counted, placed: Placement, at: datetime, opened: float, dice: Random
) -> None:
    wanted = placed.expected_on_top * looked_at(placed.place) * one.appeal * one.interest(at)
    human, machine = drawn(wanted, dice), drawn(opened * exp(dice.gauss(0.0, UNEVEN)), dice)
    caught, lost = round(machine * CAUGHT), round(human * LOST)
    counted.human += human - lost + machine - caught
    counted.machine += caught + lost
    counted.placements.append(placed)


def drawn(mean: float, dice: Random) -> int:
    """Draw how often something happens that happens so often on average (Poisson); where often, by the bell curve."""
    if mean > _NORMAL_FROM:
        return max(0, round(dice.gauss(mean, sqrt(mean))))
    limit, product, count = exp(-mean), dice.random(), 0
    while product > limit:
        product *= dice.random()
        count += 1
    return count
