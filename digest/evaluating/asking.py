"""From what a person asks (settings, comparisons) to the methods that are tried, and whom to compare with whom."""

from collections.abc import Sequence
from dataclasses import dataclass

from digest.evaluating.bootstrap import DRAWS
from digest.evaluating.cases import Without
from digest.evaluating.methods import Method, Order, baselines, by_section
from digest.evaluating.settings import AS_IT_IS, changed
from digest.ranking.formula import Formula

SEED = 7


@dataclass(frozen=True, slots=True)
class Asked:
    """The methods in the order of the table, ours first, and the pairs to compare."""

    methods: Sequence[Method]
    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person wants to know besides how ours does against the plain orders."""

    settings: Sequence[str] = ()  # further rows: ours with other numbers
    compare: tuple[str, str] | None = None  # two settings to set against each other; "now" is the formula as it is
    seed: int = SEED  # of the made newsroom and of the bootstrap
    draws: int = DRAWS

    def asked(
        self, formula: Formula, *, without: Sequence[Without] = (), order: Order = by_section, badges: bool = True
    ) -> Asked:
        """Return what to try. Without ``compare``, ours is set against all others.

        ``without``: the parts of the method that can be taken away. ``badges``: whether stories have any. Raises
        BadInput for a setting that cannot be.
        """
        base = _ours(formula, AS_IT_IS, order)
        variants = [_ours(formula, text, order) for text in (*self.settings, *(self.compare or ()))]
        parts = [Method(f"{base.name}, {one}", order, formula, one) for one in without]
        methods = {one.name: one for one in (base, *variants, *parts, *baselines(formula, badges=badges))}
        if self.compare:
            first, second = (_ours(formula, text, order).name for text in self.compare)
            return Asked(list(methods.values()), [(first, second)])
        return Asked(list(methods.values()), [(base.name, name) for name in methods if name != base.name])


def _ours(formula: Formula, setting: str, order: Order) -> Method:
    variant = changed(setting, formula)
    return Method(f"ours ({variant.version})", order, variant)
