"""Bringing a database to the newest revision, and refusing to work where this release and the database do not fit.

A database that is behind is refused. One that is ahead was upgraded by a newer release: its row of ``compatibility``
names the oldest release that may go on beside that one, so that workers can be replaced one after the other.
A migration that older releases can live with says so by ``oldest = "0009"``, the newest revision such a release knows;
one that says nothing lets only its own release and newer ones work.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import inspect, select, text, update

from digest.database import Database
from digest.engine import jobs
from digest.engine.models import Compatibility
from digest.errors import Refused
from digest.sending.bulk import insert_ignoring
from digest.sending.models import table

MARK = table(Compatibility)
LOCK: Final = 4_027_009  # of PostgreSQL's advisory locks: ours for upgrading


def _config(database: Database | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "digest:migrations")
    if database is not None:
        config.attributes["engine"] = database.engine
    return config


def newest() -> str | None:
    """Return the newest revision this release knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current(database: Database) -> str | None:
    """Return the revision a database is at; None for an empty one."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def oldest(database: Database) -> str | None:
    """Return the newest revision that a release must know at least to work on a database; None: it does not say."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table(MARK.name):
            return None
        found: str | None = connection.execute(select(MARK.c.oldest)).scalar()
        return found


def upgrade(database: Database) -> dict[str, Any]:
    """Bring a database to the newest revision; safe to repeat, and by many at once.

    Returns the revisions before and after, and on PostgreSQL what the job queue is at. Refused where a newer release
    was here.
    """
    with _alone(database):
        before, there = current(database), newest()
        if _is_ahead(before, there):
            raise Refused(
                f"The database is at revision {before}, of a newer release; this one knows {there}. "
                "Install that release, or a newer one."
            )
        command.upgrade(_config(database), "head")
        _mark(database, before)
        queue = {} if database.is_sqlite else {"jobs": jobs.prepare(database)}
        return {"before": before, "after": current(database), **queue}


def require_current(database: Database) -> None:
    """Refuse to work on a database that is behind, or that a newer release keeps for itself."""
    here, there = current(database), newest()
    if here == there:
        return
    if not _is_ahead(here, there):
        state = "is empty" if here is None else f"is at revision {here}, this release needs {there}"
        raise Refused(f"The database {state}. Run `digest database upgrade` (or `digest init` for a new one).")
    least = oldest(database) or str(here)
    if str(there) < least:
        raise Refused(
            f"The database is at revision {here}, of a newer release, beside which only a release that knows {least} "
            f"may work; this one knows {there}. Install the newer release here."
        )


def wanted(scripts: Iterable[Script], before: str) -> str:
    """Return the oldest release that may work after these migrations: the strictest word among them. Pure."""
    return max([before, *(str(getattr(one.module, "oldest", one.revision)) for one in scripts)])


def _is_ahead(here: str | None, there: str | None) -> bool:
    return here is not None and there is not None and here > there


def _mark(database: Database, before: str | None) -> None:
    scripts = ScriptDirectory.from_config(_config()).iterate_revisions("head", before or "base")
    least = wanted(scripts, oldest(database) or "")
    with database.writing() as session:
        insert_ignoring(session, MARK, [{"id": 1, "oldest": least}])
        session.execute(update(MARK).values(oldest=least))


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """Let one after the other upgrade a PostgreSQL that several machines start on at once."""
    if database.is_sqlite:
        yield
        return
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
