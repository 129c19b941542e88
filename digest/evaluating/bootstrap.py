"""Means with 95 % intervals, and differences of means over the same units, by drawing the units again and again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from random import Random

DRAWS = 1_000
LOW, HIGH = 0.025, 0.975  # of a 95 % interval


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, or a difference of two, with its 95 % interval. ``units``: how many issues or groups of users told it."""

    value: float
    low: float
    high: float
    units: int

    @property
    def clear(self) -> bool:
        """Tell, of a difference, whether it is more than chance: the interval does not hold 0."""
        return self.low > 0 or self.high < 0


@dataclass(slots=True)
class _Column:
    """One measure of one method: sum and number of its values, by unit."""

    sums: dict[str, float]
    counts: dict[str, int]


class Tally:
    """Collects values by unit. A unit (an issue, a user) is drawn as a whole: its values hang together."""

    def __init__(self) -> None:
        self._columns: dict[tuple[str, str], _Column] = defaultdict(lambda: _Column({}, {}))

    def add(self, unit: str, method: str, measure: str, value: float | None) -> None:
        """Note one value; None is no value, and is passed over."""
        if value is not None:
            column = self._columns[method, measure]
            column.sums[unit] = column.sums.get(unit, 0.0) + value
            column.counts[unit] = column.counts.get(unit, 0) + 1

    def units(self, measure: str) -> int:
        """Return how many units say anything by this measure."""
        return len({unit for (_, name), column in self._columns.items() if name == measure for unit in column.sums})

    def drawn(self, *, seed: int, draws: int = DRAWS) -> "Drawn":
        """Draw the units ``draws`` times, for all methods and measures the same ones."""
        units = sorted({unit for column in self._columns.values() for unit in column.sums})
        dense = {name: _dense(column, units) for name, column in self._columns.items()}
        found: dict[tuple[str, str], list[float | None]] = {name: [] for name in dense}
        for weights in _weights(len(units), Random(seed), draws):  # noqa: S311 - the same draws each time are the point
            for name, (sums, counts) in dense.items():
                found[name].append(_mean(weights, sums, counts))
        ones = [1] * len(units)
        means = {name: _mean(ones, sums, counts) for name, (sums, counts) in dense.items()}
        return Drawn(means, found, {name: self.units(name[1]) for name in dense})


@dataclass(frozen=True)
class Drawn:
    """The means of all columns, and their means in each draw."""

    means: Mapping[tuple[str, str], float | None]
    draws: Mapping[tuple[str, str], Sequence[float | None]]
    units: Mapping[tuple[str, str], int]

    def estimate(self, method: str, measure: str) -> Estimate | None:
        """Return the mean of a method by a measure; None where nothing was measured."""
        name = (method, measure)
        value = self.means.get(name)
        if value is None:
            return None
        return _estimate(value, (one for one in self.draws[name] if one is not None), self.units[name])

    def difference(self, first: str, second: str, measure: str) -> Estimate | None:
        """Return how much better the first is than the second, both on the same units in each draw."""
        one, other = (first, measure), (second, measure)
        value, less = self.means.get(one), self.means.get(other)
        if value is None or less is None:
            return None
        pairs = zip(self.draws[one], self.draws[other], strict=True)
        apart = (mine - yours for mine, yours in pairs if mine is not None and yours is not None)
        return _estimate(value - less, apart, self.units[one])


def _estimate(value: float, draws: Iterable[float], units: int) -> Estimate:
    ordered = sorted(draws)
    low, high = (ordered[round(share * (len(ordered) - 1))] for share in (LOW, HIGH))
    return Estimate(value, low, high, units)


def _dense(column: _Column, units: Sequence[str]) -> tuple[list[float], list[int]]:
    return [column.sums.get(unit, 0.0) for unit in units], [column.counts.get(unit, 0) for unit in units]


def _weights(count: int, dice: Random, draws: int) -> Iterable[list[int]]:
    """Yield how often each unit was drawn: as many draws as units, with putting back."""
    everyone = range(count)
    for _ in range(draws):
        weights = [0] * count
        for number in dice.choices(everyone, k=count):
            weights[number] += 1
        yield weights


def _mean(weights: Sequence[int], sums: Sequence[float], counts: Sequence[int]) -> float | None:
    many = sum(map(mul, weights, counts))
    return sum(map(mul, weights, sums)) / many if many else None
