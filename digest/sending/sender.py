"""The sender: one worker that takes batch after batch of an issue until there is nothing left to do now.

Reserve a slot, wait for it, claim, hand over, call with no transaction open, settle. A worker may die at any point.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from digest import logs
from digest.clock import Clock
from digest.errors import Refused
from digest.sending import batches, ending, halting, pacing, recovering, settling
from digest.sending.batches import Claim
from digest.sending.editions import Editions, Sendable, unsealed
from digest.sending.means import Means
from digest.sending.provider import Mailing, ProviderError, Receipt, Recipient, StopIssue, UnknownOutcome
from digest.sending.routing import Moved, Part, Route
from digest.sending.turns import Turns

LOG = logging.getLogger(__name__)
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


def nothing(_done: int) -> None:
    """Show no progress."""


def run(
    means: Means, issue_number: int, stop: Stop, *, share: int | None = None, progress: Progress = nothing
) -> Ended:
    """Work on one issue as one of its workers. ``share``: leave after so many calls, so that other issues get on.

    ``progress`` is called with the number of deliveries that got their answer.
    """
    turns = Turns(means, issue_number)
    done = 0
    while not stop.is_set() and done != share:
        part = turns.next()
        if part is None:
            return Ended.halted if turns.is_halted() else Ended.idle
        if turns.is_full(part.account):
            turns.rest(part.account)
            continue
        done += 1
        seconds = pacing.reserve(means.database, part.account, means.rate_of(part.account))
        if isinstance(seconds, str):
            turns.hold(part.account, seconds)
        elif not wait(means.clock, seconds, stop):
            break
        else:
            _once(means, turns, part, progress)
    return Ended.told


def _once(means: Means, turns: Turns, part: Part, progress: Progress) -> None:
    """Send one batch by an account, or find out that there is none, or that it goes by another account by now."""
    with logs.about(issue=turns.issue_number, account=part.account):
        try:
            editions = turns.editions(part.account)
            claim = _claim(means, editions, turns.issue_number, turns.route, part)
            if claim is None:
                turns.rest(part.account)
            else:
                with logs.about(batch=claim.id):
                    _work(means, editions, claim, progress, parted=turns.parted)
        except Moved:
            turns.look()
        except Refused as error:
            LOG.warning("nothing can be sent: %s", error)
            turns.hold(part.account, str(error))


def wait(clock: Clock, seconds: float, stop: Stop) -> bool:
    """Wait in small steps; returns False as soon as the worker is told to leave."""
    while seconds > 0:
        if stop.is_set():
            return False
        step = min(seconds, LOOK_AGAIN)
        clock.sleep(step)
        seconds -= step
    return not stop.is_set()


def _claim(means: Means, editions: Editions, issue_number: int, route: Route, part: Part) -> Claim | None:
    """Take back what dead workers held, then take a batch of a part; ends the issue where nothing is left."""
    limits = means.limits.get(part.account)
    with means.database.writing() as session:
        now = means.database.now(session)
        recovering.recover(session, issue_number, means.rules_of, now)
        room = pacing.room(session, part.account, limits, now, lock=True)
        claim = batches.claim(
            session,
            issue_number,
            part.account,
            now=now,
            lease=means.lease,
            capacity=pacing.within(editions.capacity, room),
            editions=() if room.is_full else part.editions,  # what was formed before is counted already
            route=route,
        )
        if claim is None:
            ending.finish(session, issue_number, now)
        elif limits and claim.fence == 1:
            pacing.spend(session, part.account, claim.size, now)
        return claim


def _work(means: Means, editions: Editions, claim: Claim, progress: Progress, *, parted: bool = False) -> None:
    """Hand one batch over and settle it. ``parted``: the issue goes by other accounts, too."""
    edition, recipients = _hand_over(means, editions, claim)
    if not recipients:
        progress(claim.size)
        return
    mailing = Mailing(
        batch_id=claim.id,
        issue_ref=f"issue-{claim.issue_number}",
        content=edition.content,
        recipients=recipients,
    )
    try:
        receipts = means.provider_of(claim.account).send(mailing)
    except ProviderError as error:
        LOG.warning("the call for %d readers did not succeed: %s: %s", len(recipients), type(error).__name__, error)
        _settle_error(means, claim, error, parted=parted)
    except Exception as error:
        LOG.exception("the call for %d readers broke off", len(recipients))
        _settle_error(means, claim, UnknownOutcome(f"the call broke off: {type(error).__name__}: {error}"))
        _halt(means, claim.issue_number, f"A call broke off unexpectedly: {type(error).__name__}: {error}")
        raise
    else:
        _settle(means, claim, receipts)
        if LOG.isEnabledFor(logging.DEBUG):
            LOG.debug("%d of %d readers accepted", sum(one.accepted for one in receipts), len(recipients))
            _log_refused(receipts)
        progress(len(receipts))


def _log_refused(receipts: Sequence[Receipt]) -> None:
    for one in receipts:
        if not one.accepted:
            LOG.debug("not accepted: %s", one.reason, extra={"delivery": one.delivery_ref})


def _hand_over(means: Means, editions: Editions, claim: Claim) -> tuple[Sendable, list[Recipient]]:
    needed = means.longest_call + LEASE_MARGIN
    with means.database.writing() as session:
        now = means.database.now(session)
        edition = editions.get(session, claim.edition_number)
        if claim.repeating:
            sealed = batches.unseal(session, claim, now=now, needed=needed)
            return edition, unsealed(sealed or ())
        keeps_keys = means.provider_of(claim.account).features.idempotency is not None
        members = batches.hand_over(
            session, claim, edition.lists, now=now, needed=needed, seal=edition.seal if keeps_keys else None
        )
    return edition, edition.recipients(members or ())


def _settle(means: Means, claim: Claim, receipts: Sequence[Receipt]) -> None:
    with means.database.writing() as session:
        now = means.database.now(session)
        settling.settle(session, claim, receipts, now, means.rules_of(claim.account))
        ending.finish(session, claim.issue_number, now)


def _settle_error(means: Means, claim: Claim, error: ProviderError, *, parted: bool = False) -> None:
    """Write down an error; one that halts an account stops an issue only where nothing of it goes by another."""
    with means.database.writing() as session:
        now = means.database.now(session)
        settling.settle_error(session, claim, error, means.rules_of(claim.account), now)
        if parted and isinstance(error, StopIssue):
            halting.keep_others(session, claim.issue_number, claim.account, str(error), now)


def _halt(means: Means, issue_number: int, reason: str) -> None:
    with means.database.writing() as session:
        settling.stop_issue(session, issue_number, reason, means.database.now(session))
