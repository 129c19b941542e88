"""Bringing a database to the newest revision, and refusing to work on an old one."""

from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from digest.database import Database
from digest.errors import Refused


def _config(database: Database) -> Config:
    config = Config()
    config.set_main_option("script_location", "digest:migrations")
    config.attributes["engine"] = database.engine
    return config


def newest() -> str | None:
    """Return the newest revision this release knows."""
    config = Config()
    config.set_main_option("script_location", "digest:migrations")
    return ScriptDirectory.from_config(config).get_current_head()


def current(database: Database) -> str | None:
    """Return the revision a database is at; None for an empty one."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(database: Database) -> dict[str, Any]:
    """Bring a database to the newest revision; safe to repeat. Returns the revisions before and after."""
    before = current(database)
    command.upgrade(_config(database), "head")
    return {"before": before, "after": current(database)}


def require_current(database: Database) -> None:
    """Refuse to work on a database that is not at the newest revision."""
    here, there = current(database), newest()
    if here != there:
        state = "is empty" if here is None else f"is at revision {here}, this release needs {there}"
        raise Refused(f"The database {state}. Run `digest database upgrade` (or `digest init` for a new one).")
