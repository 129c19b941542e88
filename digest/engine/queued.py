"""Work on many machines: the same three kinds of work, handed out as jobs by Procrastinate on PostgreSQL.

Each kind is a queue. A drain's job does a share of one issue; when it begins it puts the next one into the queue, so
that every free hand of every worker joins in, and at most one job of an issue waits. The ledger is the truth: each
process that serves drains looks by itself, too, whether a job is missing. Procrastinate is asynchronous and runs in a
loop, in a thread of its own; our functions stay as they are and run in threads that an end does not wait for.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from queue import SimpleQueue
from typing import Any, Final, TypeVar
from uuid import UUID

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException

from digest import ticking
from digest.database import Database
from digest.editors.alerts import Alarm
from digest.engine import bringing, jobs, local
from digest.errors import Refused
from digest.sending import work
from digest.sending.means import Means
from digest.sending.sender import Ended, Progress, nothing
from digest.sending.work import Job, Kind

T = TypeVar("T")
LOOK_SECONDS: Final = 1.0  # between looks for drains that nobody was told of
REST_SECONDS: Final = 0.5  # an issue of which nothing could be done now is left alone for so long by this process
STOP_SECONDS: Final = 0.1
FETCH_SECONDS: Final = 2.0  # between looks into the queue, should a notification be lost
LEAVE_SECONDS: Final = 8.0  # for calls on their way; one more for leaving the queue
GRACE_SECONDS: Final = 1.0
EVERY: Final = {Kind.tick: "* * * * * */15", Kind.refresh: "* * * * * */20"}  # croniter: the seconds stand last


def run(
    means: Means,
    *,
    kinds: Sequence[Kind],
    concurrency: int,
    stop: threading.Event | None = None,
    on_progress: Progress = nothing,
    say: Callable[[str], None] = lambda _: None,
    alarm: Alarm | None = None,
) -> None:
    """Do the jobs of these kinds until told to stop; ten seconds later at most it has left.

    ``concurrency``: drains at once; of ticks and refreshes one at a time. Raises the first error that no rule foresaw
    (the issue it concerns is held by then), and Refused where the queue is not there or the database is gone.
    """
    jobs.require(means.database)
    for name in ("procrastinate", "psycopg", "asyncio"):  # of a lost database each tells at length
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what is worth a word we say ourselves
    engine = _Engine(means, tuple(kinds), concurrency, stop or threading.Event(), say, alarm, on_progress)
    thread = threading.Thread(target=engine.guarded, name="jobs", daemon=True)
    thread.start()
    files = bringing.begin(means, engine.leave, say) if Kind.refresh in kinds else None
    while thread.is_alive() and not engine.leave.wait(STOP_SECONDS):
        pass
    thread.join(LEAVE_SECONDS + GRACE_SECONDS)
    bringing.end(files, engine.leave)
    if engine.errors:
        raise engine.errors[0]


class Hands:
    """Threads that do what a coroutine waits for; a process that ends does not wait for them."""

    def __init__(self, number: int, name: str) -> None:
        self._work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        for one in range(number):
            threading.Thread(target=self._serve, name=f"{name}-{one}", daemon=True).start()

    async def do(self, what: Callable[[], T]) -> T:
        """Have something done; returns or raises what it did."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def call() -> None:
            try:
                result = what()
            except BaseException as error:  # noqa: BLE001 - handed to the coroutine that waits
                self._tell(loop, done, partial(done.set_exception, error))
            else:
                self._tell(loop, done, partial(done.set_result, result))

        self._work.put(call)
        return await done

    def _serve(self) -> None:
        while True:
            self._work.get()()

    @staticmethod
    def _tell(loop: asyncio.AbstractEventLoop, done: "asyncio.Future[Any]", how: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is over: nobody waits any more
            loop.call_soon_threadsafe(lambda: None if done.done() else how())


@dataclass(slots=True)
class _Engine:
    """One process at the queue."""

    means: Means
    kinds: tuple[Kind, ...]
    concurrency: int
    leave: threading.Event
    say: Callable[[str], None]
    alarm: Alarm | None
    on_progress: Progress
    errors: list[BaseException] = field(default_factory=list)
    _rest: dict[UUID, float] = field(default_factory=dict)  # issue -> until when it is left alone, monotonic
    _hands: dict[Kind, Hands] = field(default_factory=dict)
    _looker: Hands = field(default_factory=lambda: Hands(1, "looker"))

    def guarded(self) -> None:
        """Work in a loop of this thread's own; what goes wrong is kept for whoever waits."""
        try:
            asyncio.run(self._main())
        except ConnectorException as error:
            self._fail(Refused(f"The job queue cannot be reached: {_reason(error)}. Start again when it can."))
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits for us
            self._fail(error)
        self.leave.set()

    async def _main(self) -> None:
        asyncio.get_running_loop().set_exception_handler(_silent)
        self._hands = {kind: Hands(self._width(kind), kind.value) for kind in self.kinds}
        app = procrastinate.App(connector=jobs.connector(self.means.database, 2 * len(self.kinds) + 3))
        tasks = self._register(app)
        async with app.open_async():
            workers = [asyncio.create_task(self._serve(app, kind)) for kind in self.kinds]
            sides = [asyncio.create_task(self._first(tasks)), asyncio.create_task(self._look(tasks))]
            everyone = {*workers, *sides}
            while not self.leave.is_set() and not any(one.done() for one in workers):
                await asyncio.sleep(STOP_SECONDS)
                if any(one.done() and not one.cancelled() and one.exception() for one in sides):
                    break
            for one in everyone:
                one.cancel()
            ended = await asyncio.gather(*everyone, return_exceptions=True)
        self._judge(ended)

    def _judge(self, ended: Sequence[Any]) -> None:
        """Raise what ended a worker; that it ended without being told to is a lost connection."""
        for one in ended:
            if isinstance(one, Exception):
                raise one
        if not self.leave.is_set():
            raise Refused("The job queue was lost: the database closed the connection. Start again when it is back.")

    def _width(self, kind: Kind) -> int:
        return self.concurrency if kind is Kind.drain else 1

    async def _serve(self, app: procrastinate.App, kind: Kind) -> None:
        await app.run_worker_async(
            queues=[kind.value],
            name=f"digest-{kind.value}",
            concurrency=self._width(kind),
            fetch_job_polling_interval=FETCH_SECONDS,
            shutdown_graceful_timeout=LEAVE_SECONDS,
            install_signal_handlers=False,
            delete_jobs="always",
        )

    def _register(self, app: procrastinate.App) -> dict[Kind, Any]:
        """Make the tasks. Retries are off, as is Procrastinate's default: what failed is found in the ledger."""

        async def drain(issue: str) -> None:
            await self._drain(tasks[Kind.drain], UUID(issue))

        async def tick(timestamp: int) -> None:  # noqa: ARG001 - periodic tasks are told when they were due
            await self._do(Kind.tick, self._tick)

        async def refresh(timestamp: int) -> None:  # noqa: ARG001
            await self._do(Kind.refresh, self._refresh)

        functions: dict[Kind, Any] = {Kind.drain: drain, Kind.tick: tick, Kind.refresh: refresh}
        tasks: dict[Kind, Any] = {}
        for kind, function in functions.items():
            lock = None if kind is Kind.drain else kind.value
            tasks[kind] = app.task(name=f"digest.{kind.value}", queue=kind.value, queueing_lock=lock)(function)
            if kind in EVERY:
                app.periodic(cron=EVERY[kind])(tasks[kind])
        return tasks

    async def _first(self, tasks: dict[Kind, Any]) -> None:
        """Tick and refresh when a worker starts, not only when the next round of it comes."""
        for kind in EVERY:
            with suppress(AlreadyEnqueued):
                await tasks[kind].defer_async(timestamp=int(time.time()))

    async def _look(self, tasks: dict[Kind, Any]) -> None:
        """Put into the queue what is missing there, from time to time."""
        while Kind.drain in self.kinds:
            await self._defer_missing(tasks[Kind.drain])
            await asyncio.sleep(LOOK_SECONDS)
        await asyncio.Event().wait()

    async def _defer_missing(self, task: Any, only: UUID | None = None) -> None:
        found = await self._looker.do(lambda: missing(self.means.database, self.means.clock.now()))
        for job in found:
            if (only in (None, job.issue_id)) and not self._rests(job.issue_id):
                await _defer(task, job)

    def _rests(self, issue: UUID) -> bool:
        return time.monotonic() < self._rest.get(issue, 0.0)

    async def _drain(self, task: Any, issue: UUID) -> None:
        """Do a share of one issue, and let others join in."""
        if self.leave.is_set() or self._rests(issue):
            return
        await self._do(Kind.drain, lambda: self._share(issue), before=self._defer_missing(task, issue))

    def _share(self, issue: UUID) -> None:
        ended = work.drain(self.means, issue, self.leave, share=local.SHARE, progress=self.on_progress)
        if ended is not Ended.told:
            self._rest[issue] = time.monotonic() + REST_SECONDS

    def _tick(self) -> None:
        for sentence in ticking.tick(self.means, self.alarm):
            self.say(sentence)
        jobs.sweep(self.means.database)

    def _refresh(self) -> None:
        local.refresh(self.means, self.leave, self.say)

    async def _do(self, kind: Kind, what: Callable[[], None], before: Any = None) -> None:
        """Do a job in a thread; an error that no rule foresaw ends this process."""
        try:
            if before is not None:
                await before
            await self._hands[kind].do(what)
        except Exception as error:  # noqa: BLE001 - handed to the thread that waits for us
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self.errors.append(error)
        self.leave.set()


def lock_of(job: Job) -> str:
    """Return the name under which at most one job of an issue waits."""
    return f"{job.kind.value} {job.issue_id}"


def missing(database: Database, now: datetime) -> list[Job]:
    """Return the drains that are due and that no job waits for."""
    due = [job for job in work.due(database, now) if job.kind is Kind.drain]
    locks = jobs.waiting(database) if due else frozenset()
    return [job for job in due if lock_of(job) not in locks]


async def _defer(task: Any, job: Job) -> None:
    with suppress(AlreadyEnqueued):
        await task.configure(queueing_lock=lock_of(job)).defer_async(issue=str(job.issue_id))


def _silent(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Say nothing of jobs that nobody waits for any more, after a lost connection: the workers' end tells it."""
    if not isinstance(context.get("exception"), ConnectorException):
        loop.default_exception_handler(context)


def _reason(error: BaseException) -> str:
    cause = error.__cause__ or error
    return " ".join(str(cause).split()).rstrip(".") or type(cause).__name__
