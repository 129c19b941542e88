"""Unites articles into clusters from what is known of pairs. Pure, and the same whatever came first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

SPAN = timedelta(days=14)  # the texts alone never make a longer cluster: a story that runs on is news again


@dataclass(frozen=True, slots=True)
class Link:
    """Two articles that tell one story: by their texts, or because a person says so (``text`` None)."""

    first: UUID
    second: UUID
    text: float | None = None


def unite(
    articles: Mapping[UUID, datetime],
    *,
    given: Mapping[UUID, Iterable[str]],
    links: Iterable[Link],
    apart: Iterable[tuple[UUID, UUID]],
) -> dict[UUID, str | None]:
    """Return the cluster of each article, None for one that stands alone and was given none.

    ``articles``: when each was published. ``given``: the clusters that sources name for it. ``apart``: told so by
    a person; two such articles never meet in one cluster. Links are taken in the order of their strength: a
    person's, then the sources', then texts, the most alike first. A link that would bring together what is apart
    is left out, and so is one by text that would make a cluster longer than 14 days.
    """
    groups = _Groups(articles, apart)
    links = sorted(links, key=lambda link: (-(link.text or 0.0), link.first, link.second))
    for link in links:
        if link.text is None:
            groups.join(link.first, link.second)
    for mates in _by_name(given, articles).values():
        groups.gather(mates)
    for link in links:
        if link.text is not None:
            groups.join(link.first, link.second, span=SPAN)
    return _named(groups.members(), given)


@dataclass(slots=True)
class _Group:
    members: list[UUID]
    foes: set[UUID]
    first: datetime
    last: datetime


@dataclass(slots=True)
class _Groups:
    """Which articles stand together so far."""

    articles: Mapping[UUID, datetime]
    apart: Iterable[tuple[UUID, UUID]]
    _of: dict[UUID, _Group] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._of = {one: _Group([one], set(), at, at) for one, at in self.articles.items()}
        for one, other in self.apart:
            if one in self._of and other in self._of:
                self._of[one].foes.add(other)
                self._of[other].foes.add(one)

    def join(self, one: UUID, other: UUID, *, span: timedelta | None = None) -> bool:
        """Bring two articles' groups together, unless somebody of one is apart from somebody of the other."""
        if one not in self._of or other not in self._of:
            return False
        large, small = self._of[one], self._of[other]
        if large is small:
            return True
        if len(large.members) < len(small.members):
            large, small = small, large
        if not large.foes.isdisjoint(small.members):
            return False
        first, last = min(large.first, small.first), max(large.last, small.last)
        if span is not None and last - first > span:
            return False
        large.members += small.members
        large.foes |= small.foes
        large.first, large.last = first, last
        self._of.update(dict.fromkeys(small.members, large))
        return True

    def gather(self, mates: Iterable[UUID]) -> None:
        """Bring many together; who is apart from the first goes with the next that will have them."""
        heads: list[UUID] = []
        for one in mates:
            if not any(self.join(head, one) for head in heads):
                heads.append(one)

    def members(self) -> list[list[UUID]]:
        """Return the groups: the largest first, then the earliest; in each the earliest article first."""
        groups = {id(group): group for group in self._of.values()}.values()
        ordered = [sorted(group.members, key=self._age) for group in groups]
        return sorted(ordered, key=lambda members: (-len(members), self._age(members[0])))

    def _age(self, one: UUID) -> tuple[datetime, UUID]:
        return self.articles[one], one


def _by_name(given: Mapping[UUID, Iterable[str]], articles: Mapping[UUID, datetime]) -> dict[str, list[UUID]]:
    """Return the articles of each cluster that sources name, the earliest first."""
    named: dict[str, list[UUID]] = {}
    for one in sorted(articles, key=lambda one: (articles[one], one)):
        for name in given.get(one, ()):
            named.setdefault(name, []).append(one)
    return dict(sorted(named.items()))


def _named(groups: Iterable[list[UUID]], given: Mapping[UUID, Iterable[str]]) -> dict[UUID, str | None]:
    """Name each group: by the smallest name it was given that no larger one has, else by its earliest article."""
    found: dict[UUID, str | None] = {}
    taken: set[str] = set()
    for members in groups:
        name = next(_free(members, given, taken), None)
        if name is None and len(members) > 1:
            name = str(members[0])
        if name is not None:
            taken.add(name)
        found.update(dict.fromkeys(members, name))
    return found


def _free(members: Iterable[UUID], given: Mapping[UUID, Iterable[str]], taken: set[str]) -> Iterator[str]:
    names = {name for one in members for name in given.get(one, ())}
    yield from sorted(names - taken)
