"""Who gets what now: the ordered set of confirmed lists of each subscriber, and the questions sending asks.

A subscriber has one ``audience_id`` per family. It is changed in the same transaction as any subscription, so that
freezing an issue for a million readers is one INSERT..SELECT.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlmodel import Session

from subscribers.bulk import among, chunks, insert_new, is_sqlite
from subscribers.listing import LIST
from subscribers.models import (
    Audience,
    Subscriber,
    SubscriberAudience,
    Subscription,
    SubscriptionState,
    Suppression,
    table,
)

PERSON, SUBSCRIPTION, SUPPRESSION = table(Subscriber), table(Subscription), table(Suppression)
AUDIENCE, MEMBER = table(Audience), table(SubscriberAudience)
_MIXER, _PRIME = (
    1_103_515_245,
    2_147_483_647,
)  # a multiplication by it, and the rest: ids in an order that has nothing to do with their age

_Key = tuple[int, str]  # subscriber, family
Moment = datetime | ColumnElement[datetime]


@dataclass(frozen=True, slots=True)
class AudienceSet:
    """The readers of one ordered set of lists of a family, and how many there are now."""

    audience_id: int
    family: str
    lists: tuple[str, ...]
    language: str  # of its first list
    readers: int


def lock(session: Session, subscriber_ids: Collection[int]) -> None:
    """Make other transactions that change these subscribers wait (PostgreSQL; SQLite has one writer anyway).

    Without it two changes at once would each work out the audience without the other's change.
    """
    if is_sqlite(session):
        return
    for ids in chunks(sorted(subscriber_ids)):
        rows = select(PERSON.c.id).where(among(PERSON.c.id, ids)).order_by(PERSON.c.id)
        session.execute(rows.with_for_update(key_share=True)).all()


def refresh_audience(session: Session, subscriber_ids: Collection[int], families: Collection[str]) -> None:
    """Work out anew the audiences of these subscribers in these families; call it after every change.

    The newsroom's order holds, unless the reader has an own one. Takes a few microseconds a subscriber.
    """
    for ids in chunks(sorted(subscriber_ids)):
        wanted = _confirmed_lists(session, ids, families)
        numbers = _audience_numbers(session, {(family, lists) for (_, family), lists in wanted.items()})
        new = {key: numbers[key[1], lists] for key, lists in wanted.items()}
        old = _members(session, ids, families)
        _write_members(session, old, new)


def begin_audience(session: Session, chosen: Mapping[int, Collection[str]], families: Collection[str]) -> None:
    """Write the audiences of people who were put in just now, in this transaction, with these confirmed lists.

    As ``refresh_audience``, but for asking what is known: a quarter of the time of an import.
    """
    order = _Order(session, families)
    wanted = {
        (number, family): lists
        for number, some in chosen.items()
        for family, lists in order.of(frozenset((list_id, 0) for list_id in some))
    }
    numbers = _audience_numbers(session, {(family, lists) for (_, family), lists in wanted.items()})
    _write_members(session, {}, {key: numbers[key[1], lists] for key, lists in wanted.items()})


def audience_sets(session: Session, family: str, now: datetime) -> list[AudienceSet]:
    """Return the sets of lists that a family's readers have now, the one with most readers first."""
    readers = recipients(family, now).subquery()
    counted = (
        select(AUDIENCE.c.id, AUDIENCE.c.lists, func.count().label("readers"))
        .join(readers, readers.c.audience_id == AUDIENCE.c.id)
        .group_by(AUDIENCE.c.id, AUDIENCE.c.lists)
        .order_by(func.count().desc(), AUDIENCE.c.lists)
    )
    languages: dict[str, str] = dict(session.execute(select(LIST.c.id, LIST.c.language)).all())
    return [
        AudienceSet(number, family, tuple(lists.split()), languages[lists.split()[0]], count)
        for number, lists, count in session.execute(counted)
    ]


