"""Measures the freeze of an issue on SQLite and PostgreSQL, and how long its longest transaction held the lock."""

import tempfile

from digest.rendering.urls import Urls
from digest.sending import freezing
from tests.benchmarks.bench_events import postgres
from tests.benchmarks.measured import Watched, made, say, timed
from tests.conftest import KEYS, NOW

READERS, GROWN = 100_000, 1_000_000


def main(count: int = READERS) -> None:
    """Print both figures."""
    with tempfile.TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite:///{folder}/bench.db", count)
    with postgres() as url:
        measure("PostgreSQL", url, count)


def measure(kind: str, url: str, count: int) -> None:
    """Print what a freeze takes on one database."""
    room = made(url, count)
    database = Watched(url)
    urls = Urls("https://digest.example.org", KEYS)
    taken = timed(lambda: freezing.freeze(database, room.issue_id, at=NOW, urls=urls, progress=lambda _: None))
    held = database.longest
    say(
        f"freeze, {kind}: {count:,} deliveries in {taken.clock:.2f} s ({count / taken.clock:,.0f} a second; CPU here "
        f"{taken.cpu:.2f} s); longest transaction {held.clock * 1000:.0f} ms (CPU here {held.cpu * 1000:.0f} ms)"
    )
    database.close()


if __name__ == "__main__":
    main()
