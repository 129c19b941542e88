"""Takes in what providers tell: proved, stored once, and answered; what follows from it is for later."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any, Final

import orjson
from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from digest.database import Database
from digest.events.models import EventState, WebhookEvent
from digest.providers.event import EventKind, ProviderEvent, Webhook
from digest.sending.bulk import among, is_sqlite, rowcount

EVENT: Any = WebhookEvent.__table__  # type: ignore[attr-defined]
LONGEST_ID: Final = 400  # characters; the ids that providers give are shorter
LONGEST_REASON: Final = 500
LONGEST_RAW: Final = 10_000  # characters of what JSON as we store it cannot hold
PAGE: Final = 1_000
FORGOTTEN_AT_ONCE: Final = 5_000  # rows: nobody else's write waits for longer


@dataclass(frozen=True, slots=True)
class Received:
    """What a request came to: events stored now, and how many were known already. All that are not new are known."""

    stored: int = 0
    known: int = 0
    unknown: int = 0  # of both: of a kind that we have no word for
    confirm: str = ""  # an address of the provider's to fetch, so that it goes on telling


def receive(
    database: Database, account: str, webhook: Webhook, headers: Mapping[str, str], body: bytes, *, now: datetime
) -> Received:
    """Store the events of a request. ``headers``: names in lower case. Raises Forged."""
    reading = webhook.read(headers, body, now)
    return replace(store(database, account, reading.events, now), confirm=reading.confirm)


def store(database: Database, account: str, events: Iterable[ProviderEvent], now: datetime) -> Received:
    """Store events under (account, event id), each once, however often and by whichever way it comes."""
    stored = seen = unknown = 0
    left = iter(events)
    while page := list(islice(left, PAGE)):
        by_id = {row["event_id"]: row for row in (_row(account, one, now) for one in page)}
        # In one order always: of two that store the same at once, neither waits for what the other holds.
        rows = [by_id[name] for name in sorted(by_id)]
        with database.writing() as session:
            stored += _insert(session, rows)
        seen += len(page)
        unknown += sum(one.kind is EventKind.unknown for one in page)
    return Received(stored, seen - stored, unknown)


def _insert(session: Session, rows: list[dict[str, Any]]) -> int:
    """Insert rows; one whose key is there already is passed over. Returns how many were new.

    One statement for each row, sent together: one for all of them is another text for each number of rows, and
    PostgreSQL took 0.1 s when it first saw it.
    """
    dialect = sqlite if is_sqlite(session) else postgresql
    new = dialect.insert(EVENT).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return rowcount(session.connection().execute(new, rows))


def counts(database: Database) -> dict[str, int]:
    """Return how many events stand in each state, every state named."""
    with database.reading() as session:
        found = session.execute(select(EVENT.c.state, func.count()).group_by(EVENT.c.state)).all()
    return {state.value: dict(found).get(state.value, 0) for state in EventState}


def forget(database: Database, before: datetime) -> int:
    """Delete the events that came earlier and that nothing is waiting for; returns how many."""
    old = (EVENT.c.received_at < before, EVENT.c.next_at.is_(None))
    gone = 0
    while True:
        with database.reading() as session:
            ids = session.execute(select(EVENT.c.id).where(*old).limit(FORGOTTEN_AT_ONCE)).scalars().all()
        if not ids:
            return gone
        with database.writing() as session:
            gone += rowcount(session.execute(delete(EVENT).where(among(session, EVENT.c.id, ids))))


def _row(account: str, event: ProviderEvent, now: datetime) -> dict[str, Any]:
    unknown = event.kind is EventKind.unknown
    return {
        "account": account,
        "event_id": _id(event),
        "kind": event.kind.value,
        "state": (EventState.unknown if unknown else EventState.new).value,
        "occurred_at": min(event.at, now),  # a provider's clock may be ahead
        "received_at": now,
        "next_at": None if unknown else now,
        "attempts": 0,
        "note": "",
        "fields": {
            "delivery": _text(event.delivery_ref),
            "message": _text(event.message_id),
            "address": _text(event.address),
            "permanent": event.permanent,
            "reason": _text(event.reason)[:LONGEST_REASON],
        },
        "raw": _raw(event.raw),
    }


def _id(event: ProviderEvent) -> str:
    """Return the id an event is stored under: a hash of one that is too long, so that none is taken for another."""
    given = _text(event.event_id)
    return given if len(given) <= LONGEST_ID else sha256(given.encode()).hexdigest()


def _text(given: str) -> str:
    """Return a text as both databases take it: without NUL, and without halves of characters."""
    return given.replace("\0", "").encode("utf-8", "replace").decode()


def _raw(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a provider's own words as they can be stored. A signed body is never refused for what is in it."""
    raw = dict(given)
    try:
        orjson.dumps(raw)
    except TypeError:  # half a character, a huge number, more than 254 levels
        try:
            return {"text": json.dumps(raw, default=str)[:LONGEST_RAW]}
        except (RecursionError, ValueError):
            return {"text": "its own words are nested too deep"}
    return raw