def audience_numbers(
    session: Session, family: str, wanted: Collection[tuple[str, ...]], *, make: bool = False
) -> dict[tuple[str, ...], int]:
    """Return the numbers of these ordered sets of lists of a family; ``make``: those that nobody ever had, too.

    For mail that leaves out a part of what a reader has: the set of what is left may be one that no reader has.
    """
    named = {(family, " ".join(lists)): lists for lists in wanted}
    found = _audience_numbers(session, set(named)) if make else _known_audiences(session, named)
    return {named[key]: number for key, number in found.items()}


def recipients(family: str, now: datetime) -> Select[Any]:
    """Return a select of (subscriber_id, audience_id): who would get the family's mail at that instant."""
    return (
        select(MEMBER.c.subscriber_id, MEMBER.c.audience_id)
        .join(PERSON, PERSON.c.id == MEMBER.c.subscriber_id)
        .where(MEMBER.c.family == family, PERSON.c.erased_at.is_(None), ~_paused(now), ~_suppressed())
    )


def reader_zones() -> Select[Any]:
    """Return a select of (subscriber_id, zone): everybody's time zone; "" where they have not said."""
    return select(PERSON.c.id.label("subscriber_id"), PERSON.c.zone)


def readers_by_zone(session: Session, family: str, now: datetime) -> dict[str, int]:
    """Return how many readers of a family there are in each zone that they named; "" are those who have not."""
    readers, zones = recipients(family, now).subquery(), reader_zones().subquery()
    query = select(zones.c.zone, func.count()).join(readers, readers.c.subscriber_id == zones.c.subscriber_id)
    return dict(session.execute(query.group_by(zones.c.zone)).all())


def spread_by_domain(session: Session, who: Select[Any], most: int) -> Select[Any]:
    """Return a select of the ids of some of these people, as many of each mail domain as is its share of all.

    ``who``: a select of subscriber_id. Within a domain the choice is mixed: not the oldest, and the same each time.
    """
    asked = who.subquery()
    find = func.instr if is_sqlite(session) else func.strpos
    domain = func.substr(PERSON.c.address, find(PERSON.c.address, "@") + 1)
    mixed = cast(PERSON.c.id, BigInteger) * _MIXER % _PRIME
    within = func.row_number().over(partition_by=domain, order_by=(mixed, PERSON.c.id))
    size = func.count().over(partition_by=domain)
    place = ((within * 2 - 1) * literal(1.0) / size).label("place")
    ranked = select(PERSON.c.id, place, mixed.label("mixed")).where(PERSON.c.id.in_(select(asked.c.subscriber_id)))
    found = ranked.subquery()
    return select(found.c.id).order_by(found.c.place, found.c.mixed, found.c.id).limit(most)


def still_wanted(ids: Sequence[int] | Select[Any], lists: Sequence[str], now: Moment) -> Select[Any]:
    """Return a select that says of each subscriber whether an edition of these lists may still go to them.

    Columns: subscriber_id, ref, address, name, agreed, standing. ``ref``: as the database has it, for ``packed_refs``;
    a million UUID objects take a second. ``agreed``: to their own clicks being counted (true or 1). ``standing``:
    "suppressed" (the address must not be mailed), "withdrawn" (erased, paused, or none of the lists is confirmed any
    more), else "wanted".
    ``ids``: numbers, or a select of them. ``now``: an instant, or a parameter that is given one.
    """
    confirmed = exists().where(
        SUBSCRIPTION.c.subscriber_id == PERSON.c.id,
        SUBSCRIPTION.c.list_id.in_(lists),
        SUBSCRIPTION.c.state == SubscriptionState.confirmed,
    )
    standing = case(
        (_suppressed(), "suppressed"),
        (or_(PERSON.c.erased_at.is_not(None), _paused(now), ~confirmed), "withdrawn"),
        else_="wanted",
    )
    return select(
        PERSON.c.id.label("subscriber_id"),
        type_coerce(PERSON.c.ref, String).label("ref"),
        PERSON.c.address,
        PERSON.c.name,
        type_coerce(PERSON.c.clicks_agreed_at.is_not(None), Integer).label("agreed"),
        standing.label("standing"),
    ).where(PERSON.c.id.in_(ids))


