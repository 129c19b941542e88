"""Applies the events that are due, page by page: what the ledger says of the mails, and what follows for people.

Each page is one short transaction, so that whoever is killed in it has done nothing. Each step may be repeated, and
comes to the same in any order (``deciding``). An event that comes before its receipt waits, and so does one that fails:
it holds nobody else's up.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, select, update
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlmodel import Session

from digest.database import Database
from digest.errors import DigestError
from digest.events import consequences, deciding, naming
from digest.events.deciding import Change, Held, Ref, Told
from digest.events.intake import EVENT
from digest.events.models import EventState
from digest.providers.event import EventKind
from digest.sending import ledger
from digest.sending.bulk import among, is_sqlite
from digest.sending.ledger import DELIVERY
from digest.sending.models import DeliveryState
from subscribers import Keys
from subscribers.errors import SubscribersError

PAGE: Final = 500  # events of one transaction
MOST: Final = 20_000  # of one pass: the schedule has more to do
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(hours=1)
GIVEN_UP: Final = timedelta(days=3)  # an event whose receipt has not come by then
LOCK: Final = 4_027_009  # of PostgreSQL's advisory locks: ours for applying events
OUTSIDE: Final = "of a mail that is not in the ledger"
NAMELESS: Final = "it bears a message's id only, which no delivery of that reader has"
NO_RECEIPT: Final = "its receipt never came"
_S = DeliveryState
_LATER: Final = ("40P01", "40001")  # PostgreSQL let another transaction go first: nothing is wrong, and nothing is done
_WRONG: Final = (DataError, IntegrityError, DigestError, SubscribersError, ValueError, TypeError, KeyError)


@dataclass(frozen=True, slots=True)
class Applied:
    """What a pass came to: events done with, and events that wait on."""

    applied: int = 0
    waiting: int = 0


def apply_due(database: Database, keys: Keys, now: datetime, *, most: int = MOST) -> Applied:
    """Apply the events that are due, the oldest first, ``most`` of them at most.

    Safe to repeat, and by many at once: on PostgreSQL one applies at a time, and who comes meanwhile leaves, because
    soft bounces are counted over several mails, and two who count at once would each miss what the other writes.
    """
    done: list[EventState] = []
    while len(done) < most and (done or _is_any_due(database, now)):
        size = min(PAGE, most - len(done))
        states = _page(database, keys, now, size)
        done += states
        if len(states) < size:
            break
    waiting = done.count(EventState.waiting)
    return Applied(len(done) - waiting, waiting)


def _is_any_due(database: Database, now: datetime) -> bool:
    """Look without writing: on SQLite a look that could write would make everybody else wait."""
    with database.reading() as session:
        return session.execute(select(EVENT.c.id).where(EVENT.c.next_at <= now).limit(1)).first() is not None


def _page(database: Database, keys: Keys, now: datetime, size: int) -> list[EventState]:
    try:
        with database.writing() as session:
            return _apply(session, keys, _due(session, now, size), now)
    except _WRONG:
        return _one_by_one(database, keys, now, size)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) not in _LATER:
            raise
        return []


def _one_by_one(database: Database, keys: Keys, now: datetime, size: int) -> list[EventState]:
    """Apply each event of a page by itself; the one that failed is put off, with the reason."""
    with database.reading() as session:
        ids = [row.id for row in session.execute(_query(now, size))]
    states = []
    for number in ids:
        try:
            with database.writing() as session:
                states += _apply(session, keys, _due(session, now, 1, number), now)
        except _WRONG as error:
            with database.writing() as session:
                rows = _due(session, now, 1, number)
                states += _wait(session, rows, now, f"could not be applied: {type(error).__name__}: {error}"[:500])
    return states


def _query(now: datetime, size: int) -> Any:
    return select(EVENT).where(EVENT.c.next_at <= now).order_by(EVENT.c.next_at, EVENT.c.id).limit(size)


def _due(session: Session, now: datetime, size: int, number: int | None = None) -> list[Row[Any]]:
    """Return the events to apply now (``number``: that one only); none while another one applies."""
    if not is_sqlite(session) and not session.execute(select(func.pg_try_advisory_xact_lock(LOCK))).scalar_one():
        return []
    query = _query(now, size) if number is None else _query(now, size).where(EVENT.c.id == number)
    return list(session.execute(query.with_for_update(skip_locked=True)).all())


def _apply(session: Session, keys: Keys, rows: Sequence[Row[Any]], now: datetime) -> list[EventState]:
    """Apply a page; returns where each of its events stands now."""
    told = {row.id: deciding.told(row.id, row.kind, row.occurred_at, row.fields) for row in rows}
    events = naming.named(session, keys, told)
    about: dict[Ref, list[Told]] = defaultdict(list)
    for one in events.values():
        if one.ref:
            about[one.ref].append(one)
    held, busy = _deliveries(session, about)
    mine = [one for ref in held for one in about[ref]]
    waiting = [row for row in rows if events[row.id].ref in busy]
    others = [one for one in events.values() if one.ref not in held and one.ref not in busy]
    _change(session, held, {ref: deciding.decide(held[ref], about[ref]) for ref in sorted(held)}, now)
    consequences.draw(session, keys, mine, now)
    for one in others:
        consequences.ban_address(session, keys, one, now)
    _done(session, [one.id for one in mine], EventState.applied, "", now)
    for note, ids in _notes(others).items():
        _done(session, ids, EventState.without_effect, note, now)
    states = _wait(session, waiting, now, NO_RECEIPT)
    consequences.draw(session, keys, _given_up(events, waiting, states), now)
    return [EventState.applied] * (len(mine) + len(others)) + states


def _notes(others: Iterable[Told]) -> dict[str, list[int]]:
    """Return why events have no effect on the ledger, with their ids."""
    notes: dict[str, list[int]] = defaultdict(list)
    for one in others:
        notes[NAMELESS if naming.is_nameless(one) else OUTSIDE].append(one.id)
    return notes


def _given_up(events: Mapping[int, Told], rows: Iterable[Row[Any]], states: Iterable[EventState]) -> list[Told]:
    """Return the given up events that ban an address or end lists: that holds whatever became of the mail."""
    ended = [events[row.id] for row, state in zip(rows, states, strict=True) if state is not EventState.waiting]
    return [one for one in ended if one.ban or one.kind is EventKind.unsubscribed]


def _deliveries(session: Session, refs: Iterable[Ref]) -> tuple[dict[Ref, Held], set[Ref]]:
    """Return the deliveries as they stand, locked, and those that are busy: in a call, or locked by another one.

    Nobody is waited for here, so that no two can wait for each other.
    """
    held: dict[Ref, Held] = {}
    busy: set[Ref] = set()
    column = DELIVERY.c
    for issue, readers in _by_issue(refs).items():
        there = select(column.subscriber_id, column.state, column.reason, column.outcome, column.outcome_at).where(
            column.issue_number == issue, among(session, column.subscriber_id, readers)
        )
        free = there.where(column.state != _S.claimed).with_for_update(skip_locked=True)
        for reader, state, reason, outcome, at in session.execute(free):
            held[issue, reader] = Held(state=state, reason=reason, outcome=outcome, outcome_at=at)
        if any((issue, reader) not in held for reader in readers):
            found = {(issue, row.subscriber_id) for row in session.execute(there)}
            busy |= found - held.keys()
    return held, busy


def _by_issue(refs: Iterable[Ref]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = defaultdict(list)
    for issue, reader in sorted(refs):
        groups[issue].append(reader)
    return groups


def _change(session: Session, held: Mapping[Ref, Held], changes: Mapping[Ref, Change], now: datetime) -> None:
    """Write what the events change in the ledger."""
    _settle(session, held, changes, now)
    rows = [
        {"of_issue": issue, "of_reader": reader, "outcome": one.outcome, "outcome_at": one.outcome_at}
        for (issue, reader), one in changes.items()
        if (one.outcome, one.outcome_at) != (held[issue, reader].outcome, held[issue, reader].outcome_at)
    ]
    _write(session, rows)


def _settle(session: Session, held: Mapping[Ref, Held], changes: Mapping[Ref, Change], now: datetime) -> None:
    """Settle what the events prove, as late evidence."""
    taken = {ref: one for ref, one in changes.items() if one.state is _S.accepted}
    told_otherwise = [ref for ref in taken if held[ref].state == _S.rejected]
    again = {"state": _S.uncertain, "reason": None}  # that it was refused turned out not to be so
    _write(session, [{"of_issue": issue, "of_reader": reader, **again} for issue, reader in told_otherwise])
    for issue, readers in _by_issue(taken).items():
        ledger.evidence(session, issue, readers, accepted=True, at=now)
    _write(
        session,
        [
            {"of_issue": issue, "of_reader": reader, "provider_message_id": one.message}
            for (issue, reader), one in taken.items()
            if one.message
        ],
    )
    refused: dict[str, list[Ref]] = defaultdict(list)
    for ref, one in changes.items():
        if one.state is _S.rejected:
            refused[one.reason].append(ref)
    for reason, refs in refused.items():
        for issue, readers in _by_issue(refs).items():
            ledger.evidence(session, issue, readers, accepted=False, at=now, reason=reason)


def _write(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write columns of deliveries, each row its own values."""
    if not rows:
        return
    names = [name for name in rows[0] if not name.startswith("of_")]
    mine = (DELIVERY.c.issue_number == bindparam("of_issue"), DELIVERY.c.subscriber_id == bindparam("of_reader"))
    statement = update(DELIVERY).where(*mine).values({name: bindparam(name) for name in names})
    session.connection().execute(statement, rows)


def _done(session: Session, ids: Sequence[int], state: EventState, note: str, now: datetime) -> None:
    if ids:
        values = {"state": state, "next_at": None, "applied_at": now, "note": note}
        session.execute(update(EVENT).where(among(session, EVENT.c.id, ids)).values(values))


def _wait(session: Session, rows: Sequence[Row[Any]], now: datetime, why: str) -> list[EventState]:
    """Let events wait, longer each time; they are given up after some days. Returns where each stands now."""
    states = []
    for row in rows:
        if now - row.received_at > GIVEN_UP:
            _done(session, [row.id], EventState.without_effect, why, now)
            states.append(EventState.without_effect)
            continue
        pause = min(FIRST_WAIT * 2.0 ** min(row.attempts, 20), LONGEST_WAIT)
        values = {"state": EventState.waiting, "next_at": now + pause, "attempts": row.attempts + 1}
        noted = {} if why == NO_RECEIPT else {"note": why}
        session.execute(update(EVENT).where(EVENT.c.id == row.id).values(values | noted))
        states.append(EventState.waiting)
    return states
