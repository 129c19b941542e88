"""Work on one machine: threads that drain issues, and a tick from time to time.

Whoever tells it to leave waits ten seconds at most: a call that has no answer by then is left behind, and what
became of it is found out as after any crash.
"""

import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from digest import schedule
from digest.database import Database
from digest.sending import work
from digest.sending.sender import Ended, Means, Progress, nothing
from digest.sending.work import Job, Kind

if TYPE_CHECKING:
    from digest.bootstrap import App

TICK_SECONDS: Final = 15.0
IDLE_SECONDS: Final = 0.5  # between looks for work
SHARE: Final = 50  # calls on one issue before a worker looks whether another one waits
LEAVE_SECONDS: Final = 9.0


def means_of(app: "App") -> Means:
    """Return what the workers of an opened product work with."""
    settings = app.settings
    return Means(
        database=app.database,
        provider=app.provider,
        keys=app.keys,
        base_url=settings.base_url,
        clock=app.clock,
        rate=settings.send_rate,
        lease=timedelta(seconds=settings.lease_seconds),
        longest_call=timedelta(seconds=settings.connect_timeout + settings.write_timeout + settings.read_timeout),
        uncertain=settings.uncertain,
    )


def run(
    app: "App",
    *,
    concurrency: int | None = None,
    until_idle: bool = False,
    stop: threading.Event | None = None,
    on_progress: Progress = nothing,
) -> None:
    """Do what is due, until told to stop (or, with ``until_idle``, until nothing is due now).

    ``on_progress`` is called by any thread with the number of deliveries that got their answer. Raises the first
    error that no rule foresaw; the issue it concerns is held by then.
    """
    leave, errors = stop or threading.Event(), list[BaseException]()
    tick(app)
    worker = _Worker(app.database, means_of(app), leave, errors, until_idle, on_progress)
    threads = [
        threading.Thread(target=worker.guarded, args=(number,), name=f"sender-{number}", daemon=True)
        for number in range(concurrency or app.settings.send_concurrency)
    ]
    for thread in threads:
        thread.start()
    _look_after(app, threads, leave)
    if errors:
        raise errors[0]


def tick(app: "App") -> None:
    """Do one pass over everything that time alone brings about."""
    work.tidy(means_of(app))
    start = getattr(schedule, "tick", None)
    if start is not None:
        start(app, app.clock.now())


def _look_after(app: "App", threads: list[threading.Thread], leave: threading.Event) -> None:
    """Tick while the workers work; when they shall leave, give them their time and no more."""
    next_tick = time.monotonic() + TICK_SECONDS
    while any(thread.is_alive() for thread in threads) and not leave.wait(IDLE_SECONDS / 5):
        if time.monotonic() >= next_tick:
            next_tick = time.monotonic() + TICK_SECONDS
            tick(app)
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
