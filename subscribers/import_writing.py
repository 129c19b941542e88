"""Writes what an import comes to, in the transaction that its plan was made in."""

import os
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, func, select, update
from sqlmodel import Session

from subscribers.audience import PERSON, SUBSCRIPTION, begin_audience, refresh_audience
from subscribers.bulk import insert_new
from subscribers.consent import CONSENT, CONSENT_COLUMNS, SUBSCRIPTION_COLUMNS
from subscribers.import_plans import CONFIRMED, Manner, Person, Plan, known_people
from subscribers.suppression import suppress_keys

PERSON_COLUMNS: Final = ("ref", "address", "address_key", "name", "language", "zone", "created_at")


def write(session: Session, made: Plan, manner: Manner) -> None:
    """Write a plan: people, what was missing of them, bans, subscriptions, consents, audiences."""
    suppress_keys(session, made.bans)
    new, ours = _insert_people(session, made.new, manner.at)
    numbers = made.numbers | new
    _fill_in(session, made.filled)
    added = [(numbers[key], list_id, state, 0, manner.at) for key, list_id, state, _ in made.added]
    insert_new(session, SUBSCRIPTION, SUBSCRIPTION_COLUMNS, added)
    _change(session, [(numbers[key], list_id, state) for key, list_id, state, _ in made.changed], manner.at)
    both = (*made.added, *made.changed)
    insert_new(session, CONSENT, CONSENT_COLUMNS, [(numbers[key], list_id, *said) for key, list_id, _, said in both])
    _write_audiences(session, made, numbers, {one.key for one in made.new} if ours else set())


def _write_audiences(session: Session, made: Plan, numbers: Mapping[str, int], fresh: AbstractSet[str]) -> None:
    """Write who gets what now. ``fresh``: those whom this very transaction put in, so all about them stands here."""
    chosen: dict[int, list[str]] = {}
    for key, list_id, state, _ in made.added:
        if state == CONFIRMED and key in fresh:
            chosen.setdefault(numbers[key], []).append(list_id)
    begin_audience(session, chosen, made.families)
    refresh_audience(session, {numbers[key] for key in made.touched - fresh}, made.families)


def _insert_people(session: Session, people: Sequence[Person], at: datetime) -> tuple[dict[str, int], bool]:
    """Insert people; return address key -> number, of those too whom somebody else put there meanwhile.

    And whether there is none of these.
    """
    if not people:
        return {}, True
    last = session.execute(select(func.coalesce(func.max(PERSON.c.id), 0))).scalar_one()
    rows = [
        (ref, one.address, one.key, one.name, one.language, one.zone, at)
        for ref, one in zip(_refs(len(people)), people, strict=True)
    ]
    ours = insert_new(session, PERSON, PERSON_COLUMNS, rows) == len(people)
    numbers = dict(session.execute(select(PERSON.c.address_key, PERSON.c.id).where(PERSON.c.id > last)).all())
    elsewhere = known_people(session, (person.key for person in people if person.key not in numbers))
    return numbers | {key: number for key, (number, _, _) in elsewhere.items()}, ours


def _refs(count: int) -> list[str]:
    """Return random UUIDs (version 4, RFC 9562 section 5.4) as hex digits: a tenth of the time of making objects."""
    raw = bytearray(os.urandom(16 * count))
    raw[6::16] = bytes(one & 0x0F | 0x40 for one in raw[6::16])
    raw[8::16] = bytes(one & 0x3F | 0x80 for one in raw[8::16])
    digits = raw.hex()
    return [digits[start : start + 32] for start in range(0, len(digits), 32)]


def _fill_in(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        new: dict[str, Any] = {"name": bindparam("new_name"), "zone": bindparam("new_zone")}
        filled = update(PERSON).where(PERSON.c.id == bindparam("number")).values(new)
        session.connection().execute(filled, list(rows))


def _change(session: Session, rows: Sequence[tuple[int, str, str]], at: datetime) -> None:
    if rows:
        one = (SUBSCRIPTION.c.subscriber_id == bindparam("number"), SUBSCRIPTION.c.list_id == bindparam("of_list"))
        change = update(SUBSCRIPTION).where(*one).values(state=bindparam("new_state"), changed_at=at)
        named = [{"number": number, "of_list": list_id, "new_state": state} for number, list_id, state in rows]
        session.connection().execute(change, named)
