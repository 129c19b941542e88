"""The database fixture works on both databases, and transactions are what they promise."""

import pytest
from sqlalchemy import text

from digest.database import Database
from digest.errors import SettingsError
from tests.conftest import BOTH


@BOTH
def test_an_error_undoes_the_whole_transaction(database: Database):
    """What was written before an exception is gone after it."""
    with pytest.raises(RuntimeError), database.writing() as session:
        session.connection().execute(text("INSERT INTO pacer (account, next_at, halted) VALUES ('a', 0, '')"))
        raise RuntimeError
    with database.reading() as session:
        assert session.connection().execute(text("SELECT count(*) FROM pacer")).scalar() == 0


def test_another_database_is_refused_with_a_sentence():
    """MySQL, or nonsense, stops the start."""
    with pytest.raises(SettingsError, match="only SQLite and PostgreSQL"):
        Database("mysql://x")
    with pytest.raises(SettingsError, match="not a database address"):
        Database("nonsense")
