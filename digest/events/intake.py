"""Takes in what providers tell: proved, stored once, and answered; what follows from it is for later."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from digest.database import Database
from digest.events.models import EventState, WebhookEvent
from digest.providers.event import EventKind, ProviderEvent, Webhook

EVENT: Any = WebhookEvent.__table__  # type: ignore[attr-defined]
LONGEST_ID: Final = 400  # characters; the ids that providers give are shorter
PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Received:
    """What a request came to: events stored now, and how many were known already."""

    stored: int = 0
    known: int = 0
    confirm: str = ""  # an address of the provider's to fetch, so that it goes on telling


def receive(
    database: Database, account: str, webhook: Webhook, headers: Mapping[str, str], body: bytes, *, now: datetime
) -> Received:
    """Store the events of a request. ``headers``: names in lower case. Raises Forged."""
    reading = webhook.read(headers, body, now)
    return replace(store(database, account, reading.events, now), confirm=reading.confirm)


def store(database: Database, account: str, events: Iterable[ProviderEvent], now: datetime) -> Received:
    """Store events under (account, event id), each once, however often and by whichever way it comes."""
    stored = seen = 0
    left = iter(events)
    while page := list(islice(left, PAGE)):
        rows = list({one.event_id: _row(account, one, now) for one in page}.values())
        dialect = sqlite if database.is_sqlite else postgresql
        new = dialect.insert(EVENT).on_conflict_do_nothing().returning(EVENT.c.id)
        with database.writing() as session:
            stored += len(session.execute(new, rows).all())
        seen += len(page)
    return Received(stored, seen - stored)


def counts(database: Database) -> dict[str, int]:
    """Return how many events stand in each state, every state named."""
    with database.reading() as session:
        found = session.execute(select(EVENT.c.state, func.count()).group_by(EVENT.c.state)).all()
    return {state.value: dict(found).get(state.value, 0) for state in EventState}


def forget(database: Database, before: datetime) -> int:
    """Delete the events that came earlier and that nothing is waiting for; returns how many."""
    old = col(WebhookEvent.received_at) < before
    with database.reading() as session:
        if session.execute(select(EVENT.c.id).where(old).limit(1)).first() is None:
            return 0
    with database.writing() as session:
        gone: Any = session.execute(delete(EVENT).where(old, EVENT.c.next_at.is_(None)))
    return int(gone.rowcount)


def _row(account: str, event: ProviderEvent, now: datetime) -> dict[str, Any]:
    unknown = event.kind is EventKind.unknown
    return {
        "account": account,
        "event_id": event.event_id[:LONGEST_ID],
        "kind": event.kind.value,
        "state": (EventState.unknown if unknown else EventState.new).value,
        "occurred_at": min(event.at, now),  # a provider's clock may be ahead
        "received_at": now,
        "next_at": None if unknown else now,
        "attempts": 0,
        "note": "",
        "fields": {
            "delivery": event.delivery_ref,
            "message": event.message_id,
            "address": event.address,
            "permanent": event.permanent,
            "reason": event.reason[:500],
        },
        "raw": dict(event.raw),
    }
