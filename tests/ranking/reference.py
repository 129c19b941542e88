"""The ranking once more, as slow and plain as can be, straight from the rules: what the real one is compared with."""

import math
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from digest.ranking.candidate import Candidate, SectionOrder
from digest.ranking.formula import Formula

DAY = timedelta(days=1)
Pairs = list[tuple[Candidate, SectionOrder]]
Row = list[tuple[Candidate, float]]  # who stands, and what it lost
STRENGTH: dict[str | None, float] = {"tag": 1.0, "feed": 0.6, "mention": 0.3}
REASONS = ["unpublished", "retracted", "embargoed", "excluded", "language", "region", "already sent", "stale"]


def cent(number: float) -> float:
    """Round as rule 1 says."""
    return round(number + 1e-9, 2)


def hours_old(c: Candidate, now: datetime) -> float:
    """Count the hours since the first date or the substantive update."""
    return max(0, (now - (c.refreshed_at or c.published_at)).total_seconds() / 3600)


def reading(c: Candidate) -> float:
    """Work out rule 4."""
    if c.popular_rank:
        k, n = c.popular_rank
        return cent(30 * (1 - 0.5 * ((k - 1) / (n - 1) if n > 1 else 0)))
    x = (math.log2((c.clicks + 5) / (c.expected + 5)) + 2) / 4
    return cent(30 * max(0, min(1, x)))


def evidence(c: Candidate, region: str | None) -> float:
    """Find the strength of the evidence; region None: the strongest anywhere."""
    if region is None:
        return max([STRENGTH[e] for e in c.regions.values()] or [0])
    return STRENGTH.get(c.regions.get(region), 0)


def parts(c: Candidate, region: str | None, now: datetime, half_life: float) -> tuple[float, ...]:
    """Work out the four parts."""
    fresh = 4.0 if c.evergreen else 20 * 2 ** (-hours_old(c, now) / half_life)
    return (40.0 if c.editors_choice else 0.0, reading(c), cent(fresh), cent(10 * evidence(c, region)))


def weight(c: Candidate, region: str | None, now: datetime, half_life: float) -> float:
    """Work out the score before any loss."""
    return cent(sum(parts(c, region, now, half_life)))


