"""The harness's side of the nursery: starting, killing and watching worker processes, and giving commands."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.chaos.nursery import DIED
from tests.chaos.plan import Death, Plan

ROOT = Path(__file__).parents[2]
LEAVE = 10.0  # seconds a worker may take when it is told to leave
PATIENCE = 120.0  # for what takes a moment on an idle machine


class Nursery:
    """One nursery process. Thread-safe."""

    def __init__(self) -> None:
        """Start it, and wait until the product is loaded."""
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.chaos.nursery"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdin
        assert self._process.stdout
        self._orders, self._answers = self._process.stdin, self._process.stdout
        assert self._answers.readline() == "ready\n", "the nursery did not start"

    def order(self, **order: Any) -> Any:
        """Give an order; returns the answer."""
        with self._lock:
            self._orders.write(json.dumps(order) + "\n")
            self._orders.flush()
            return json.loads(self._answers.readline())

    def close(self) -> None:
        """End it, and all its children."""
        self._orders.close()
        self._process.wait(timeout=30)
        self._answers.close()


@dataclass
class Child:
    """A process of the product."""

    nursery: Nursery
    pid: int
    log: Path

    def ended(self) -> int | None:
        """Return its exit code, or minus the signal that ended it; None while it lives."""
        code: int | None = self.nursery.order(do="look", pid=self.pid)
        return code

    def wait(self, seconds: float = PATIENCE) -> int:
        """Wait for its end; returns its exit code."""
        until = time.monotonic() + seconds
        while (code := self.ended()) is None:
            assert time.monotonic() < until, f"process {self.pid} did not end within {seconds:g} s\n{tail(self.log)}"
            time.sleep(0.02)
        return code

    def is_at_work(self) -> bool:
        """Return whether it said that it began."""
        return self.log.exists() and self.log.stat().st_size > 0

    def kill(self) -> float:
        """Kill it as a power cut does; returns when."""
        at = time.time()
        if self.ended() is None:
            os.kill(self.pid, signal.SIGKILL)
        self.wait()
        return at

    def leave(self) -> float:
        """Tell it to leave; returns how many seconds that took. One that killed itself just then took none.

        The time for which it was ready to go on, and a busy machine did not let it, does not count.
        """
        began, before = time.monotonic(), self._kept_waiting()
        if self.ended() is None:
            os.kill(self.pid, signal.SIGTERM)
        kept = before
        while self.ended() is None and time.monotonic() - began < PATIENCE:
            kept = max(kept, self._kept_waiting())
            time.sleep(0.02)
        code = self.wait()
        taken = max(0.0, time.monotonic() - began - (kept - before))
        allowed = {0, -signal.SIGKILL} if self.is_at_work() else {0, -signal.SIGKILL, -signal.SIGTERM}
        assert code in allowed, f"Told to leave, a worker ended with {code}.\n{tail(self.log)}"
        return taken

    def _kept_waiting(self) -> float:
        """Return for how many seconds its threads, together, waited for a processor (Linux); else 0."""
        kept = 0
        for one in Path(f"/proc/{self.pid}/task").glob("*/schedstat"):
            with suppress(OSError):  # the thread is over
                kept += int(one.read_text().split()[1])
        return kept / 1e9


def start(
    nursery: Nursery, plan: Plan, folder: Path, log: Path, death: Death | None, *arguments: str, **world: Any
) -> Child:
    """Start a process of the product. ``world``: what is other than usual around it, see ``worlds``."""
    pid = nursery.order(
        do="start", folder=str(folder), log=str(log), arguments=arguments, chunk=plan.chunk, share=plan.share,
        provider=plan.provider, per_call=plan.per_call, window=plan.window,
        point=death.point if death else "", nth=death.nth if death else 0, world=world,
    )  # fmt: skip
    return Child(nursery, pid, log)


def deaths(log: Path) -> list[tuple[float, str]]:
    """Return when processes that wrote to a log killed themselves, and where."""
    lines = log.read_text().splitlines() if log.exists() else []
    found = [line.split(" ", 2) for line in lines if line.startswith(DIED)]
    return [(float(when), point) for _, when, point in found]


def tail(log: Path) -> str:
    """Return the end of a log."""
    return "\n".join(log.read_text().splitlines()[-40:]) if log.exists() else ""
