"""The few statements that SQLite and PostgreSQL spell differently."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Integer, Select, Table, any_, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session


def is_sqlite(session: Session) -> bool:
    """Return whether the session talks to SQLite."""
    return session.get_bind().dialect.name == "sqlite"


def insert_ignoring(session: Session, into: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; one whose key is there already is passed over."""
    dialect = sqlite if is_sqlite(session) else postgresql
    session.execute(dialect.insert(into).on_conflict_do_nothing(), [dict(row) for row in rows])


def insert_select(session: Session, into: Table, columns: Sequence[str], rows: Select[Any]) -> int:
    """Insert what a select finds; returns how many rows are new. One whose key is there already is passed over."""
    dialect = sqlite if is_sqlite(session) else postgresql
    statement = dialect.insert(into).from_select(list(columns), rows, include_defaults=False).on_conflict_do_nothing()
    return rowcount(session.execute(statement.execution_options(preserve_rowcount=True)))


def among(session: Session, column: ColumnElement[int], numbers: Sequence[int]) -> ColumnElement[bool]:
    """Return the condition that a column is one of the numbers: one variable, however many numbers there are."""
    if is_sqlite(session):
        each = func.json_each(json.dumps(list(numbers))).table_valued("value")
        return column.in_(select(each.c.value))
    return column == any_(bindparam(None, list(numbers), type_=ARRAY(Integer), unique=True))


def rowcount(result: Any) -> int:
    """Return how many rows a statement touched."""
    return int(result.rowcount)
