"""What a chunk of imported people comes to, decided against what stands here: never against a reader's wish."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import Session

from subscribers.audience import PERSON, SUBSCRIPTION, lock
from subscribers.bulk import among, among_texts
from subscribers.consent import ACTIONS, CONSENT
from subscribers.csv_rows import Wish
from subscribers.models import SubscriptionState
from subscribers.suppression import STRENGTH, suppressed_among
from subscribers.systems import BANS, COMPLAINED, ENDED, UNCONFIRMED

CONFIRMED: Final = SubscriptionState.confirmed
Known = tuple[int, str, str]  # number, name, zone
Consent = tuple[str, datetime, str, str, str]  # action, at, source, wording, network


@dataclass(slots=True)
class Person:
    """The rows of one person, put together."""

    key: str
    address: str
    name: str
    language: str
    zone: str
    wishes: dict[str, Wish] = field(default_factory=dict)  # by list
    families: set[str] = field(default_factory=set)
    ban: Wish | None = None  # the row that says that the address must not be mailed

    def add(self, row: Wish) -> None:
        """Take a row in. What a person ended is ended, whatever other rows say."""
        self.name, self.zone = self.name or row.name, self.zone or row.zone
        if row.state in BANS:
            if self.ban is None or STRENGTH[row.state] > STRENGTH[self.ban.state]:
                self.ban = row
            return
        for data in row.lists:
            if row.state == ENDED:
                self.wishes[data.id] = row
            else:
                self.wishes.setdefault(data.id, row)
            self.families.add(data.family)


@dataclass(frozen=True, slots=True)
class Manner:
    """What holds for all rows of an import."""

    at: datetime
    source: str
    wording: str
    confirmed: bool  # as far as the rows prove it

    def decide(self, wish: Wish) -> tuple[SubscriptionState, Consent]:
        """Return the state a row asks for, and its consent record."""
        state, at, source = SubscriptionState.unconfirmed, self.at, self.source
        if wish.state == ENDED:
            state, at = SubscriptionState.ended, wish.left_at or at
        elif wish.state != UNCONFIRMED and self.confirmed and wish.consent_at is not None and wish.consent_source:
            state, at, source = CONFIRMED, wish.consent_at, f"{source} ({wish.consent_source})"
        return state, (ACTIONS[state], at, source, self.wording, wish.network)


@dataclass(slots=True)
class Plan:
    """What is to be written of a chunk, and what it counts for."""

    new: list[Person] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)  # address key -> number, of those known
    filled: list[dict[str, Any]] = field(default_factory=list)
    added: list[tuple[str, str, SubscriptionState, Consent]] = field(default_factory=list)  # key, list
    changed: list[tuple[str, str, SubscriptionState, Consent]] = field(default_factory=list)
    bans: list[tuple[str, str, datetime, str]] = field(default_factory=list)  # as suppress_keys takes them
    families: set[str] = field(default_factory=set)
    stay_off: set[str] = field(default_factory=set)  # address keys of those who ended what the file would give them
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def touched(self) -> set[str]:
        """Return the address keys of those whose lists change."""
        return {row[0] for row in self.added} | {row[0] for row in self.changed}


def plan(session: Session, people: Mapping[str, Person], manner: Manner, *, dry: bool = False) -> Plan:
    """Decide what a chunk comes to; unless ``dry``, hold the people it changes until the transaction ends."""
    made = Plan()
    banned = suppressed_among(session, list(people))
    known = known_people(session, people)
    if not dry:
        lock(session, sorted(number for number, _, _ in known.values()))
    newest = _newest_yes(session, people, known)
    suppressed = _plan_bans(made, people, banned, {key: newest.get(known[key][0]) for key in known}, manner)
    wanted = {key: people[key] for key in sorted(people) if key not in banned and people[key].ban is None}
    made.new = [person for key, person in wanted.items() if key not in known]
    made.numbers = {key: known[key][0] for key in wanted if key in known}
    made.families = {family for person in wanted.values() for family in person.families}
    made.filled = _filled(wanted, known)
    _plan_wishes(session, made, wanted, newest, manner)
    updated = len(made.touched.intersection(made.numbers) | {row["key"] for row in made.filled})
    made.counts = {
        "new": len(made.new),
        "updated": updated,
        "unchanged": len(made.numbers) - updated,
        "suppressed": suppressed,
        "banned": len(made.bans),
        "unconfirmed": len({row[0] for row in made.added if row[2] == SubscriptionState.unconfirmed}),
        "stay_off": len(made.stay_off),
        "ended": len({row[0] for row in (*made.added, *made.changed) if row[2] == SubscriptionState.ended}),
    }
    made.counts["unchanged"] += len(people) - sum(
        made.counts[name] for name in ("new", "updated", "unchanged", "suppressed", "banned")
    )  # bounced elsewhere before they said yes here
    return made


def known_people(session: Session, keys: Iterable[str]) -> dict[str, Known]:
    """Return address key -> (number, name, zone) of those who are known."""
    wanted = list(keys)
    if not wanted:
        return {}
    query = select(PERSON.c.address_key, PERSON.c.id, PERSON.c.name, PERSON.c.zone)
    rows = session.execute(query.where(among_texts(session, PERSON.c.address_key, wanted)))
    return {key: (number, name, zone) for key, number, name, zone in rows}


def _newest_yes(
    session: Session, people: Mapping[str, Person], known: Mapping[str, Known]
) -> dict[int, tuple[datetime, dict[str, datetime]]]:
    """Return number -> (the newest consent, the newest of each list), of those a row says left or bounced."""
    leaving = sorted(
        known[key][0]
        for key in known
        if people[key].ban is not None or any(wish.state == ENDED for wish in people[key].wishes.values())
    )
    if not leaving:
        return {}
    said = select(CONSENT.c.subscriber_id, CONSENT.c.list_id, func.max(CONSENT.c.at))
    mine = said.where(among(CONSENT.c.subscriber_id, leaving), CONSENT.c.action == ACTIONS[CONFIRMED])
    found: dict[int, tuple[datetime, dict[str, datetime]]] = {}
    for number, list_id, at in session.execute(mine.group_by(CONSENT.c.subscriber_id, CONSENT.c.list_id)):
        newest, by_list = found.get(number, (at, {}))
        found[number] = (max(newest, at), {**by_list, list_id: at})
    return found


def _plan_bans(
    made: Plan,
    people: Mapping[str, Person],
    banned: Mapping[str, str],
    newest: Mapping[str, tuple[datetime, dict[str, datetime]] | None],
    manner: Manner,
) -> int:
    """Note who is to be banned; return how many are suppressed already.

    A bounce that another system saw before the reader said yes here bans nobody; a complaint always does.
    """
    suppressed = 0
    for key, person in people.items():
        row, here = person.ban, banned.get(key)
        if here is not None and (row is None or STRENGTH[here] >= STRENGTH[row.state]):
            suppressed += 1
        elif row is not None:
            yes = newest.get(key)
            late = yes is not None and row.left_at is not None and yes[0] > row.left_at
            if row.state == COMPLAINED or not late:
                made.bans.append((key, row.state, row.left_at or manner.at, manner.source))
    return suppressed


def _filled(people: Mapping[str, Person], known: Mapping[str, Known]) -> list[dict[str, Any]]:
    """Return the names and zones that were missing; what the reader has is kept."""
    mine = ((key, *known[key], person) for key, person in people.items() if key in known)
    return [
        {"key": key, "number": number, "new_name": name or person.name, "new_zone": zone or person.zone}
        for key, number, name, zone, person in mine
        if (person.name and not name) or (person.zone and not zone)
    ]


def _plan_wishes(
    session: Session,
    made: Plan,
    people: Mapping[str, Person],
    newest: Mapping[int, tuple[datetime, dict[str, datetime]]],
    manner: Manner,
) -> None:
    now = _states(session, sorted(made.numbers.values()))
    for key, person in people.items():
        number = made.numbers.get(key, 0)
        yes = newest[number][1] if number in newest else {}
        for list_id, wish in person.wishes.items():
            state, record = manner.decide(wish)
            before = now.get((number, list_id))
            if before is None:
                made.added.append((key, list_id, state, record))
            elif _overrides(before, state, wish, yes.get(list_id)):
                made.changed.append((key, list_id, state, record))
            elif before == ENDED and state != SubscriptionState.ended:
                made.stay_off.add(key)


def _overrides(before: str, state: SubscriptionState, wish: Wish, yes: datetime | None) -> bool:
    """Say whether a row changes what stands here; ``yes``: when the reader last agreed to the list."""
    if before == SubscriptionState.unconfirmed:
        return state != SubscriptionState.unconfirmed
    late = yes is not None and wish.left_at is not None and yes > wish.left_at
    return before == CONFIRMED and state == SubscriptionState.ended and not late


def _states(session: Session, numbers: Sequence[int]) -> dict[tuple[int, str], str]:
    if not numbers:
        return {}
    query = select(SUBSCRIPTION.c.subscriber_id, SUBSCRIPTION.c.list_id, SUBSCRIPTION.c.state)
    rows = session.execute(query.where(among(SUBSCRIPTION.c.subscriber_id, numbers)))
    return {(number, list_id): state for number, list_id, state in rows}
