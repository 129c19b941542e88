"""Measures how long `digest worker` takes from its start to its first claim, beside a Python that does nothing."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from digest.database import Database
from digest.rendering.urls import Urls
from digest.sending import freezing
from tests.benchmarks.measured import made, say
from tests.conftest import KEYS, NOW, STRONG

TIMES = 3
LONGEST = 60.0  # seconds


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare = min(start([sys.executable, "-c", "pass"], folder) for _ in range(TIMES))
        claims, cpu = zip(*(claimed(folder / str(one)) for one in range(TIMES)), strict=True)
        say(
            f"worker: first claim {min(claims):.2f} s after its start ({min(cpu):.2f} s CPU until it is done); "
            f"python -c pass takes {bare:.3f} s: {min(claims) / bare:.0f}x"
        )


def start(command: list[str], folder: Path) -> float:
    """Run a command to its end; returns the seconds."""
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True)  # noqa: S603 - our own Python
    return time.perf_counter() - begun


def claimed(folder: Path) -> tuple[float, float]:
    """Start a worker where an issue waits; returns the seconds until its first claim, and those of CPU it took."""
    folder.mkdir()
    url = f"sqlite:///{folder}/bench.db"
    room = made(url, 10)
    database = Database(url)
    urls = Urls("https://digest.example.org", KEYS)
    freezing.freeze(database, room.issue_id, at=NOW, urls=urls, progress=lambda _: None)
    database.close()
    before = getrusage(RUSAGE_CHILDREN)
    begun = time.perf_counter()
    command = [sys.executable, "-m", "digest", "worker", "--until-idle"]
    log = folder / "worker.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=folder, env=environment(url), stdout=out, stderr=out
        )
        first = until(lambda: batches(folder) > 0)
        process.wait()
    after = getrusage(RUSAGE_CHILDREN)
    if first is None:
        raise RuntimeError(f"The worker claimed nothing: {log.read_text()}")
    return first - begun, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def environment(url: str) -> dict[str, str]:
    """Return what a worker is told by its environment."""
    keys = {f"DIGEST_{name}": STRONG for name in ("SECRET_KEY", "ADDRESS_KEY")}
    paths = os.pathsep.join([str(Path.cwd()), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, **keys, "PYTHONPATH": paths, "DIGEST_DATABASE_URL": url, "DIGEST_PROVIDER": "outbox"}


def batches(folder: Path) -> int:
    """Return how many batches there are."""
    connection = sqlite3.connect(folder / "bench.db", timeout=1)
    found = connection.execute("SELECT count(*) FROM batch").fetchone()[0]
    connection.close()
    return int(found)


def until(holds: Callable[[], bool]) -> float | None:
    """Wait for something; returns the moment of the clock, None if it never came."""
    last = time.perf_counter() + LONGEST
    while not holds():
        if time.perf_counter() > last:
            return None
        time.sleep(0.005)
    return time.perf_counter()


if __name__ == "__main__":
    main()