class Reference:
    """The rules over one heap of candidates (all with addresses of their own: nothing to merge)."""

    def __init__(
        self,
        candidates: Iterable[Candidate],
        now: datetime,
        formula: Formula,
        set_key: str = "",
        without: Collection[str] = (),
    ) -> None:
        self.all = list(candidates)
        self.now, self.formula, self.set_key = now, formula, set_key
        self.remembered: dict[int, set[str]] = {}  # asked for at every step; the only thing remembered
        self.had = [c for c in self.all if self.has_had(c, without)]

    def mates(self, c: Candidate) -> list[Candidate]:
        """Find the candidates that tell the same story, itself among them."""
        return [m for m in self.all if m is c or (c.cluster and m.cluster == c.cluster)]

    def has_had(self, c: Candidate, without: Collection[str]) -> bool:
        """Tell: sent to this set within a year, itself or a mate, and not updated since; or named as had by some."""
        if any(m.id in without or m.cluster in without for m in self.mates(c)):
            return True
        times = [m.sent[self.set_key] for m in self.mates(c) if self.set_key in m.sent]
        if not times or self.now - max(times) > 365 * DAY:
            return False
        return not (c.refreshed_at and c.refreshed_at > max(times))

    def faults(self, c: Candidate, o: SectionOrder) -> dict[str, bool]:
        """Try every filter against a candidate in a section."""
        age = hours_old(c, self.now) / 24
        limit = (self.formula.window_hours + self.formula.grace_hours) / 24
        if c.carried:
            limit = max(limit, 28)
        if c.evergreen:
            limit = 365
        return {
            "unpublished": c.status == "unpublished",
            "retracted": c.status == "retracted",
            "embargoed": c.status == "embargoed" or c.published_at - self.now > timedelta(minutes=5),
            "excluded": c.excluded or c.id in o.excluded,
            "language": c.language not in {o.language, *o.languages},
            "region": not (o.general or o.region in c.regions or c.id in o.moved_in),
            "already sent": c in self.had,
            "stale": age > limit and c.id not in o.pins,
        }

    def reason(self, c: Candidate, o: SectionOrder) -> str | None:
        """Find the first filter that holds, or None."""
        faults = self.faults(c, o)
        return next((r for r in REASONS if faults[r]), None)

    def key(self, c: Candidate, o: SectionOrder, loss: float = 0.0) -> tuple[float, int, float, str]:
        """Give what rule 7 compares."""
        score = cent(self.score(c, o) - loss)
        return (-score, 0 if c.editors_choice else 1, -c.published_at.timestamp(), c.url or c.id)

    def score(self, c: Candidate, o: SectionOrder) -> float:
        """Work out the score in a section."""
        return weight(c, None if o.general else o.region, self.now, self.formula.half_life_hours)

    def best_of_clusters(self, pairs: Pairs) -> dict[str, str]:
        """Do rule 6 over (candidate, order) pairs: id -> id of the one that stands for it."""
        out = {}
        for c, _ in pairs:
            mates = [(m, o) for m, o in pairs if m is c or (c.cluster and m.cluster == c.cluster)]
            best = min(mates, key=lambda p: (p[0].id not in p[1].pins, self.key(*p)))[0]
            if best is not c:
                out[c.id] = best.id
        return out

    def common(self, o: SectionOrder) -> set[str]:
        """Do ruling 3: topics on over a third of eight or more eligible (an exclusion by hand changes nothing here)."""
        if id(o) not in self.remembered:
            good = [c for c in self.all if not any(on for r, on in self.faults(c, o).items() if r != "excluded")]
            topics = {t for c in good for t in c.topics} if len(good) >= 8 else set()
            self.remembered[id(o)] = {t for t in topics if 3 * sum(t in c.topics for c in good) > len(good)}
        return self.remembered[id(o)]

    def loss(self, c: Candidate, above: Row) -> float:
        """Take 25 points for a twin, less for a likeness, to any story above."""
        alike = [len(c.topics & a.topics) / len(c.topics | a.topics) for a, _ in above if c.topics & a.topics]
        return cent(25 * max(alike, default=0.0))

    def capped(self, c: Candidate, o: SectionOrder, counted: list[Candidate]) -> bool:
        """Tell whether a cap forbids it beside those counted."""
        topics = c.topics - self.common(o)
        full = [sum(t in a.topics for a in counted) >= self.formula.topic_cap for t in topics]
        full += [sum(w in a.authors for a in counted) >= self.formula.author_cap for w in c.authors]
        if o.general:
            own = {a.id: a.own_regions or set(a.regions) - {o.region} for a in [*counted, c]}
            full += [sum(r in own[a.id] for a in counted) >= 2 for r in own[c.id]]
        return any(full)

    def fill(self, o: SectionOrder, group: list[Candidate], placed: Row, size: int) -> None:
        """Do rule 8. ``placed`` is a list of (candidate, loss) and grows."""
        pins = sorted((c for c in group if c.id in o.pins), key=lambda c: (o.pins[c.id], c.id))
        free = [c for c in group if c not in pins and not c.evergreen]
        green = [c for c in group if c not in pins and c.evergreen]
        while len(placed) + len(pins) < size:
            if pins and o.pins[pins[0].id] <= len(placed) + 1:
                placed.append((pins.pop(0), 0.0))
                continue
            counted = [c for c, _ in placed] + pins
            choice = [c for c in free if not self.capped(c, o, counted)]
            if not choice and len(counted) < 2:
                choice = free
            if not choice:
                break
            self.take(o, choice, placed)
            free.remove(placed[-1][0])
        placed.extend((c, 0.0) for c in pins)
        while len(placed) < min(2, o.stories + o.briefs) and green and not any(c.evergreen for c, _ in placed):
            self.take(o, green, placed)

    def take(self, o: SectionOrder, choice: list[Candidate], placed: Row) -> None:
        """Place the best of the choice after its loss."""
        best = min(choice, key=lambda c: self.key(c, o, self.loss(c, placed)))
        placed.append((best, self.loss(best, placed)))

    def section(self, o: SectionOrder) -> tuple[list[tuple[str, float, float]], dict[str, str | None]]:
        """Do one section by itself: [(id, score, loss)] and id -> reason."""
        why: dict[str, str | None] = {c.id: self.reason(c, o) for c in self.all}
        good = [c for c in self.all if not why[c.id]]
        twins = self.best_of_clusters([(c, o) for c in good])
        placed: Row = []
        self.fill(o, [c for c in good if c.id not in twins], placed, o.stories + o.briefs)
        stand = {c.id for c, _ in placed}
        for c in good:
            why[c.id] = self.fallen(c, twins)
        return (
            [(c.id, self.score(c, o), loss) for c, loss in placed],
            {one: reason for one, reason in why.items() if one not in stand},
        )

    def fallen(self, c: Candidate, twins: dict[str, str]) -> str:
        """Tell why a good one has no place."""
        if c.id in twins:
            last = twins[c.id]
            while last in twins:
                last = twins[last]
            return f"duplicate of {last}"
        return "evergreen: section is full enough" if c.evergreen else "cap or space"
