"""Shares and ratios with their 95 % intervals, and when there is too little to say one. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from digest.ranking.formula import WEEKLY

Z: Final = 1.959964  # of the normal distribution, for 95 %
LEAST_TRIES: Final = 30  # a share of fewer is not worth a sentence
LEAST_EXPECTED: Final = 5.0  # clicks: below that, one more or less would change the picture
PRIOR: Final = WEEKLY.prior  # as the formula has it: few clicks say little


@dataclass(frozen=True, slots=True)
class Rate:
    """A share: ``hits`` of ``of``, with its interval (Wilson, 95 %)."""

    hits: int
    of: int
    value: float
    low: float
    high: float

    @property
    def few(self) -> bool:
        """Whether there is too little to say it."""
        return self.of < LEAST_TRIES

    def as_json(self) -> Mapping[str, Any]:
        """Return it as plain data."""
        return _rounded(self.value, self.low, self.high) | {"hits": self.hits, "of": self.of, "few": self.few}


@dataclass(frozen=True, slots=True)
class Times:
    """Clicks over the clicks expected (COEC), both raised by the formula's prior; with its interval (Poisson, 95 %)."""

    clicks: int
    expected: float
    value: float
    low: float
    high: float

    @property
    def few(self) -> bool:
        """Whether there is too little to say it."""
        return self.expected < LEAST_EXPECTED

    def as_json(self) -> Mapping[str, Any]:
        """Return it as plain data."""
        more = {"clicks": self.clicks, "expected": round(self.expected, 3), "few": self.few}
        return _rounded(self.value, self.low, self.high) | more


def rate(hits: int | None, of: int) -> Rate | None:
    """Return a share with Wilson's 95 % interval; None where nothing was counted, or there was nothing to count."""
    if hits is None or of <= 0:
        return None
    share = min(1.0, hits / of)
    middle = share + Z * Z / (2 * of)
    spread = Z * sqrt(share * (1 - share) / of + Z * Z / (4 * of * of))
    whole = 1 + Z * Z / of
    low = 0.0 if hits == 0 else max(0.0, (middle - spread) / whole)
    high = 1.0 if hits >= of else min(1.0, (middle + spread) / whole)
    return Rate(hits, of, share, low, high)


def times(clicks: int | None, expected: float) -> Times | None:
    """Return COEC, (c + k) / (x + k), with Byar's 95 % interval for c; None where nothing was counted or expected."""
    if clicks is None or expected <= 0:
        return None
    low, high = _byar(clicks)
    whole = expected + PRIOR
    return Times(clicks, expected, (clicks + PRIOR) / whole, (low + PRIOR) / whole, (high + PRIOR) / whole)


def _byar(count: int) -> tuple[float, float]:
    """Return the interval of a Poisson count (Breslow and Day 1987, eq. 2.10), within 1 % of the exact one."""
    above = count + 1
    high = above * (1 - 1 / (9 * above) + Z / (3 * sqrt(above))) ** 3
    low = count * (1 - 1 / (9 * count) - Z / (3 * sqrt(count))) ** 3 if count else 0.0
    return low, high


def _rounded(value: float, low: float, high: float) -> dict[str, Any]:
    return {"value": round(value, 6), "low": round(low, 6), "high": round(high, 6)}