def packed_refs(refs: Sequence[UUID | str]) -> list[bytes]:
    """Return the 16 bytes of each ref that ``still_wanted`` found: a UUID, or its 32 hex digits."""
    return [bytes.fromhex(one) if isinstance(one, str) else one.bytes for one in refs]


def _suppressed() -> ColumnElement[bool]:
    return exists().where(SUPPRESSION.c.address_key == PERSON.c.address_key)


def _paused(now: Moment) -> ColumnElement[bool]:
    return and_(PERSON.c.paused_until.is_not(None), PERSON.c.paused_until > now)


def _confirmed_lists(session: Session, ids: Sequence[int], families: Collection[str]) -> dict[_Key, str]:
    order = _Order(session, families)
    query = select(SUBSCRIPTION.c.subscriber_id, SUBSCRIPTION.c.list_id, SUBSCRIPTION.c.position).where(
        among(SUBSCRIPTION.c.subscriber_id, ids), SUBSCRIPTION.c.state == SubscriptionState.confirmed
    )
    rows = session.execute(query.order_by(SUBSCRIPTION.c.subscriber_id))
    return {
        (number, family): lists
        for number, group in groupby(rows, key=itemgetter(0))
        for family, lists in order.of(frozenset((list_id, own) for _, list_id, own in group))
    }


class _Order:
    """Puts lists into their order; remembers what it did, since a million readers share a few sets."""

    def __init__(self, session: Session, families: Collection[str]) -> None:
        known = select(LIST.c.id, LIST.c.family, LIST.c.position).where(LIST.c.family.in_(families))
        self._places = {list_id: (family, place) for list_id, family, place in session.execute(known)}
        self._done: dict[frozenset[tuple[str, int]], list[tuple[str, str]]] = {}

    def of(self, chosen: frozenset[tuple[str, int]]) -> list[tuple[str, str]]:
        """Return (family, its lists in order) of what a reader chose: pairs of list and own place (0: none)."""
        if chosen not in self._done:
            ranked = sorted(
                (self._places[one][0], own == 0, own, self._places[one][1], one)
                for one, own in chosen
                if one in self._places
            )
            by_family = groupby(ranked, key=itemgetter(0))
            self._done[chosen] = [(family, " ".join(row[4] for row in rows)) for family, rows in by_family]
        return self._done[chosen]


def _audience_numbers(session: Session, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return the numbers of these (family, lists); makes those that there are not yet."""
    found = _known_audiences(session, wanted)
    missing = sorted(wanted - found.keys())
    if missing:
        insert_new(session, AUDIENCE, ("family", "lists"), missing)
        found = _known_audiences(session, wanted)
    return found


def _known_audiences(session: Session, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for some in chunks(sorted(wanted)):
        query = select(AUDIENCE.c.family, AUDIENCE.c.lists, AUDIENCE.c.id)
        rows = session.execute(query.where(tuple_(AUDIENCE.c.family, AUDIENCE.c.lists).in_(some)))
        found.update({(family, lists): number for family, lists, number in rows})
    return found


def _members(session: Session, ids: Sequence[int], families: Collection[str]) -> dict[_Key, int]:
    query = select(MEMBER.c.subscriber_id, MEMBER.c.family, MEMBER.c.audience_id)
    rows = session.execute(query.where(among(MEMBER.c.subscriber_id, ids), MEMBER.c.family.in_(families)))
    return {(subscriber, family): number for subscriber, family, number in rows}


def _write_members(session: Session, old: dict[_Key, int], new: dict[_Key, int]) -> None:
    """Make the rows say ``new``, touching only what differs."""
    gone = [key for key, number in old.items() if new.get(key) != number]
    for some in chunks(gone):
        session.execute(delete(MEMBER).where(tuple_(MEMBER.c.subscriber_id, MEMBER.c.family).in_(some)))
    rows = [(*key, number) for key, number in new.items() if old.get(key) != number]
    insert_new(session, MEMBER, ("subscriber_id", "family", "audience_id"), rows)
