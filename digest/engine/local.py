"""Work on one machine: threads that drain issues, and a tick from time to time.

Whoever tells it to leave waits ten seconds at most: a call that has no answer by then is left behind, and what
became of it is found out as after any crash.
"""

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from digest import ticking
from digest.editors.alerts import Alarm
from digest.engine import bringing
from digest.issues.models import Issue
from digest.sending import waiting, work
from digest.sending.means import Means
from digest.sending.sender import Ended, Progress, nothing
from digest.sending.work import Job, Kind

TICK_SECONDS: Final = 15.0
IDLE_SECONDS: Final = 0.5  # between looks for work
REFRESH_SECONDS: Final = 20.0  # between looks for feeds, pages and pictures that are due
DRAFT_SECONDS: Final = 60.0  # so long a draft waits for its feeds
PASS_SECONDS: Final = 300.0  # and a single pass for all that is due
LOOK_SECONDS: Final = 0.1  # between looks at the workers
SHARE: Final = 50  # calls on one issue before a worker looks whether another one waits
LEAVE_SECONDS: Final = 9.0
PATIENCE: Final = timedelta(seconds=60)  # how long a sending at a terminal waits for its next try


def run(
    means: Means,
    *,
    concurrency: int,
    until_idle: bool = False,
    stop: threading.Event | None = None,
    on_progress: Progress = nothing,
    say: Callable[[str], None] = lambda _: None,
    alarm: Alarm | None = None,
) -> None:
    """Do what is due, until told to stop (or, with ``until_idle``, until nothing is due now).

    ``on_progress`` is called by any thread with the number of deliveries that got their answer; ``say`` with a
    sentence for each thing the schedule did; ``alarm`` is rung where something is held. Raises the first error that
    no rule foresaw; the issue it concerns is held by then.
    """
    leave = stop or threading.Event()
    _begin_refreshing(means, leave, say, until_idle=until_idle)
    files = bringing.begin(means, leave, say, until_idle=until_idle)
    _tick(means, say, alarm)
    worker = _Worker(means, leave, lambda: work.due(means.database, means.clock.now()), until_idle, on_progress)
    threads = worker.start(concurrency)
    next_tick = time.monotonic() + TICK_SECONDS
    while (busy := next((one for one in threads if one.is_alive()), None)) and not leave.is_set():
        busy.join(LOOK_SECONDS)  # a short run ends with its work, not with the next look
        if time.monotonic() >= next_tick:
            next_tick = time.monotonic() + TICK_SECONDS
            _tick(means, say, alarm)
    worker.end(threads)
    bringing.end(files, leave, until_idle=until_idle)
    if until_idle:  # nobody may tick again for a while: what was sent just now is told now
        for sentence in ticking.tell(means, alarm):
            say(sentence)


