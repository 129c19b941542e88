"""Polls the feeds that are due: each by one worker, never two at once of one host; and notes how they fare."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from threading import Event, Lock
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from digest.articles.asking import Outcome, ask
from digest.articles.feeds import health, pacing
from digest.articles.feeds.addresses import host_of
from digest.articles.feeds.models import Feed
from digest.articles.pictures.store import PictureStore
from digest.articles.storing import StoreReport
from digest.articles.threads import side_by_side
from digest.database import Database
from digest.fetching import Fetcher

FEEDS = Feed.__table__  # type: ignore[attr-defined]
THREADS = 4


class State(StrEnum):
    """What a poll came to."""

    new = "new"  # articles were stored anew or changed
    unchanged = "unchanged"
    failed = "failed"
    busy = "busy"  # not asked: somebody else does, or it is not due


@dataclass(frozen=True)
class Polled:
    """A poll that was made. ``alarm``: what the worker says once, when a feed has died or is back."""

    feed_id: str
    state: State
    report: StoreReport | None
    sentence: str
    alarm: str = ""


def due(session: Session, at: datetime) -> list[str]:
    """Return the ids of the feeds that are to be asked now, the longest overdue first."""
    query = select(Feed.id).where(col(Feed.next_at) <= at).order_by(col(Feed.next_at), col(Feed.id))
    return list(session.exec(query))


def poll(
    database: Database, fetcher: Fetcher, pictures: PictureStore, feed_id: str, at: datetime, *, force: bool = False
) -> Polled:
    """Ask one feed, store what it gives, and note how it fared.

    What goes wrong with the feed is never raised; Refused where the database cannot store.
    A feed that is not due, or that another worker has, is busy. ``force``: also one that is not due, and also what
    says that it is unchanged.
    """
    feed = _claim(database, feed_id, at, force=force)
    if isinstance(feed, str):
        return Polled(feed_id, State.busy, None, feed)
    outcome = ask(database, fetcher, pictures, feed, at, anew=force)
    after = _settle(database, feed, outcome, at)
    state = (State.new if outcome.news else State.unchanged) if outcome.ok else State.failed
    return Polled(feed_id, state, outcome.report, outcome.sentence, health.alarm(feed, after) if after else "")


def hurry(session: Session, since: datetime) -> int:
    """Make every feed due that was not asked since a time, whatever its cadence; returns how many that is news to.

    Not those that are paused or ask us to stay away, and not those that somebody is asking right now.
    """
    waiting = (col(Feed.next_at) > since) & (col(Feed.next_at) < pacing.PAUSED)
    query = select(Feed).where(waiting, (col(Feed.tried_at) < since) | col(Feed.tried_at).is_(None))
    feeds = [feed for feed in session.exec(query) if not feed.error.startswith((health.GONE, health.TOO_OFTEN))]
    idle = [feed for feed in feeds if not pacing.claimed(feed.tried_at, feed.next_at, since)]
    return sum(_swap(session, feed.id, feed.next_at, {"next_at": since}) for feed in idle)


def fetch_due(
    database: Database,
    fetcher: Fetcher,
    pictures: PictureStore,
    at: datetime,
    *,
    stop: Event | None = None,
    now: Callable[[], datetime] | None = None,
) -> list[str]:
    """Poll all feeds that are due; returns the alarms, which are to be said once.

    ``now``: the clock, where this may take long: a worker's claim on a feed ends ten minutes after it began.
    """
    with database.reading() as session:
        ids = due(session, at)
    return health.alarms(fetch(database, fetcher, pictures, ids, now or (lambda: at), stop=stop))


def fetch(
    database: Database,
    fetcher: Fetcher,
    pictures: PictureStore,
    ids: Iterable[str],
    now: Callable[[], datetime],
    *,
    force: bool = False,
    stop: Event | None = None,
    done: Callable[[Polled], None] = lambda _: None,
) -> list[Polled]:
    """Poll some feeds by at most four threads; those of one host one after the other.

    ``stop``: where it is set, no further feed is begun. ``done`` is told of each poll, one at a time.
    """
    with database.reading() as session:
        hosts = _by_host(session, list(ids))
    results: list[Polled] = []
    lock = Lock()

    def work(feeds: Sequence[str]) -> None:
        for feed_id in feeds:
            if stop is not None and stop.is_set():
                return
            polled = poll(database, fetcher, pictures, feed_id, now(), force=force)
            with lock:
                results.append(polled)
                done(polled)

    side_by_side(work, hosts, threads=THREADS, name="feeds")
    return results


def _by_host(session: Session, ids: Sequence[str]) -> list[list[str]]:
    query = select(Feed.id, Feed.url).where(col(Feed.id).in_(ids))
    urls = dict(session.exec(query).all())
    groups: dict[str, list[str]] = defaultdict(list)
    for feed_id in dict.fromkeys(ids):
        if feed_id in urls:
            groups[host_of(urls[feed_id])].append(feed_id)
    return sorted(groups.values(), key=len, reverse=True)


def _claim(database: Database, feed_id: str, at: datetime, *, force: bool) -> Feed | str:
    """Take a feed for this worker, by compare and swap on its time; returns it as it was, or why it was not taken."""
    with database.reading() as session:
        feed = session.get(Feed, feed_id)
    if feed is None:
        return "There is no such feed any more."
    if feed.next_at == pacing.PAUSED:
        return "It is paused. Resume it at the desk first."
    if pacing.claimed(feed.tried_at, feed.next_at, at):
        return "It is being fetched by somebody else right now."
    if feed.next_at > at and not force:
        return f"It is not due before {feed.next_at:%Y-%m-%d %H:%M} UTC."
    mine = {"tried_at": at, "next_at": at + pacing.LEASE}
    with database.writing() as session:
        taken = _swap(session, feed_id, feed.next_at, mine)
    return feed if taken else "It is being fetched by somebody else right now."


def _settle(database: Database, feed: Feed, outcome: Outcome, at: datetime) -> Feed | None:
    """Note how a feed fared; returns it as it is now, or None where it was removed or taken over meanwhile."""
    values = _success(feed, outcome, at) if outcome.ok else _failure(feed, outcome, at)
    with database.writing() as session:
        if not _swap(session, feed.id, at + pacing.LEASE, values):
            return None
    return Feed.model_validate(feed.model_dump(warnings=False) | values)


def _success(feed: Feed, outcome: Outcome, at: datetime) -> dict[str, Any]:
    noted = {
        "items": outcome.items,
        "etag": outcome.etag,
        "last_modified": outcome.last_modified,
        "url": outcome.moved_to or None,
    }
    return {name: value for name, value in noted.items() if value is not None} | {
        "tried_at": at,
        "succeeded_at": at if outcome.whole or _not_so_new(feed, at) else feed.succeeded_at,
        "failures": 0,
        "error": "",
        "next_at": pacing.after_success(feed.id, feed.every_minutes, at, outcome.fresh),
    }


def _not_so_new(feed: Feed, at: datetime) -> bool:
    """Tell whether a feed was had before, or added over a day ago: till then what broke off leaves it new."""
    return feed.succeeded_at is not None or at - feed.added_at > pacing.DAY


def _failure(feed: Feed, outcome: Outcome, at: datetime) -> dict[str, Any]:
    failures = feed.failures + 1
    gone = outcome.sentence.startswith(health.GONE)
    wait = pacing.DAY if gone else outcome.wait
    return {
        "tried_at": at,
        "failures": failures,
        "error": outcome.sentence,
        "next_at": pacing.after_failure(feed.id, feed.every_minutes, failures, at, wait),
    }


def _swap(session: Session, feed_id: str, next_at: datetime, values: dict[str, Any]) -> bool:
    """Change a feed if its time is still the one we know; tells whether it was."""
    ours = (FEEDS.c.id == feed_id) & (FEEDS.c.next_at == next_at)
    return bool(session.connection().execute(update(FEEDS).where(ours).values(values)).rowcount)
