"""Work on one machine: threads that drain issues, and a tick from time to time.

Whoever tells it to leave waits ten seconds at most: a call that has no answer by then is left behind, and what
became of it is found out as after any crash.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from digest import ticking
from digest.database import Database
from digest.sending import work
from digest.sending.sender import Ended, Means, Progress, nothing
from digest.sending.work import Job, Kind

TICK_SECONDS: Final = 15.0
IDLE_SECONDS: Final = 0.5  # between looks for work
SHARE: Final = 50  # calls on one issue before a worker looks whether another one waits
LEAVE_SECONDS: Final = 9.0


def run(
    means: Means,
    *,
    concurrency: int,
    until_idle: bool = False,
    stop: threading.Event | None = None,
    on_progress: Progress = nothing,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Do what is due, until told to stop (or, with ``until_idle``, until nothing is due now).

    ``on_progress`` is called by any thread with the number of deliveries that got their answer; ``say`` with a
    sentence for each thing the schedule did. Raises the first error that no rule foresaw; the issue it concerns is
    held by then.
    """
    leave, errors = stop or threading.Event(), list[BaseException]()
    _tick(means, say)
    worker = _Worker(means.database, means, leave, errors, until_idle, on_progress)
    threads = [
        threading.Thread(target=worker.guarded, args=(number,), name=f"sender-{number}", daemon=True)
        for number in range(concurrency)
    ]
    for thread in threads:
        thread.start()
    _look_after(means, threads, leave, say)
    if errors:
        raise errors[0]


def _tick(means: Means, say: Callable[[str], None]) -> None:
    for sentence in ticking.tick(means):
        say(sentence)


def _look_after(
    means: Means, threads: list[threading.Thread], leave: threading.Event, say: Callable[[str], None]
) -> None:
    """Tick while the workers work; when they shall leave, give them their time and no more."""
    next_tick = time.monotonic() + TICK_SECONDS
    while any(thread.is_alive() for thread in threads) and not leave.wait(IDLE_SECONDS / 5):
        if time.monotonic() >= next_tick:
            next_tick = time.monotonic() + TICK_SECONDS
            _tick(means, say)
    last = time.monotonic() + LEAVE_SECONDS
    for thread in threads:
        thread.join(max(0.0, last - time.monotonic()))


@dataclass(frozen=True, slots=True)
class _Worker:
    """What each thread does."""

    database: Database
    means: Means
    leave: threading.Event
    errors: list[BaseException]
    until_idle: bool
    on_progress: Progress

    def guarded(self, number: int) -> None:
        """Work; an error that no rule foresaw ends all workers of this run."""
        try:
            self._work(number)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for us
            self.errors.append(error)
            self.leave.set()

    def _work(self, number: int) -> None:
        while not self.leave.is_set():
            drains = [job for job in work.due(self.database, self.means.clock.now()) if job.kind is Kind.drain]
            turn = drains[number % len(drains) :] + drains[: number % len(drains)] if drains else []
            busy = [self._drain(job) for job in turn]
            if any(busy):
                continue
            if self.until_idle:
                return
            self.leave.wait(IDLE_SECONDS)

    def _drain(self, job: Job) -> bool:
        """Do a share of one issue; returns whether there may be more to do now."""
        issue_id = job.issue_id
        if issue_id is None:
            return False
        ended = work.drain(self.means, issue_id, self.leave, share=SHARE, progress=self.on_progress)
        return ended is Ended.told
