"""Builds an INSERT that may meet a row that is there already, in the words of either database."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Table, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

CHUNK = 1_000  # rows of one statement


def insert_new(session: Session, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows; leave those that clash with a stored one out."""
    for start in range(0, len(rows), CHUNK):
        part = [dict(row) for row in rows[start : start + CHUNK]]
        session.execute(_insert(session, table).on_conflict_do_nothing(), part)


def upsert(
    session: Session, table: Table, rows: Sequence[Mapping[str, Any]], *, key: Sequence[str], update: Sequence[str]
) -> None:
    """Insert rows; where ``key`` is stored already, overwrite the columns ``update`` of it, but never with nothing."""
    statement = _insert(session, table)
    values = {name: func.coalesce(statement.excluded[name], table.c[name]) for name in update}
    changed = statement.on_conflict_do_update(index_elements=list(key), set_=values)
    for start in range(0, len(rows), CHUNK):
        session.execute(changed, [dict(row) for row in rows[start : start + CHUNK]])


def _insert(session: Session, table: Table) -> Any:
    return postgresql.insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(table)