def spare_the_collector() -> None:
    """Let Python's collector of cycles look less often, and not at what was imported: for a process that only works.

    Sending makes objects by the ten thousand and drops them all; the collector took a fifth of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def drain(
    means: Means,
    issue_id: UUID,
    *,
    concurrency: int,
    stop: threading.Event | None = None,
    on_progress: Progress = nothing,
) -> None:
    """Send one issue here and now, waiting for its hour and for what must be tried again within a minute.

    Returns when it is sent, or nothing more can be done for it soon: held, paused, cancelled, told to stop, or what
    is left waits for longer (``sending.waiting`` says for what).
    """
    leave = stop or threading.Event()
    worker = _Worker(means, leave, lambda: [Job(Kind.drain, issue_id)], until_idle=True, on_progress=on_progress)
    while not leave.is_set() and work.is_under_way(means.database, issue_id):
        worker.end(worker.start(concurrency), patience=None)
        if work.is_under_way(means.database, issue_id):
            if _waits_long(means, issue_id):
                return
            means.clock.sleep(IDLE_SECONDS)


def _waits_long(means: Means, issue_id: UUID) -> bool:
    """Whether there is nothing to do for an issue for longer than a person at a terminal is patient."""
    with means.database.reading() as session:
        now = means.database.now(session)
        number = session.get_one(Issue, issue_id).number
        next_at = waiting.of_issue(session, number, now, means.account, means.limits).next_at
    return next_at is not None and next_at - now > PATIENCE


def _tick(means: Means, say: Callable[[str], None], alarm: Alarm | None) -> None:
    for sentence in ticking.tick(means, alarm):
        say(sentence)


def _begin_refreshing(means: Means, leave: threading.Event, say: Callable[[str], None], *, until_idle: bool) -> None:
    """Ask what is due: once, or all the time, in a thread of its own, since a slow feed must not hold mail up.

    Where an issue is drafted just now, the draft waits for its feeds, but not for long.
    """
    asked = threading.Event()

    def keep_fresh() -> None:
        while not leave.is_set():
            refresh(means, leave, say)
            asked.set()
            if until_idle:
                return
            leave.wait(REFRESH_SECONDS)

    if means.refresher is None:
        return
    threading.Thread(target=keep_fresh, name="refresher", daemon=True).start()
    if until_idle or ticking.is_near_cutoff(means):
        _wait(asked, leave, PASS_SECONDS if until_idle else DRAFT_SECONDS)


def _wait(asked: threading.Event, leave: threading.Event, seconds: float) -> None:
    last = time.monotonic() + seconds
    while not asked.wait(LOOK_SECONDS) and not leave.is_set() and time.monotonic() < last:
        pass


def refresh(means: Means, leave: threading.Event, say: Callable[[str], None]) -> None:
    """Ask the feeds, pages and pictures that are due, and before a cut-off all of them."""
    if means.refresher is None:
        return
    try:
        if ticking.is_near_cutoff(means):
            means.refresher.before_cutoff(stop=leave, say=say)
        else:
            means.refresher.run(stop=leave, say=say)
    except Exception as error:  # noqa: BLE001 - what nobody foresaw in somebody's feed must not stop the mail
        say(f"What is due could not be asked for ({type(error).__name__}: {error}); it is tried again.")


@dataclass(frozen=True, slots=True)
class _Worker:
    """What each thread does, and how they begin and end."""

    means: Means
    leave: threading.Event
    jobs: Callable[[], list[Job]]
    until_idle: bool
    on_progress: Progress
    errors: list[BaseException] = field(default_factory=list)

    def start(self, concurrency: int) -> list[threading.Thread]:
        """Start the threads; a process that ends does not wait for them."""
        threads = [
            threading.Thread(target=self._guarded, args=(number,), name=f"sender-{number}", daemon=True)
            for number in range(concurrency)
        ]
        for thread in threads:
            thread.start()
        return threads

    def end(self, threads: list[threading.Thread], patience: float | None = LEAVE_SECONDS) -> None:
        """Give the threads their time (seconds; None: all they need), and raise the first error among them."""
        last = None if patience is None else time.monotonic() + patience
        for thread in threads:
            thread.join(None if last is None else max(0.0, last - time.monotonic()))
        if self.errors:
            raise self.errors[0]

    def _guarded(self, number: int) -> None:
        """Work; an error that no rule foresaw ends all workers of this run."""
        try:
            self._work(number)
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for us
            self.errors.append(error)
            self.leave.set()

    def _work(self, number: int) -> None:
        while not self.leave.is_set():
            drains = [job for job in self.jobs() if job.kind is Kind.drain]
            turn = drains[number % len(drains) :] + drains[: number % len(drains)] if drains else []
            busy = [self._drain(job) for job in turn]  # every issue gets its share before one gets a second
            if any(busy):
                continue
            if self.until_idle:
                return
            self.leave.wait(IDLE_SECONDS)

    def _drain(self, job: Job) -> bool:
        """Do a share of one issue; returns whether there may be more to do now."""
        ended = work.drain(self.means, job.issue_id, self.leave, share=SHARE, progress=self.on_progress)
        return ended is Ended.told
