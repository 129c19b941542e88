"""Databases for tests by the hundred: each is a copy of one that was made the real way, once for each process."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from sqlalchemy import create_engine, delete, text

from digest import migrating
from digest.clock import Clock
from digest.database import Database
from digest.tables import METADATA

Make = Callable[[Database], object]


def tables(database: Database) -> None:
    """Make all tables, as the models have them."""
    METADATA.create_all(database.engine)


def migrated(database: Database) -> None:
    """Make all tables, as the migrations leave them."""
    migrating.upgrade(database)


def copy(path: Path, make: Make = tables) -> str:
    """Put an SQLite database where none is; returns its URL."""
    assert not path.exists(), f"{path} is there already."
    path.write_bytes(_template(make))
    return f"sqlite:///{path}"


def opened(path: Path, clock: Clock | None = None) -> Database:
    """Return an SQLite database with all tables, in a new file."""
    return Database(copy(path), clock)


def become(database: Database, make: Make) -> None:
    """Let a database that nobody wrote to yet be as ``make`` leaves it: by a copy, where it is an SQLite file."""
    path = Path(database.engine.url.database or "")
    database.close()
    if database.is_sqlite and path.is_file() and path.read_bytes() == _template(tables):
        path.write_bytes(_template(make))
    else:
        make(database)


def emptied(database: Database) -> None:
    """Delete all rows of a database."""
    with database.writing() as session:
        for table in reversed(METADATA.sorted_tables):
            session.execute(delete(table))


@cache
def _template(make: Make) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        made = Database(f"sqlite:///{path}")
        make(made)
        made.close()
        return path.read_bytes()


class Server:
    """A PostgreSQL server that makes databases: empty, or as copies of a template that it keeps."""

    def __init__(self, url: str) -> None:
        self._url = url
        driver = url.replace("postgresql://", "postgresql+psycopg://")
        self._admin = create_engine(driver, isolation_level="AUTOCOMMIT")
        self._templates: dict[Make, str] = {}
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):  # nobody needs it after a loss of power
            self._say(f"ALTER SYSTEM SET {setting} = off")
        self._say("SELECT pg_reload_conf()")

    def new(self, make: Make | None = None) -> str:
        """Make a database, empty or made in a way; returns its name."""
        return self._new("template1" if make is None else self._template(make))

    def url(self, name: str) -> str:
        """Return the URL of a database."""
        return self._url.replace("/postgres?", f"/{name}?", 1)

    def drop(self, name: str) -> None:
        """Take a database away, whoever is still connected to it."""
        self._say(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Give the connections back."""
        self._admin.dispose()

    def _template(self, make: Make) -> str:
        if make not in self._templates:
            self._templates[make] = name = self._new("template1")
            filled = Database(self.url(name))
            make(filled)
            filled.close()
        return self._templates[make]

    def _new(self, template: str) -> str:
        name = f"t{uuid4().hex}"
        self._say(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _say(self, words: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(words))
