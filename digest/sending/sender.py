"""The sender: one worker that takes batch after batch of an issue until there is nothing left to do now.

Reserve a slot, wait for it, claim, hand over, call with no transaction open, settle. A worker may die at any point.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from digest.articles.pictures.store import PictureStore
from digest.clock import Clock
from digest.database import Database
from digest.errors import Refused
from digest.sending import batches, ending, pacing, settling
from digest.sending.batches import Claim
from digest.sending.editions import Editions, Sendable, unsealed
from digest.sending.provider import Mailing, Provider, ProviderError, Receipt, Recipient, UnknownOutcome
from digest.sending.retry import Fate
from digest.sending.settling import Rules
from digest.settings import Uncertain
from subscribers import Keys

if TYPE_CHECKING:  # it knows the world's feeds and pages, which no other part of sending needs
    from digest.articles.refreshing import Refresher

LOOK_AGAIN = 0.2  # seconds between looks at the stop signal while waiting
LEASE_MARGIN = timedelta(seconds=1)


Progress = Callable[[int], None]


class Stop(Protocol):
    """How a worker is told to leave: a threading.Event."""

    def is_set(self) -> bool:
        """Return whether it shall leave."""
        ...


class Ended(StrEnum):
    """Why a worker stopped."""

    idle = "idle"  # nothing to do now: the issue is finished, or what is left waits for its time
    told = "told"  # it was told to leave, or had done its share
    halted = "halted"  # the provider refuses us: the issue is paused, with the reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a worker works with."""

    database: Database
    provider: Provider
    keys: Keys
    base_url: str
    clock: Clock
    rate: float  # calls a second, over all workers
    lease: timedelta
    longest_call: timedelta  # connect + write + read time-outs
    uncertain: Uncertain
    relaxed: frozenset[str] = frozenset()  # checks that editions made by the schedule need not pass
    refresher: "Refresher | None" = None  # None: nothing is fetched, as in the demo
    pictures: PictureStore | None = None  # the cut copies that mails show; None: they show the newsroom's own
    jitter: Callable[[], float] = field(default=random.random)

    @property
    def account(self) -> str:
        """Return the provider account, as batches and the pacer know it."""
        return self.provider.features.name

    @property
    def rules(self) -> Rules:
        """Return what holds for the account and by the settings."""
        window = self.provider.features.idempotency
        return Rules(account=self.account, window=window, uncertain=self.uncertain, jitter=self.jitter())


def nothing(_done: int) -> None:
    """Show no progress."""


def run(
    means: Means, issue_number: int, stop: Stop, *, share: int | None = None, progress: Progress = nothing
) -> Ended:
    """Work on one issue as one of its workers. ``share``: leave after so many calls, so that other issues get on.

    ``progress`` is called with the number of deliveries that got their answer.
    """
    editions = Editions(means.provider, means.keys, means.base_url)
    done = 0
    while not stop.is_set() and done != share:
        done += 1
        seconds = pacing.reserve(means.database, means.account, means.rate)
        if isinstance(seconds, str):
            return _halt(means, issue_number, seconds)
        if not wait(means.clock, seconds, stop):
            break
        ended = _once(means, editions, issue_number, progress)
        if ended is not None:
            return ended
    return Ended.told


def _once(means: Means, editions: Editions, issue_number: int, progress: Progress) -> Ended | None:
    """Send one batch; returns why to stop, or None to go on."""
    try:
        claim = _claim(means, editions, issue_number)
        if claim is None:
            return Ended.idle
        fate = _work(means, editions, claim, progress)
    except Refused as error:
        return _halt(means, issue_number, str(error))
    return Ended.halted if fate is Fate.stop else None


def wait(clock: Clock, seconds: float, stop: Stop) -> bool:
    """Wait in small steps; returns False as soon as the worker is told to leave."""
    while seconds > 0:
        if stop.is_set():
            return False
        step = min(seconds, LOOK_AGAIN)
        clock.sleep(step)
        seconds -= step
    return not stop.is_set()


def _claim(means: Means, editions: Editions, issue_number: int) -> Claim | None:
    """Take back what dead workers held, then take a batch; ends the issue where nothing is left."""
    with means.database.writing() as session:
        now = means.database.now(session)
        settling.recover(session, issue_number, means.rules, now)
        claim = batches.claim(
            session, issue_number, means.account, now=now, lease=means.lease, capacity=editions.capacity
        )
        if claim is None:
            ending.finish(session, issue_number, now)
        return claim


def _work(means: Means, editions: Editions, claim: Claim, progress: Progress) -> Fate | None:
    """Hand one batch over and settle it; returns what became of it if the provider did not take it."""
    edition, recipients = _hand_over(means, editions, claim)
    if not recipients:
        progress(claim.size)
        return None
    mailing = Mailing(
        batch_id=claim.id,
        issue_ref=f"issue-{claim.issue_number}",
        content=edition.content,
        recipients=recipients,
    )
    try:
        receipts = means.provider.send(mailing)
    except ProviderError as error:
        return _settle_error(means, claim, error)
    except Exception as error:
        _settle_error(means, claim, UnknownOutcome(f"the call broke off: {type(error).__name__}: {error}"))
        _halt(means, claim.issue_number, f"A call broke off unexpectedly: {type(error).__name__}: {error}")
        raise
    _settle(means, claim, receipts)
    progress(len(receipts))
    return None


def _hand_over(means: Means, editions: Editions, claim: Claim) -> tuple[Sendable, list[Recipient]]:
    needed = means.longest_call + LEASE_MARGIN
    with means.database.writing() as session:
        now = means.database.now(session)
        edition = editions.get(session, claim.edition_number)
        if claim.repeating:
            sealed = batches.unseal(session, claim, now=now, needed=needed)
            return edition, unsealed(sealed or ())
        keeps_keys = means.provider.features.idempotency is not None
        members = batches.hand_over(
            session, claim, edition.lists, now=now, needed=needed, seal=edition.seal if keeps_keys else None
        )
    return edition, edition.recipients(members or ())


def _settle(means: Means, claim: Claim, receipts: Sequence[Receipt]) -> None:
    with means.database.writing() as session:
        now = means.database.now(session)
        settling.settle(session, claim, receipts, now)
        ending.finish(session, claim.issue_number, now)


def _settle_error(means: Means, claim: Claim, error: ProviderError) -> Fate | None:
    with means.database.writing() as session:
        now = means.database.now(session)
        return settling.settle_error(session, claim, error, means.rules, now)


def _halt(means: Means, issue_number: int, reason: str) -> Ended:
    with means.database.writing() as session:
        settling.stop_issue(session, issue_number, reason, means.database.now(session))
    return Ended.halted
