"""What is measured for those who watch from outside: read from the database, so that it is one truth for all processes.

Every question is answered by an index, however many deliveries there are: tests/web/test_metrics.py looks at the plans.
"""

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func, literal_column, select
from sqlmodel import Session

from digest import migrating, pulse
from digest.articles.feeds import health
from digest.articles.feeds.models import Feed
from digest.bootstrap import App
from digest.engine.heartbeat import ALIVE, BEAT, release
from digest.events.models import WebhookEvent
from digest.sending import pacing
from digest.sending.ledger import BATCH, DELIVERY, ISSUE, QUEUED
from digest.sending.models import BatchState, table

EVENT: Final = table(WebhookEvent)
ON_THE_WAY: Final = (BatchState.claimed, BatchState.handed_over, BatchState.repeating)
BEGUN: Final = ("freezing", "sending", "paused", "cancelled")
OVER: Final = ("sent", "cancelled", "skipped")
ANSWERED: Final = (BatchState.settled, BatchState.uncertain)
# Spelt out, not variables: SQLite takes the index of rejected and uncertain ones only for these very words.
REJECTED: Final = DELIVERY.c.state == literal_column("'rejected'")
UNCERTAIN: Final = DELIVERY.c.state == literal_column("'uncertain'")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Gauge:
    """One thing measured. ``values``: the values of its labels -> the number."""

    name: str
    says: str
    labels: tuple[str, ...]
    values: Mapping[Any, float]


def measure(app: App) -> list[Gauge]:
    """Return everything measured now."""
    revision = migrating.current(app.database) or "none"
    with app.database.reading() as session:
        now = app.database.now(session)
        found = [*_ledger(session, now), *_lately(session, now), *_late(app, session, now), *_around(app, session, now)]
    newest = migrating.newest() or "none"
    return [
        *found,
        Gauge("digest_schema_info", "The database's revision.", ("revision", "newest"), {(revision, newest): 1}),
        Gauge("digest_build_info", "Release.", ("version", "python"), {(release(), platform.python_version()): 1}),
    ]


def _ledger(session: Session, now: datetime) -> Iterator[Gauge]:
    """Yield what is left to do of each issue."""
    states: dict[str, dict[int, int]] = {"due": {}, "later": {}, "claimed": _on_the_way(session)}
    issue, later = DELIVERY.c.issue_number, func.sum(case((DELIVERY.c.next_attempt_at > now, 1), else_=0))
    queued = select(issue, func.count(), later).where(QUEUED).group_by(issue)  # one walk along the index of queued ones
    for number, count, waiting in session.execute(queued):
        states["due"][number], states["later"][number] = count - int(waiting), int(waiting)
    unknown = select(issue, func.count()).where(UNCERTAIN).group_by(issue)
    states["uncertain"] = dict(session.execute(unknown).all())
    values = {(str(number), state): count for state, found in states.items() for number, count in found.items()}
    says = "Deliveries without a final answer: due and later are queued, claimed are in a worker's hands."
    yield Gauge("digest_deliveries", says, ("issue", "state"), values)
    held = select(func.count()).select_from(ISSUE).where(ISSUE.c.held != "", ISSUE.c.status.not_in(OVER))
    yield _one("digest_issues_held", "Issues that wait for a person.", session.execute(held).scalar_one())


def _on_the_way(session: Session) -> dict[int, int]:
    mine = _live(session, *ON_THE_WAY, BatchState.formed)
    query = select(BATCH.c.issue_number, func.sum(BATCH.c.size)).where(*mine).group_by(BATCH.c.issue_number)
    return dict(session.execute(query).all())


