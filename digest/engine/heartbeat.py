"""Heartbeats: who is at work on this database. One SQLite file belongs to one machine, and a second one is refused."""

import os
import platform
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import RowMapping, and_, delete, insert, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from digest.database import Database
from digest.engine.models import Heartbeat
from digest.errors import DigestError, Refused
from digest.sending.bulk import rowcount
from digest.sending.models import table

BEAT: Final = table(Heartbeat)
BEAT_SECONDS: Final = 15.0
ALIVE: Final = timedelta(seconds=60)  # who was not heard of for so long is not taken for at work
FORGOTTEN: Final = timedelta(minutes=10)  # rows of our own machine, or on PostgreSQL, that old are swept
TAKEN_OVER: Final = (
    "Another machine took this database over (--take-over), or it was restored from a backup. This one leaves: "
    "two machines on one SQLite file would break it."
)


@dataclass(frozen=True, slots=True)
class Host:
    """One machine. What runs on one kernel, in whatever container, may share a SQLite file."""

    machine: str
    boot: str
    name: str

    def is_same(self, row: RowMapping) -> bool:
        """Return whether a heartbeat is of this machine: its kernel, or the same machine before it started anew."""
        return bool(self.boot == row["boot"] or self.machine == row["machine"])


def this_host() -> Host:
    """Return the machine we run on (machine-id(5); /proc/sys/kernel/random/boot_id: random(4))."""
    name = platform.node() or "unnamed"
    machine = _first_line("/etc/machine-id") or name
    return Host(machine, _first_line("/proc/sys/kernel/random/boot_id") or name, name)


def release() -> str:
    """Return the version of this release."""
    try:
        return version("digest-mailer")
    except PackageNotFoundError:  # run from a folder that nobody installed
        return "unknown"


@contextmanager
def beating(
    database: Database,
    *,
    what: str,
    lost: Callable[[str], None],
    take_over: bool = False,
    check: Callable[[], None] = lambda: None,
    host: Host | None = None,
    seconds: float = BEAT_SECONDS,
) -> Iterator[None]:
    """Be known to be at work while this lasts; afterwards, in order, no longer.

    ``lost``: told, in a sentence, when this process must leave: another machine took the SQLite file over, or
    ``check`` raised a DigestError (the database was upgraded to what this release does not know). Raises Refused
    where another machine is at work on this SQLite file, unless ``take_over``.
    """
    own = begin(database, what=what, take_over=take_over, host=host or this_host())
    over = threading.Event()

    def beat() -> None:
        while not over.wait(seconds):
            reason = _beat(database, own, check)
            if reason:
                lost(reason)
                return

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(1.0)
        with suppress(DBAPIError, TimeoutError):  # the database may be what we leave for
            end(database, own["id"])


def begin(database: Database, *, what: str, host: Host, take_over: bool = False) -> dict[str, Any]:
    """Write down that this process is at work; returns its row. Raises Refused, naming the other machine."""
    with database.writing() as session:
        now = database.now(session)
        rows = session.execute(select(BEAT).order_by(BEAT.c.beat_at.desc())).mappings().all()
        others = [row for row in rows if database.is_sqlite and not host.is_same(row)]
        if others and not take_over:
            raise Refused(_another(others[0], now))
        gone = BEAT.c.id.in_([row["id"] for row in others])
        mine = and_(BEAT.c.beat_at < now - FORGOTTEN, BEAT.c.id.not_in([row["id"] for row in others]))
        session.execute(delete(BEAT).where(or_(gone, mine)))
        own = {"id": uuid4(), "machine": host.machine, "boot": host.boot, "name": host.name, "process": os.getpid()}
        row = own | {"what": what, "release": release(), "begun_at": now, "beat_at": now}
        session.execute(insert(BEAT), [row])
    return row


def end(database: Database, own: UUID) -> None:
    """Write down that a process has left."""
    with database.writing() as session:
        session.execute(delete(BEAT).where(BEAT.c.id == own))


def at_work(session: Session, now: datetime) -> list[RowMapping]:
    """Return the processes that were heard of lately, the longest at work first: name, process, what, release."""
    query = select(BEAT).where(BEAT.c.beat_at >= now - ALIVE).order_by(BEAT.c.begun_at)
    return list(session.execute(query).mappings().all())


def forget_all(session: Session) -> int:
    """Forget who was at work when a backup was made; returns how many. Who still is leaves (SQLite) or says so anew."""
    return rowcount(session.execute(delete(BEAT)))


def _beat(database: Database, own: dict[str, Any], check: Callable[[], None]) -> str:
    """Beat once; returns why this process must leave, "" where it may stay. A database that is away is asked later."""
    try:
        with database.writing() as session:
            now = database.now(session)
            if not rowcount(session.execute(update(BEAT).where(BEAT.c.id == own["id"]).values(beat_at=now))):
                if database.is_sqlite:
                    return TAKEN_OVER
                session.execute(insert(BEAT), [own | {"beat_at": now}])
        check()
    except DigestError as error:
        return str(error)
    except (DBAPIError, TimeoutError):
        return ""
    return ""


def _another(row: RowMapping, now: datetime) -> str:
    ago = max(0, int((now - row["beat_at"]).total_seconds()))
    return (
        f"Another machine works on this SQLite file: {row['name']} (process {row['process']}, {row['what']}), last "
        f"heard of {ago:,} s ago. One file belongs to one machine. Stop it there first; where it crashed or is gone "
        "for good, start here with `digest worker --take-over`. For many machines move to PostgreSQL: "
        "digest database copy --to postgresql://..."
    )


def _first_line(path: str) -> str:
    with suppress(OSError, UnicodeDecodeError):
        return Path(path).read_text(encoding="ascii").strip()
    return ""
