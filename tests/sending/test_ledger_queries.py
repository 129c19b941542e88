"""The questions that are asked again and again while an issue is sent go to the index of queued rows."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import Session

from digest.database import Database
from digest.rendering.urls import Urls
from digest.sending import choosing, freezing, ledger, work
from tests import databases
from tests.conftest import KEYS, NOW
from tests.sending import newsroom

BY_NUMBER = "PRIMARY KEY (issue_number=? AND subscriber_id=?)"  # a look at one reader, who was found before


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return a database with a frozen issue, most of which is sent."""
    made = databases.opened(tmp_path / "plans.db")
    issue = newsroom.make(made, readers=500, at=NOW)
    freezing.freeze(
        made, issue.issue_id, at=NOW, urls=Urls("https://digest.example.org", KEYS), progress=lambda _: None
    )
    with made.writing() as session:
        session.execute(text("UPDATE delivery SET state = 'accepted' WHERE subscriber_id < 490"))
    yield made
    made.close()


def in_session(ask: Callable[[Session], object]) -> Callable[[Database], object]:
    """Return a question that opens its own session."""

    def asked(database: Database) -> object:
        with database.reading() as session:
            return ask(session)

    return asked


def taking(database: Database) -> None:
    """Take members of a batch, as a claim does: for those who wait for nothing, and for those of a moment."""
    with database.writing() as session:
        assert choosing.take(session, 1, choosing.Head(100, None), 3, 1) == 3
        choosing.take(session, 1, choosing.Head(100, NOW), 3, 2)


ASKED: dict[str, Callable[[Database], object]] = {
    "whether anything is left": in_session(lambda session: ledger.is_done(session, 1)),
    "who leaves next": in_session(lambda session: choosing.head(session, 1, NOW)),
    "who is taken": taking,
    "what there is to do": lambda database: work.due(database, NOW),
}


@pytest.mark.parametrize("question", ASKED)
def test_nobody_who_is_sent_is_looked_at(database: Database, question: str):
    """SQLite would go through everybody by the primary key, and each batch would take longer than the one before."""
    asked: list[tuple[str, Any]] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, values, _context, _many: asked.append((statement, values)),
    )
    ASKED[question](database)
    about = [(statement, values) for statement, values in asked if "delivery" in statement]
    assert about
    with database.engine.connect() as connection:
        for statement, values in about:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()]
            looks = [line for line in plan if "delivery" in line and BY_NUMBER not in line]
            assert looks
            assert all("ix_delivery_queued" in line for line in looks), plan
