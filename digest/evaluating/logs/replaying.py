"""Ranks every impression of a log by what was known before it, and counts it afterwards: nothing knows the future."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from zlib import crc32

from digest.evaluating.bootstrap import Tally
from digest.evaluating.logs.impressions import Impression
from digest.evaluating.methods import Method
from digest.evaluating.metrics import auc, ndcg, reciprocal_rank
from digest.evaluating.trial import NDCG
from digest.ranking.candidate import Candidate, Evidence

KEPT = timedelta(days=28)  # reading counts so long, as in an issue
GROUPS = 1_000  # users are drawn by groups, so that memory does not grow with them
MEASURES = (NDCG, "MRR", "AUC")
REGION = "everywhere"
_EVIDENCE: Mapping[str, str] = {REGION: Evidence.tag}
_PAGE = 1_000


@dataclass(slots=True)
class _Day:
    """What was clicked and expected in one day of the log."""

    day: int
    clicks: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    expected: dict[str, float] = field(default_factory=lambda: defaultdict(float))


class Counts:
    """Clicks and expected clicks by article over the last 28 days, and when each was first seen.

    Places are not known, so each article of an impression is expected to get the same share of its clicks.
    """

    def __init__(self, published: Mapping[str, datetime]) -> None:
        self.clicks: dict[str, float] = defaultdict(float)
        self.expected: dict[str, float] = defaultdict(float)
        self._published = published
        self._seen: dict[str, datetime] = {}
        self._days: deque[_Day] = deque()

    def candidates(self, one: Impression) -> list[Candidate]:
        """Return the articles of an impression as they are known before it."""
        return [
            Candidate(
                id=article,
                published_at=min(self._published.get(article, one.at), self._seen.get(article, one.at)),
                clicks=self.clicks.get(article, 0.0),
                expected=self.expected.get(article, 0.0),
                regions=_EVIDENCE,
            )
            for article in dict.fromkeys(one.shown)
        ]

    def count(self, one: Impression) -> None:
        """Count an impression, and forget what is too old. To be called in the order of time."""
        today = self._today(one.at)
        each = len(one.clicked.intersection(one.shown)) / max(1, len(one.shown))
        for article in one.shown:
            self._seen.setdefault(article, one.at)
            for sums, more in ((self.expected, each), (self.clicks, float(article in one.clicked))):
                if more:
                    sums[article] += more
                    (today.expected if sums is self.expected else today.clicks)[article] += more

    def _today(self, at: datetime) -> _Day:
        day = at.toordinal()
        while self._days and self._days[0].day <= day - KEPT.days:
            old = self._days.popleft()
            _take(self.clicks, old.clicks)
            _take(self.expected, old.expected)
        if not self._days or self._days[-1].day != day:
            self._days.append(_Day(day))
        return self._days[-1]


def _take(sums: dict[str, float], old: Mapping[str, float]) -> None:
    """Take an old day off; what is left of nothing but rounding is nothing."""
    for article, many in old.items():
        sums[article] -= many
        if sums[article] < 1e-9:  # noqa: PLR2004 - less than any share of a click
            del sums[article]


def tried(
    impressions: Iterable[Impression],
    published: Mapping[str, datetime],
    methods: Sequence[Method],
    *,
    every: int = 1,
    tell: Callable[[int], None] = lambda _done: None,
) -> tuple[Tally, int]:
    """Rank impressions, given in the order of time; return the measures by group of users, and how many were ranked.

    All impressions count, but only each ``every``-th is ranked. Those of one instant are all ranked before any of
    them counts. ``tell`` hears of every thousand.
    """
    tally, counts, ranked, number = Tally(), Counts(published), 0, 0
    for _at, together in groupby(impressions, key=lambda one: one.at):
        same = list(together)
        for one in same:
            number += 1
            if number % every == 0 and _tells(one):
                ranked += 1
                _rank(tally, one, counts.candidates(one), methods)
            if number % _PAGE == 0:
                tell(_PAGE)
        for one in same:
            counts.count(one)
    return tally, ranked


def _tells(one: Impression) -> bool:
    """Tell whether an impression can be ranked well or badly: something was clicked, and something was not."""
    shown = set(one.shown)
    return bool(shown & one.clicked) and bool(shown - one.clicked)


def _rank(tally: Tally, one: Impression, candidates: Sequence[Candidate], methods: Sequence[Method]) -> None:
    unit = f"{crc32(one.user.encode()) % GROUPS:03}"
    wanted = one.clicked.intersection(one.shown)
    gains = dict.fromkeys(wanted, 1.0)
    for method in methods:
        order = method.order(candidates, REGION, one.at, method.formula)
        values = (ndcg(order, gains), reciprocal_rank(order, wanted), auc(order, wanted))
        for measure, value in zip(MEASURES, values, strict=True):
            tally.add(unit, method.name, measure, value)
