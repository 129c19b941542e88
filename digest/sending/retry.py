"""What to do after a call that did not simply succeed: pure decisions, no clock, no database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from digest.sending.provider import BatchRefused, NotTaken, ProviderError, StopIssue
from digest.settings import Uncertain

TRIES: Final = 8
LONGEST: Final = timedelta(hours=24)  # from the first failure to the last try
FIRST_WAIT: Final = timedelta(seconds=5)
FACTOR: Final = 4  # 5 s, 20 s, 80 s, 5 min, 21 min, 85 min, 5.7 h
WINDOW_MARGIN: Final = timedelta(minutes=2)  # a key may be forgotten a little before its time


class Fate(StrEnum):
    """What becomes of the members of a batch."""

    again = "again"  # nothing taken: queued again for later, or rejected when there were too many tries
    refused = "refused"  # nothing taken: some members named, or the batch is halved
    repeat = "repeat"  # unknown: the sealed bytes again, under the same key
    uncertain = "uncertain"  # unknown: held until evidence or a person settles it
    resend = "resend"  # unknown: queued again, because the newsroom prefers twice over never
    stop = "stop"  # nothing taken: no recipient will fare better


@dataclass(frozen=True, slots=True)
class Repeats:
    """Whether the provider still keeps the key of a batch that was handed over then."""

    window: timedelta | None  # how long it keeps keys; None: it keeps none
    handed_over_at: datetime | None
    tries: int  # calls made with this key

    def allowed(self, now: datetime) -> bool:
        """Return whether the same bytes may go again under the same key at ``now``."""
        if self.window is None or self.handed_over_at is None or self.tries >= TRIES:
            return False
        return now < self.handed_over_at + self.window - WINDOW_MARGIN


def decide(error: ProviderError, repeats: Repeats, now: datetime, uncertain: Uncertain) -> Fate:
    """Return what becomes of a batch whose call ended in ``error``. What is not known to be safe is unknown.

    An answer speaks of its own call alone: where an earlier one under the same key got none, it may have been taken,
    whatever is said of its repetition. Then only receipts settle it.
    """
    if repeats.tries > 1:
        return unknown(repeats, now, uncertain)
    if isinstance(error, StopIssue):
        return Fate.stop
    if isinstance(error, BatchRefused):
        return Fate.refused
    if isinstance(error, NotTaken):
        return Fate.again
    return unknown(repeats, now, uncertain)


def unknown(repeats: Repeats, now: datetime, uncertain: Uncertain) -> Fate:
    """Return what becomes of a batch that may or may not have been taken."""
    if repeats.allowed(now):
        return Fate.repeat
    return Fate.resend if uncertain is Uncertain.resend else Fate.uncertain


def wait(tries: int, jitter: float, retry_after: float | None = None) -> timedelta:
    """Return how long to wait after the ``tries``-th failure: exponential, spread by a quarter either way.

    ``jitter``: 0 to 1. ``retry_after``: seconds the provider asked for; never less than these.
    """
    grown = FIRST_WAIT * float(FACTOR ** (max(tries, 1) - 1)) * (0.75 + jitter / 2)
    return max(grown, timedelta(seconds=retry_after or 0.0))


def next_try(tries: int, first_failed_at: datetime, now: datetime, pause: timedelta) -> datetime | None:
    """Return when a delivery may be tried again after its ``tries``-th failure; None when it was tried enough."""
    at = now + pause
    return None if tries >= TRIES or at - first_failed_at > LONGEST else at
