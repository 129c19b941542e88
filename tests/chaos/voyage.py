"""One run: an issue is frozen and sent by workers that are killed, by an API that fails, while readers leave."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid5

import subscribers
from digest.clock import SystemClock
from tests.chaos import invariants, workers
from tests.chaos.api import Api
from tests.chaos.invariants import Story
from tests.chaos.places import Place
from tests.chaos.plan import Action, Deed, Plan
from tests.chaos.workers import LEAVE as LEAVES
from tests.chaos.workers import Child, Nursery
from tests.sending import newsroom

OVER = {"sent", "cancelled"}
STANDS = {"held", "paused"}
CALLED = 5.0  # seconds in which the first call is made
QUEUES = ("--queues", "drain,tick")
LIMIT = 120.0  # seconds in which what is left is sent on an idle machine, many times over


@dataclass
class Report:
    """How a run went."""

    seed: int
    place: str
    plan: Plan
    queued: bool
    broken: list[str] = field(default_factory=list)
    states: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)  # requests by what they met
    deaths: Counter[str] = field(default_factory=Counter)  # kills by where or how
    deeds: Counter[str] = field(default_factory=Counter)
    slow: int = 0  # readers of calls that this machine, not the plan, answered so late that nobody may have waited
    seconds: float = 0.0

    def sentence(self) -> str:
        """Return what is wrong, and how to see it again."""
        again = f"python -m tests.chaos --seed {self.seed} --runs 1 --on {self.place}"
        return f"seed {self.seed} on {self.place}: {' '.join(self.broken)}\n    again: {again}\n    {self.plan}"


@dataclass
class Voyage:
    """A run under way."""

    plan: Plan
    place: Place
    api: Api
    nursery: Nursery
    report: Report
    story: Story = field(default_factory=Story)
    crew: list[Child] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)  # all that were ever started
    born: int = 0
    logs: list[Path] = field(default_factory=list)
    deeds: Counter[str] = field(default_factory=Counter)

    def start(self, *options: str, may_die: bool = True, folder: Path | None = None, **world: Any) -> Child:
        """Start a worker; the first few of a run may be told where to die.

        ``folder``: of its settings, if they are its own; ``world``: see ``worlds``.
        """
        due = self.plan.deaths[self.born] if may_die and self.born < len(self.plan.deaths) else None
        self.born += 1
        log = self.place.folder / f"worker-{self.born}.log"
        self.logs.append(log)
        given = ["--concurrency", str(self.plan.threads), *(options or QUEUES * self.report.queued)]
        home = folder or self.place.folder
        self.children.append(workers.start(self.nursery, self.plan, home, log, due, "worker", *given, **world))
        return self.children[-1]

    def command(self, *arguments: str, **world: Any) -> None:
        """Give a command of the product, which may be refused with a sentence."""
        log = self.place.folder / f"command-{len(self.logs)}.log"
        self.logs.append(log)
        child = workers.start(self.nursery, self.plan, self.place.folder, log, None, *arguments, **world)
        code = child.wait()
        assert code in {0, 1}, f"{' '.join(arguments)} ended with {code}\n{workers.tail(log)}"

    def until(self, what: Callable[[], bool]) -> None:
        """Wait until something holds."""
        last = time.monotonic() + LIMIT
        while not what():
            assert time.monotonic() < last, self._where()
            time.sleep(0.02)

    def until_called(self, count: int) -> None:
        """Wait until the API saw so many requests."""
        self.until(lambda: self.api.requests >= count)

    def stopped(self, child: Child) -> str:
        """Return what a worker said that stopped by itself, refused, with a sentence."""
        code = child.wait()
        self.story.kills.append(time.time())
        said = child.log.read_text()
        assert code == 1, f"A worker ended with {code}.\n{said}"
        assert "Traceback" not in said, said
        return said

    def keep_up(self) -> None:
        """Start a worker for each that is gone; one that ended by itself is a failure."""
        for place, child in enumerate(self.crew):
            code = child.ended()
            if code is not None:
                assert code < 0, f"A worker ended by itself with {code}.\n{workers.tail(child.log)}"
                self.crew[place] = self.start()

    def status(self) -> str:
        """Return the issue's status; "held" where it stands for a reason."""
        issue = newsroom.issue(self.place.database)
        return "held" if issue.held and issue.status not in OVER else str(issue.status)

    def is_done(self) -> bool:
        """Return whether nothing of the issue is left to do."""
        if self.status() not in OVER:
            return False
        rows = newsroom.rows_of(self.place.database, newsroom.DELIVERY)
        return all(row.state in invariants.FINAL for row in rows)

    def sail(self) -> None:
        """Do what the plan says."""
        self.crew = [self.start() for _ in range(self.plan.workers)]
        for action in self.plan.actions:
            self._wait_for(action)
            self.keep_up()
            self.deeds[action.deed.value] += 1
            self._do(action)
        self._wait_for_work()
        self._wait_for_requests(1, CALLED)
        until = time.monotonic() + 1.5 + (self.plan.wave or 0.0)
        while time.monotonic() < until and self.status() not in (*OVER, *STANDS):
            self.keep_up()
            time.sleep(0.1)
        if self.plan.killed_at_end:
            self._kill_all()
        else:
            self._dismiss()
        said = invariants.sums(self.place.database)
        assert not said, said

    def come_home(self) -> None:
        """Let one worker do all that is left, with an API that works."""
        self.api.faults = {}
        self.api.latency = 0.0
        self.crew = [self.start(may_die=False)]
        until = time.monotonic() + LIMIT
        while not self.is_done():
            assert time.monotonic() < until, f"It is not over after {LIMIT:g} s: {self._where()}"
            if self.status() in STANDS:
                self.command("issues", "resume", "1")
            self.keep_up()
            time.sleep(0.1)
        self._dismiss()

    def _wait_for(self, action: Action) -> None:
        if not action.hasty:
            self._wait_for_work()
        self._wait_for_requests(action.after, self.plan.patience)
        time.sleep(action.delay)

    def _wait_for_requests(self, count: int, patience: float) -> None:
        """Wait until the API saw so many requests; not where nothing will come."""
        until = time.monotonic() + patience
        while self.api.requests < count and time.monotonic() < until and self.status() not in (*OVER, *STANDS):
            self.keep_up()
            for _ in range(5):  # to look at the database costs more than all the rest
                if self.api.requests < count:
                    time.sleep(0.01)

    def _wait_for_work(self) -> None:
        """Wait until a worker is at work, if that takes no longer than it may."""
        until = time.monotonic() + 5.0
        while not any(child.is_at_work() for child in self.crew) and time.monotonic() < until:
            self.keep_up()
            time.sleep(0.02)

    def _do(self, action: Action) -> None:
        deed, number = action.deed, action.number
        if deed is Deed.kill:
            self.story.kills.append(self.crew[number].kill())
            self.crew[number] = self.start()
        elif deed is Deed.kill_all:
            self._kill_all()
            self.crew = [self.start() for _ in range(self.plan.workers)]
        elif deed is Deed.term:
            self._leave(self.crew[number])
            self.crew[number] = self.start()
        elif deed in {Deed.leave, Deed.suppress}:
            self._lose(number, deed)
        elif deed is Deed.come:
            self._gain(number)
        else:
            self.command("issues", deed.value, "1")

    def _kill_all(self) -> None:
        for child in self.crew:
            self.story.kills.append(child.kill())

    def _dismiss(self) -> None:
        for child in self.crew:
            self._leave(child)

    def _leave(self, child: Child) -> None:
        seconds = child.leave()
        assert seconds <= LEAVES + 1, f"A worker took {seconds:.1f} s to leave.\n{workers.tail(child.log)}"

    def _lose(self, count: int, deed: Deed) -> None:
        """Let some readers go, each by a change of their own; after it is committed, nothing may be handed over."""
        chance = random.Random(f"{self.plan.seed}.{self.api.requests}.{deed}")  # noqa: S311
        there = sorted(set(range(1, self.plan.readers + 1)) - self.story.left.keys())
        for reader in chance.sample(there, min(count, len(there))):
            with self.place.database.writing() as session:
                at = SystemClock().now()
                if deed is Deed.leave:
                    ref = str(uuid5(newsroom.SPACE, f"reader {reader}"))
                    subscribers.end(session, ref=ref, family=newsroom.FAMILY, list_id=None, at=at, source="page")
                else:
                    subscribers.suppress_key(session, f"key-{reader}", "by_hand", at)
            self.story.left[reader] = time.time()

    def _gain(self, count: int) -> None:
        room = self.place.room
        with self.place.database.writing() as session:
            newsroom.add_readers(session, count, self.plan.sets, room.audiences, at=SystemClock().now())
        highest = max(self.story.joined, default=self.plan.readers)
        self.story.joined |= set(range(highest + 1, highest + 1 + count))

    def _where(self) -> str:
        rows = newsroom.rows_of(self.place.database, newsroom.DELIVERY)
        batches = [
            (row.number, row.state, row.attempts, row.error)
            for row in newsroom.rows_of(self.place.database, newsroom.BATCH)
            if row.settled_at is None
        ]
        said = workers.tail(self.logs[-1]) + (workers.tail(self.crew[0].log) if self.crew else "")
        issue = newsroom.issue(self.place.database)
        states = Counter(row.state for row in rows)
        return f"{issue.status} (held: {issue.held!r}), {states}, open batches {batches}\n{said}"
