"""The migrations make what the models say, on both databases; an old database is refused with a sentence."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from procrastinate.schema import migrations_path
from sqlalchemy import text

from digest import migrating
from digest.database import Database
from digest.engine import jobs
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
    queue = {} if empty.is_sqlite else {"jobs": "ready"}
    assert migrating.upgrade(empty) == {"before": None, "after": migrating.newest(), **queue}
    assert migrating.upgrade(empty)["before"] == migrating.newest()
    assert migrating.oldest(empty) is not None
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


def ahead(database: Database, oldest: str) -> None:
    """Let a database be as a newer release left it, which says what the oldest is that may go on beside it."""
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        session.execute(text("UPDATE compatibility SET oldest = :oldest"), {"oldest": oldest})


@pytest.mark.parametrize("empty", ["sqlite", "postgresql"], indirect=True)
def test_workers_of_this_release_go_on_beside_a_newer_one_that_allows_it(empty: Database):
    """A newer release upgraded: whether this one may work is that one's word; upgrading to what is older is refused."""
    migrating.upgrade(empty)
    ahead(empty, str(migrating.newest()))
    migrating.require_current(empty)
    ahead(empty, "9998")
    with pytest.raises(Refused, match="revision 9999, of a newer release, beside which only a release that knows 9998"):
        migrating.require_current(empty)
    with pytest.raises(Refused, match=r"at revision 9999, of a newer release; this one knows .* Install that release"):
        migrating.upgrade(empty)


def test_a_migration_says_which_releases_it_can_live_with():
    """Without a word only its own; among several the strictest counts; what was stricter before stays."""

    def script(revision: str, **said: str) -> Any:
        return SimpleNamespace(revision=revision, module=SimpleNamespace(**said))

    quiet, kind = script("0011"), script("0012", oldest="0010")
    assert migrating.wanted([quiet], "") == "0011"
    assert migrating.wanted([kind], "0009") == "0010"
    assert migrating.wanted([kind, quiet], "0009") == "0011"
    assert migrating.wanted([kind], "0011") == "0011"


def test_several_machines_upgrade_at_once(postgres_url: str):
    """Four at the same moment: one does it, the others find it done."""
    databases = [Database(postgres_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(migrating.upgrade, databases))
    assert sorted(one["before"] or "" for one in done) == ["", *[migrating.newest()] * 3]
    for one in databases:
        one.close()


def old_queue(database: Database, last: str) -> None:
    """Make the job queue as an older Procrastinate had it, by its own migrations up to one."""
    for one in sorted(migrations_path.glob("*.sql")):
        with database.engine.begin() as connection:
            if one.name <= last:
                jobs._apply(connection, one.read_text(encoding="utf-8"), one.name)


def test_the_job_queue_is_brought_up_to_date(postgres_url: str):
    """Missing, outdated as an older Procrastinate left it, and ready; an upgrade that is repeated changes nothing."""
    database = Database(postgres_url)
    assert jobs.state(database) == "missing"
    with pytest.raises(Refused, match="digest database upgrade"):
        jobs.require(database)
    jobs.clear(database)
    old_queue(database, "03.03.00_01_pre_priority_lock_fetch_job.sql")
    assert jobs.state(database) == "outdated"
    for _ in range(2):
        assert migrating.upgrade(database)["jobs"] == "ready"
    jobs.require(database)
    jobs.clear(database)
    assert jobs.waiting(database) == frozenset()
    assert jobs.sweep(database) == 0
    database.close()


def test_sqlite_has_no_job_queue(empty: Database):
    """--queues is refused there, with the way to where it works."""
    assert jobs.state(empty) == ""
    with pytest.raises(Refused, match=r"needs PostgreSQL.*digest database copy"):
        jobs.require(empty)
