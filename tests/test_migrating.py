"""The migrations make what the models say, on both databases; an old database is refused with a sentence."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from digest import migrating
from digest.database import Database
from digest.errors import Refused
from digest.tables import METADATA
from tests.conftest import BOTH


@pytest.fixture
def empty(request, tmp_path):
    """Return a database without a single table."""
    kind = getattr(request, "param", "sqlite")
    url = f"sqlite:///{tmp_path}/empty.db" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url)
    yield database
    database.close()


@pytest.mark.parametrize("empty", ["sqlite", "postgresql"], indirect=True)
def test_an_empty_database_becomes_what_the_models_say(empty: Database):
    """Upgrading twice is safe; afterwards nothing differs from the models, and it is not refused any more."""
    with pytest.raises(Refused, match="digest database upgrade"):
        migrating.require_current(empty)
    assert migrating.upgrade(empty) == {"before": None, "after": migrating.newest()}
    assert migrating.upgrade(empty)["before"] == migrating.newest()
    migrating.require_current(empty)
    with empty.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_the_ledger_has_its_shape_after_a_migration(empty: Database, database: Database):
    """What comparing cannot see: partial indexes, and a ledger clustered by its key."""
    migrating.upgrade(empty)
    query = text("SELECT name, sql FROM sqlite_master WHERE tbl_name = 'delivery' AND sql IS NOT NULL ORDER BY name")

    def shape(one: Database) -> list[tuple[str, str]]:
        with one.engine.connect() as connection:
            return [(name, " ".join(sql.replace('"', "").split())) for name, sql in connection.execute(query)]

    assert shape(empty) == shape(database)


@BOTH
def test_a_newer_or_older_database_is_named(database: Database):
    """The sentence names both revisions."""
    migrating_table = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"
    with database.writing() as session:
        session.connection().execute(text(migrating_table))
        session.connection().execute(text("INSERT INTO alembic_version VALUES ('0000')"))
    with pytest.raises(Refused, match="is at revision 0000, this release needs"):
        migrating.require_current(database)
