"""What several benchmarks share: readers by the million in a moment, clocks, and what a process takes."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter, process_time, thread_time

from sqlalchemy import text
from sqlmodel import Session

from digest import migrating
from digest.database import Database
from tests.conftest import NOW
from tests.sending import newsroom
from tests.sending.newsroom import FAMILY, Newsroom

_NUMBERS = {
    True: "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) {insert} FROM n WHERE true",
    False: "{insert} FROM generate_series(1, :count) AS n(i)",
}
_INSERTS = {
    "subscriber": (
        "INSERT INTO subscriber (id, ref, address, address_key, name, language, zone, created_at) SELECT i, {ref}, "
        "'reader.' || i || '@mail' || (i % 5000) || '.example.org', 'key ' || i, "
        "CASE i % 4 WHEN 0 THEN '' WHEN 1 THEN 'Name' || (i % 977) WHEN 2 THEN 'Bj\u00f6rn' ELSE 'Q\"uote <b>' END, "
        "'en', '', {at}"
    ),
    "subscription": (
        "INSERT INTO subscription (subscriber_id, list_id, state, position, changed_at) "
        "SELECT i, :list, 'confirmed', 0, {at}"
    ),
    "audience": (
        "INSERT INTO subscriberaudience (family, subscriber_id, audience_id) SELECT CAST(:family AS varchar), i, "
        "CAST(:audience AS integer)"
    ),
}
_WORDS = "<p>A paragraph of a story, as long as a standfirst is, with a link to read on.</p>\n"
LIST = "caucasus"


def made(url: str, count: int) -> Newsroom:
    """Make a database with an approved issue of one edition of 40 KB, and so many readers of it."""
    database = Database(url)
    migrating.upgrade(database)
    room = newsroom.make(database, readers=0, at=NOW)
    with database.writing() as session:
        _add_readers(session, count, room.audiences[0], sqlite=database.is_sqlite)
        longer = {"html": newsroom.HTML.replace("</body>", _WORDS * 500 + "</body>")}
        session.execute(text("UPDATE edition SET html = :html"), longer)
    if not database.is_sqlite:
        with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))
    database.close()
    return room


def _add_readers(session: Session, count: int, audience: int, *, sqlite: bool) -> None:
    ref = "printf('%032x', i)" if sqlite else "CAST(lpad(to_hex(i), 32, '0') AS uuid)"
    at = _as_sql(NOW, sqlite=sqlite)
    for insert in _INSERTS.values():
        statement = _NUMBERS[sqlite].format(insert=insert.format(ref=ref, at=at))
        given = {"count": count, "list": LIST, "family": FAMILY, "audience": audience}
        session.execute(text(statement), {name: given[name] for name in given if f":{name}" in statement})


def _as_sql(moment: datetime, *, sqlite: bool) -> str:
    return f"'{moment:%Y-%m-%d %H:%M:%S}.000000'" if sqlite else f"CAST('{moment.isoformat()}' AS timestamptz)"


@dataclass(frozen=True, slots=True)
class Taken:
    """What something took, in seconds."""

    clock: float
    cpu: float


def timed(work: Callable[[], object]) -> Taken:
    """Return what something took: of the clock, and of this process's CPU."""
    clock, cpu = perf_counter(), process_time()
    work()
    return Taken(perf_counter() - clock, process_time() - cpu)


class Watched(Database):
    """A database that notes how long its longest writing transaction held the lock, by the clock and by the CPU."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.longest = Taken(0, 0)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session that writes, and look at the clock before and after."""
        with super().writing() as session:
            clock, cpu = perf_counter(), thread_time()
            yield session
        held = Taken(perf_counter() - clock, thread_time() - cpu)
        self.longest = max(self.longest, held, key=lambda one: one.clock)


def memory() -> float:
    """Return the most memory that this process ever had, in MB.

    Linux's own figure: ``getrusage`` begins with that of the process which started it.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
