"""Measures of an order of stories against what they turned out to be worth. Pure arithmetic."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import log2

DEPTH = 10  # places that count: about what a reader of a section looks at
_DISCOUNTS = tuple(1 / log2(place + 1) for place in range(1, DEPTH + 1))


def ndcg(order: Sequence[str], gains: Mapping[str, float], depth: int = DEPTH) -> float | None:
    """Return the normalised discounted cumulative gain of the first ``depth`` places (Järvelin and Kekäläinen, 2002).

    Each story counts its gain (0 where it has none) over log2(place + 1); 1.0 is the best order there can be of all
    stories with a gain. None where no story has any: then no order is better than another.
    """
    best = _discounted(sorted(gains.values(), reverse=True), depth)
    return _discounted([gains.get(one, 0.0) for one in order[:depth]], depth) / best if best > 0 else None


def _discounted(gains: Iterable[float], depth: int) -> float:
    discounts = _DISCOUNTS if depth <= DEPTH else [1 / log2(place + 1) for place in range(1, depth + 1)]
    return sum(gain * discount for gain, discount in zip(gains, discounts[:depth], strict=False))


def reciprocal_rank(order: Sequence[str], wanted: Collection[str]) -> float | None:
    """Return 1 over the place of the first story that is wanted, 0 where the order has none; None if none is wanted."""
    if not wanted:
        return None
    return next((1 / place for place, one in enumerate(order, start=1) if one in wanted), 0.0)


def auc(order: Sequence[str], wanted: Collection[str]) -> float | None:
    """Return the share of pairs (wanted, not wanted) that stand the right way round; 0.5 is chance.

    It is the area under the ROC curve of an order without ties. None where there is no such pair.
    """
    above = pairs = 0
    for one in order:
        if one in wanted:
            above += 1
        else:
            pairs += above
    others = len(order) - above
    return pairs / (above * others) if above and others else None


def concordance(order: Sequence[str], gains: Mapping[str, float]) -> float | None:
    """Return the share of pairs of unequal gain that stand the right way round; 0.5 is chance.

    For gains of 0 and 1 it is ``auc``; this one takes any gains, and its time grows with the square of the stories.
    """
    worth = [gains.get(one, 0.0) for one in order]
    right = sum(above > below for number, above in enumerate(worth) for below in worth[number + 1 :])
    wrong = sum(above < below for number, above in enumerate(worth) for below in worth[number + 1 :])
    return right / (right + wrong) if right + wrong else None
