"""The database: short transactions, of two kinds, on SQLite or PostgreSQL.

``reading()`` is deferred and never writes. ``writing()`` takes the write lock at once (BEGIN IMMEDIATE on
SQLite), because a deferred transaction that reads and then writes can fail with "database is locked" at any
time. No transaction may stay open while something outside the database is being waited for.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Lock
from typing import Any

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlmodel import Session

from digest.clock import Clock, SystemClock
from digest.errors import SettingsError

BUSY_TIMEOUT_MS = 30_000
CACHE_KIB = 40_960  # of a connection; what a worker holds in memory is mostly this
SILENCE_MS = 15_000  # so long a transaction that writes may be idle on PostgreSQL; ours are over in far less
NETWORK: dict[str, int] = {  # seconds, but for the last: milliseconds
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


JSON: dict[str, Any] = {  # a draft writes and reads tens of thousands of small values: a third of its time
    "json_serializer": _json,
    "json_deserializer": orjson.loads,
}


class Database:
    """One database, and how to talk to it.

    ``url``: an SQLAlchemy URL; ``sqlite:///digest.db`` or ``postgresql://...`` (psycopg 3 is used).
    ``clock``: whose time ``now()`` gives on SQLite. On PostgreSQL leases use the server's clock, since many
    machines share it, unless a clock was handed in (as tests do).
    """

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        self.url = url
        self._clock = clock
        self.engine = _engine(url)
        self._writing = self.engine.execution_options(digest_writes=True)
        self._writer = Lock()

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite, and so one machine only."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that only reads; what it loaded can be looked at afterwards."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session  # closing rolls back, and lets the objects go as they are

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a session that writes; commits at the end, or undoes all if anything is raised."""
        with self._turn(), Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let the threads of this process write to SQLite one after the other: its own waiting sleeps up to 0.1 s."""
        if not self.is_sqlite:
            yield
            return
        if not self._writer.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
            raise TimeoutError(f"No thread gave the write lock back in {BUSY_TIMEOUT_MS / 1000:g} s.")
        try:
            yield
        finally:
            self._writer.release()

    def now(self, session: Session | None = None) -> datetime:
        """Return the instant that leases are measured by: the server's on PostgreSQL, else the clock's."""
        if self._clock is None and not self.is_sqlite and session is not None:
            moment: datetime = session.connection().execute(text("SELECT clock_timestamp()")).scalar_one()
            return moment.astimezone(UTC)
        return (self._clock or SystemClock()).now()

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:  # the address itself is not shown: it may hold a password
        message = (
            "DATABASE_URL is not a database address. Write sqlite:///digest.db or postgresql://user@host:5432/name."
        )
        raise SettingsError(message) from error
    if parsed.get_backend_name() == "postgresql":
        return _postgresql(parsed)
    if parsed.get_backend_name() != "sqlite":
        message = f"DATABASE_URL names {parsed.get_backend_name()!r}; only SQLite and PostgreSQL are supported."
        raise SettingsError(message)
    waits = {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}
    engine = create_engine(parsed, connect_args=waits, **JSON)
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgresql(url: URL) -> Engine:
    """Return an engine that finds out within half a minute that the network is gone (libpq's connection parameters)."""
    patience = {name: value for name, value in NETWORK.items() if name not in url.query}
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=20, connect_args=patience, **JSON
    )
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _begin_postgresql(connection: Connection) -> None:
    """Let the server end a transaction whose writer fell silent: else what it has locked would hold up all others."""
    if connection.get_execution_options().get("digest_writes", False):
        connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {SILENCE_MS}")


def _set_pragmas(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"cache_size=-{CACHE_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("digest_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