def _live(session: Session, *states: BatchState) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of a batch that is not done with: of the issues that can have any, by their index."""
    numbers = session.execute(select(ISSUE.c.number).where(ISSUE.c.status.in_(BEGUN))).scalars().all()
    return BATCH.c.issue_number.in_(numbers), BATCH.c.state.in_(states)


def _lately(session: Session, now: datetime) -> Iterator[Gauge]:
    """Yield what was sent lately. Accepted are the readers of answered calls, less those refused or of unknown fate."""
    size = func.coalesce(func.sum(BATCH.c.size), 0)
    ended = select(size).where(BATCH.c.state.in_(ANSWERED), BATCH.c.settled_at > now - DAY)
    answered = select(size).where(BATCH.c.state == BatchState.settled, BATCH.c.settled_at > now - MINUTE)
    day, minute = (session.execute(one).scalar_one() for one in (ended, answered))
    fates = {}
    inside = 0
    for name, fate in (("rejected", REJECTED), ("uncertain", UNCERTAIN)):
        lately = (fate, DELIVERY.c.settled_at > now - DAY)
        fates[name] = session.execute(select(func.count()).select_from(DELIVERY).where(*lately)).scalar_one()
        of_call = select(func.count()).select_from(DELIVERY).join(BATCH, BATCH.c.number == DELIVERY.c.batch_number)
        called = of_call.where(*lately, BATCH.c.state.in_(ANSWERED), BATCH.c.settled_at > now - DAY)
        inside += session.execute(called).scalar_one()
    values = {("accepted",): max(0, int(day) - inside), **{(name,): count for name, count in fates.items()}}
    yield Gauge("digest_mails_last_day", "What became of mails in the last 24 hours.", ("result",), values)
    yield _one("digest_mails_last_minute", "Readers of the calls that were answered in the last minute.", minute)


def _late(app: App, session: Session, now: datetime) -> Iterator[Gauge]:
    """Yield what is older the worse something is: leases, events, the last pass of the schedule."""
    lease = timedelta(seconds=app.settings.lease_seconds)
    leases = select(BATCH.c.lease_until).where(*_live(session, *ON_THE_WAY), BATCH.c.lease_until.is_not(None))
    first = min(session.execute(leases).scalars(), default=None)  # a handful; MIN() would go through all batches
    age = max(0.0, (now - (first - lease)).total_seconds()) if first else 0.0
    yield _one("digest_oldest_lease_age_seconds", "Since when a worker holds a batch; 0: none is held.", age)
    due = EVENT.c.next_at.is_not(None)
    count, oldest = session.execute(select(func.count(), func.min(EVENT.c.id)).select_from(EVENT).where(due)).one()
    yield _one("digest_events_unapplied", "Events of providers that have no consequence yet.", count)
    received = session.execute(select(EVENT.c.received_at).where(EVENT.c.id == oldest)).scalar() if oldest else None
    waits = max(0.0, (now - received).total_seconds()) if received else 0.0
    yield _one(
        "digest_oldest_unapplied_event_age_seconds", "How long the oldest of them waits; 0: there is none.", waits
    )
    tick = pulse.last(session, pulse.TICK)
    says = "When the schedule was last looked at; 0: never."
    yield _one("digest_last_tick_timestamp_seconds", says, tick.timestamp() if tick else 0)


def _around(app: App, session: Session, now: datetime) -> Iterator[Gauge]:
    """Yield how feeds, workers and accounts fare."""
    feeds = dict.fromkeys(((one.value,) for one in health.Health), 0)
    for feed in session.execute(select(Feed)).scalars():
        feeds[health.health(feed).value,] += 1
    yield Gauge("digest_feeds", "Feeds by how they fare.", ("health",), feeds)
    alive = select(func.count()).select_from(BEAT).where(BEAT.c.beat_at > now - ALIVE)
    yield _one(
        "digest_workers", "Processes at work that were heard of within a minute.", session.execute(alive).scalar_one()
    )
    halted = pacing.all_halted(session)
    names = app.settings.account_names
    stopped = {(name,): float(name in halted) for name in names}
    yield Gauge("digest_account_halted", "1: nothing can be sent by it until somebody mends it.", ("account",), stopped)
    today = {(name,): pacing.used_today(session, name, now) for name in names if name in app.limits}
    yield Gauge(
        "digest_account_mails_today", "Mails counted on this day of UTC, where there is a limit.", ("account",), today
    )
    most = {(name,): app.limits[name].of_day(pacing.day_of(now)) for name in names if name in app.limits}
    allowed = {name: float(one) for name, one in most.items() if one is not None}
    yield Gauge("digest_account_mails_allowed_today", "How many may leave on this day of UTC.", ("account",), allowed)


def _one(name: str, says: str, value: float) -> Gauge:
    return Gauge(name, says, (), {(): float(value)})
