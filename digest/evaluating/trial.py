"""Tries methods on cases, and measures how well each puts the stories in order."""

from collections.abc import Callable, Iterable, Sequence

from digest.evaluating.bootstrap import Tally
from digest.evaluating.cases import Case
from digest.evaluating.methods import Method
from digest.evaluating.metrics import DEPTH, concordance, ndcg

AS_SENT = "as it was sent"
NDCG = f"nDCG@{DEPTH}"
PAIRS = "pairs"


def tried(
    cases: Iterable[Case],
    methods: Sequence[Method],
    *,
    pairs: bool = False,
    tell: Callable[[int], None] = lambda _done: None,
) -> Tally:
    """Put the stories of every case in order by every method; return the measures by unit.

    Measures are named after what the stories are worth to whom: ``nDCG@10 reader``. ``pairs``: the share of pairs in
    the right order, too, which says more where a section has few stories. ``tell`` hears of each case done.
    """
    tally = Tally()
    for case in cases:
        for method in methods:
            candidates = case.candidates(method.formula, method.without)
            order = method.order(candidates, case.region, case.as_of, method.formula)
            _measure(tally, case, method.name, order, pairs=pairs)
        if case.as_sent:
            _measure(tally, case, AS_SENT, case.as_sent, pairs=pairs)
        tell(1)
    return tally


def _measure(tally: Tally, case: Case, name: str, order: Sequence[str], *, pairs: bool) -> None:
    for whose, gains in case.gains.items():
        tally.add(case.unit, name, f"{NDCG} {whose}", ndcg(order, gains))
        if pairs:
            tally.add(case.unit, name, f"{PAIRS} {whose}", concordance(order, gains))
