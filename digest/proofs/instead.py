"""Who gets a weekly instead of a part, or all, of that day's issue of its daily (regions.md 2.4, "Cadence clash").

A reader of both gets the regions that they have in both from the weekly alone. For them the daily has the lists that
are left: they are readers of that smaller set of lists for this issue; where no list is left they are no readers of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, null, or_, select
from sqlmodel import Session

from digest.database import Database
from digest.issues import companions, drafting
from digest.issues.companions import StandIn
from digest.issues.history import DELIVERY, GONE_OUT
from digest.issues.models import Issue
from subscribers import AudienceSet, audience_numbers, audience_sets, recipients
from subscribers import lists as lists_of

_UNKNOWN = 0  # the number of a set that is not made yet


@dataclass(frozen=True, slots=True)
class Group:
    """Readers with one set of lists of the daily, and one of each weekly (None: they do not get that one)."""

    audience: int
    beside: tuple[int | None, ...]  # audiences of the weeklies
    left: tuple[str, ...]  # the lists they still get from the daily
    weekly: str  # the first weekly they get
    readers: int
    number: int = _UNKNOWN  # of the audience with the lists that are left


@dataclass(frozen=True, slots=True)
class Instead:
    """The readers of a daily's issue for whom it is smaller, or is not."""

    weeklies: tuple[StandIn, ...] = ()
    groups: tuple[Group, ...] = ()
    named: Mapping[int, AudienceSet] = field(default_factory=dict)  # audience -> its set, as it is without weeklies

    @property
    def nothing_left(self) -> dict[str, int]:
        """Return weekly -> how many readers get it instead of the whole issue."""
        return self._counted(whole=True)

    @property
    def less(self) -> dict[str, int]:
        """Return weekly -> how many readers get it instead of some regions of the issue."""
        return self._counted(whole=False)

    def _counted(self, *, whole: bool) -> dict[str, int]:
        found: dict[str, int] = {}
        for group in self.groups:
            if whole != bool(group.left):
                found[group.weekly] = found.get(group.weekly, 0) + group.readers
        return found

    def readers(self, family: str, now: datetime) -> Select[Any]:
        """Return a select of (subscriber_id, audience_id), as ``subscribers.recipients``: who gets the issue."""
        if not self.groups:
            return recipients(family, now)
        mine, weeklies, source = _joined(family, self.weeklies, now)
        whens = [(_is(group, mine, weeklies), _audience(group)) for group in self.groups]
        audience = case(*whens, else_=mine.c.audience_id).label("audience_id")
        found = select(mine.c.subscriber_id, audience).select_from(source).subquery()
        return select(found.c.subscriber_id, found.c.audience_id).where(found.c.audience_id.is_not(None))

    def sets(self, session: Session, family: str, now: datetime) -> list[AudienceSet]:
        """Return the sets of lists that the issue is for, most readers first, as ``subscribers.audience_sets``."""
        if not self.groups:
            return audience_sets(session, family, now)
        found = {one.lists: one for one in self.named.values()}
        language = {one.id: one.language for one in lists_of(session, family)}
        for group in self.groups:
            old = found[self.named[group.audience].lists]
            found[old.lists] = replace(old, readers=old.readers - group.readers)
            if group.left:
                none_yet = AudienceSet(group.number, family, group.left, language[group.left[0]], 0)
                new = found.get(group.left, none_yet)
                found[group.left] = replace(new, readers=new.readers + group.readers)
        present = (one for one in found.values() if one.readers > 0)
        return sorted(present, key=lambda one: (-one.readers, one.lists))


NOBODY = Instead()


def look(session: Session, issue: Issue, now: datetime) -> Instead:
    """Find out for whom a weekly takes the place of this issue at an instant; nobody, unless it is a daily's."""
    weeklies = companions.standing_in(session, issue)
    if not weeklies:
        return NOBODY
    family = issue.publication_id
    named = {one.audience_id: one for one in audience_sets(session, family, now)}
    groups = _groups(session, family, weeklies, named, now)
    numbers = audience_numbers(session, family, {group.left for group in groups if group.left})
    known = tuple(replace(group, number=numbers.get(group.left, _UNKNOWN)) for group in groups)
    return Instead(weeklies, known, named)


