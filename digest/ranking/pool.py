"""What is worked out once for all editions of an issue: merged candidates, points, filters, and who had what."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from digest.ranking.candidate import Candidate, LeftOut, Points, Reason, SectionOrder
from digest.ranking.eligibility import belongs, had_it, reason_against, reason_but_exclusion, unfit
from digest.ranking.formula import ANYWHERE, Formula, points, reading_points
from digest.ranking.merging import latest, unite

FILTERS = {reason: number for number, reason in enumerate(Reason)}
"""The place of each reason among the filters."""

Rank = tuple[float, bool, float, str, str]
"""What rule 7 compares, smaller first: points, badge, newer, canonical URL (the id where there is none), id."""


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """A candidate with its points in one region, and its rank before any loss for likeness."""

    candidate: Candidate
    points: Points
    rank: Rank

    @property
    def id(self) -> str:
        """Return the candidate's id."""
        return self.candidate.id


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The pool as one section sees it, before asking who had what. ``order`` names ids as they are after merging."""

    order: SectionOrder
    entries: tuple[Weighed, ...]  # not barred, by rule 7
    barred: Mapping[str, Reason]
    tiers: tuple[Mapping[str, Reason], ...]  # ``barred`` again, from the least telling reason to the most
    counted: Mapping[str, frozenset[str]]  # id -> topics: entries, and what only an editor's exclusion keeps out
    topics: Mapping[str, int]  # how many of ``counted`` have this topic

    def reason(self, candidate: Candidate, had: frozenset[str]) -> Reason | None:
        """Return why the candidate cannot stand here, None if it may; ``had``: ids its readers were sent."""
        reason = self.barred.get(candidate.id)
        return Reason.already_sent if reason in {None, Reason.stale} and candidate.id in had else reason

    def eligible(self, had: frozenset[str]) -> list[Weighed]:
        """Return who may stand in this section of readers who were sent ``had``, by rule 7."""
        return [entry for entry in self.entries if entry.candidate.id not in had] if had else list(self.entries)

    def common_topics(self, had: frozenset[str], formula: Formula) -> frozenset[str]:
        """Return the topics that the cap does not count: those on over a third of 8 or more eligible candidates.

        What an editor excluded is counted all the same, so that taking out one story never changes a cap for others.
        """
        gone = [self.counted[one] for one in had if one in self.counted]
        eligible = len(self.counted) - len(gone)
        if eligible < formula.common_from:
            return frozenset()
        less = Counter(topic for topics in gone for topic in topics)
        limit = eligible * formula.common_share
        return frozenset(topic for topic, count in self.topics.items() if count - less[topic] > limit)


class Pool:
    """The candidates of one issue. Make one, and hand it to every ``rank_edition`` of that issue."""

    def __init__(self, candidates: Iterable[Candidate], as_of: datetime, formula: Formula) -> None:
        merged, self.aliases = unite(candidates)
        self.as_of = as_of
        self.formula = formula
        self.candidates = {candidate.id: candidate for candidate in merged}
        self.unfit = {c.id: reason for c in merged if (reason := unfit(c, as_of, formula))}
        self._weighed: dict[tuple[str, str], Weighed] = {}
        self._views: dict[object, View] = {}
        self._sent: dict[str, frozenset[str]] = {}
        self._left_out: dict[tuple[str, Reason], LeftOut] = {}
        self._most_read: list[Candidate] | None = None
        self._clusters: dict[str, list[Candidate]] = defaultdict(list)
        for candidate in merged:
            if candidate.cluster:
                self._clusters[candidate.cluster].append(candidate)
        known = [c for c in merged if c.sent or c.cluster]
        self._ever_sent = {c.id: latest(mate.sent for mate in self._mates(c)) for c in known}

    def weigh(self, candidate: Candidate, region: str) -> Weighed:
        """Return the candidate with its points in the region, worked out once."""
        key = (candidate.id, region)
        if key not in self._weighed:
            worth = points(candidate, region, self.as_of, self.formula)
            self._weighed[key] = Weighed(candidate, worth, rank_of(candidate, worth.total))
        return self._weighed[key]

    def view(self, order: SectionOrder) -> View:
        """Return the pool as this section sees it, worked out once for equal orders."""
        key = (
            *(order.list_id, order.region, order.language, order.languages, order.general, order.stories, order.briefs),
            *(order.excluded, order.moved_in, frozenset(order.pins.items()), order.lenders),
        )
        if key not in self._views:
            self._views[key] = self._see(self._resolved(order))
        return self._views[key]

    def _see(self, order: SectionOrder) -> View:
        barred = dict(self.unfit)
        entries, counted = [], {}
        tiers: tuple[dict[str, Reason], ...] = tuple({} for _ in range(2 * len(FILTERS)))
        region = ANYWHERE if order.general else order.region
        for candidate in self.candidates.values():
            if candidate.id in barred:
                continue
            reason = reason_against(candidate, order, self.as_of, self.formula)
            if reason:
                barred[candidate.id] = reason
                near = len(FILTERS) if belongs(candidate, order) else 0
                tiers[near + FILTERS[reason]][candidate.id] = reason
            else:
                entries.append(self.weigh(candidate, region))
            if not reason or (reason is Reason.excluded and not self._but_exclusion(candidate, order)):
                counted[candidate.id] = candidate.topics
        entries.sort(key=lambda entry: entry.rank)
        topics = Counter(topic for topics in counted.values() for topic in topics)
        return View(order, tuple(entries), barred, tiers, counted, topics)

    def _but_exclusion(self, candidate: Candidate, order: SectionOrder) -> Reason | None:
        return reason_but_exclusion(candidate, order, self.as_of, self.formula)

    def _resolved(self, order: SectionOrder) -> SectionOrder:
        """Return the order with every id replaced by the one that stands for it after merging."""
        if not self.aliases:
            return order
        pins: dict[str, int] = {}
        for one, place in order.pins.items():
            pins[self.alias(one)] = min(place, pins.get(self.alias(one), place))
        excluded = frozenset(map(self.alias, order.excluded))
        return replace(order, pins=pins, excluded=excluded, moved_in=frozenset(map(self.alias, order.moved_in)))

    def alias(self, one: str) -> str:
        """Return the id that stands for this one after merging."""
        return self.aliases.get(one, one)

    def had(self, set_key: str, without: frozenset[str] = frozenset()) -> frozenset[str]:
        """Return the ids that readers of this set must not get again.

        ``without`` names ids or clusters that some of them had. A cluster is one story: who had one of it had it all.
        """
        if set_key not in self._sent:
            self._sent[set_key] = frozenset(self._sent_to(set_key))
        return self._sent[set_key] | frozenset(self.whole(without)) if without else self._sent[set_key]

    def _sent_to(self, set_key: str) -> Iterator[str]:
        for one, sent in self._ever_sent.items():
            if set_key in sent and had_it(self.candidates[one], sent[set_key], self.as_of, self.formula):
                yield one

    def sent(self, candidate: Candidate, set_key: str) -> bool:
        """Tell whether the set was ever sent this story, itself or another of its cluster."""
        return set_key in self._ever_sent.get(candidate.id, ())

    def shown_popular(self, candidate: Candidate, set_key: str) -> bool:
        """Tell whether this set saw the story, itself or another of its cluster, in a Popular block."""
        return any(set_key in mate.shown_popular for mate in self._mates(candidate))

    def _mates(self, candidate: Candidate) -> list[Candidate]:
        return self._clusters[candidate.cluster] if candidate.cluster else [candidate]

    def most_read(self) -> list[Candidate]:
        """Return what is read enough and young enough for anyone's Popular block: reading points, newer, id."""
        if self._most_read is None:
            found = [c for c in self.candidates.values() if c.id not in self.unfit and self._popular(c)]
            found.sort(key=lambda c: (-reading_points(c, self.formula), -c.published_at.timestamp(), c.id))
            self._most_read = found
        return self._most_read

    def _popular(self, candidate: Candidate) -> bool:
        if candidate.excluded or candidate.published_at < self.as_of - timedelta(days=self.formula.popular_days):
            return False
        return candidate.popular_rank is not None or candidate.clicks >= self.formula.popular_clicks

    def whole(self, without: frozenset[str]) -> Iterator[str]:
        """Yield the ids of all candidates that are one of these ids, or in the cluster of one, or in such a cluster."""
        for one in without:
            candidate = self.candidates.get(self.alias(one))
            cluster = candidate.cluster if candidate else one
            if candidate:
                yield candidate.id
            if cluster in self._clusters:
                yield from (mate.id for mate in self._clusters[cluster])

    def left_out(self, one: str, reason: Reason) -> LeftOut:
        """Return the answer for a candidate that was never weighed; the same object each time."""
        key = (one, reason)
        if key not in self._left_out:
            self._left_out[key] = LeftOut(one, reason)
        return self._left_out[key]


def rank_of(candidate: Candidate, score: float) -> Rank:
    """Return what rule 7 compares, for a candidate with this score."""
    newer = -candidate.published_at.timestamp()
    return (-score, not candidate.editors_choice, newer, candidate.url or candidate.id, candidate.id)