def prepare(database: Database, issue_id: UUID, now: datetime) -> Instead:
    """Return what ``look`` does; the sets of what is left are made where no reader ever had one. Raises NotFound.

    So editions can be made for them.
    """
    with database.reading() as session:
        issue = drafting.find(session, issue_id)
        family, less = issue.publication_id, look(session, issue, now)
    missing = {group.left for group in less.groups if group.left and group.number == _UNKNOWN}
    if not missing:
        return less
    with database.writing() as session:
        made = audience_numbers(session, family, missing, make=True)
    groups = (replace(group, number=made.get(group.left, group.number)) for group in less.groups)
    return replace(less, groups=tuple(groups))


def _groups(
    session: Session,
    family: str,
    weeklies: Sequence[StandIn],
    named: Mapping[int, AudienceSet],
    now: datetime,
) -> list[Group]:
    """Return the readers of the daily and of a weekly, counted by what they have, if they share a region."""
    topics = {one.id: one.topic for name in (family, *_names(weeklies)) for one in lists_of(session, name)}
    beside = {
        one.audience_id: frozenset(topics[each] for each in one.lists)
        for name in _names(weeklies)
        for one in audience_sets(session, name, now)
    }
    found = []
    for audience, *others, readers in _counted(session, family, weeklies, now):
        if audience not in named or not all(one is None or one in beside for one in others):
            continue  # somebody changed their lists this very moment
        shared = frozenset().union(*(beside[one] for one in others if one is not None))
        left = tuple(one for one in named[audience].lists if topics[one] not in shared)
        first = next(i for i, one in enumerate(others) if one is not None)
        if left != named[audience].lists:
            found.append(Group(audience, tuple(others), left, weeklies[first].publication_id, readers))
    return found


def _counted(session: Session, family: str, weeklies: Sequence[StandIn], now: datetime) -> Sequence[Any]:
    mine, joined, source = _joined(family, weeklies, now)
    columns = [mine.c.audience_id, *(one.c.audience_id.label(f"weekly_{n}") for n, one in enumerate(joined))]
    some = or_(*(one.c.audience_id.is_not(None) for one in joined))
    query = select(*columns, func.count()).select_from(source).where(some)
    return session.execute(query.group_by(*columns).order_by(*columns)).all()


def _joined(family: str, weeklies: Sequence[StandIn], now: datetime) -> tuple[Any, list[Any], Any]:
    """Return the readers of a daily, those of each weekly, and the first joined to the others where they have them."""
    mine = recipients(family, now).subquery()
    joined = [_getting(one, now).subquery() for one in weeklies]
    source: Any = mine
    for one in joined:
        source = source.outerjoin(one, one.c.subscriber_id == mine.c.subscriber_id)
    return mine, joined, source


def _getting(weekly: StandIn, now: datetime) -> Select[Any]:
    """Return a select of who gets a weekly: its readers; once it is frozen, those its ledger holds."""
    readers = recipients(weekly.publication_id, now)
    if weekly.frozen is None:
        return readers
    found, row = readers.subquery(), DELIVERY.c
    got = select(row.subscriber_id).where(row.issue_number == weekly.frozen, row.state.in_(GONE_OUT))
    return select(found.c.subscriber_id, found.c.audience_id).where(found.c.subscriber_id.in_(got))


def _names(weeklies: Sequence[StandIn]) -> list[str]:
    return [one.publication_id for one in weeklies]


def _is(group: Group, mine: Any, weeklies: Sequence[Any]) -> ColumnElement[bool]:
    others = (
        one.c.audience_id.is_(None) if number is None else one.c.audience_id == number
        for one, number in zip(weeklies, group.beside, strict=True)
    )
    return and_(mine.c.audience_id == group.audience, *others)


def _audience(group: Group) -> ColumnElement[Any]:
    """Return the audience of a group; nothing where no list is left, its old one while the new one is not made."""
    if not group.left:
        return null()
    return literal(group.number or group.audience)
