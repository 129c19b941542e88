"""Statements over rows by the thousand, on SQLite and PostgreSQL alike."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import ColumnElement, Connection, Dialect, String, Table, cast, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

CHUNK: Final = 5_000  # numbers a statement: under SQLite's limit of 32,766 parameters
MANY: Final = 500  # rows from which a staging table pays
_SEPARATOR: Final = "\x1f"
_SPECIAL: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})  # of COPY's text format
_IS_SPECIAL: Final = re.compile(r"[\\\t\n\r]")
_T = TypeVar("_T")


def is_sqlite(session: Session) -> bool:
    """Return whether the database is SQLite; else it is PostgreSQL."""
    return session.get_bind().dialect.name == "sqlite"


def upsert(session: Session, into: Table) -> Any:
    """Return the dialect's INSERT, which knows ON CONFLICT."""
    return (sqlite if is_sqlite(session) else postgresql).insert(into)


def insert_new(session: Session, into: Table, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> int:
    """Insert rows, passing over those that another transaction put there first; returns how many went in.

    The statement is compiled once and the driver gets the rows as they are: a third of the time that Core takes,
    which builds a dictionary of parameters for each row (measured: 8 us a row against 3). PostgreSQL gets many rows
    by COPY into a table of this transaction, and takes them over from there. A UUID may come as its 32 hex digits.
    """
    if not rows:
        return 0
    connection = session.connection()
    if len(rows) >= MANY and not is_sqlite(session):
        ready = _for_driver(connection.dialect, [into.c[name] for name in columns], rows)
        return _copy(connection, into, columns, ready)
    statement = upsert(session, into).on_conflict_do_nothing()
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(columns))
    kept = [into.c[name] for name in columns]
    places = [columns.index(name) for name in compiled.positiontup or ()]
    if places:
        ready = _for_driver(connection.dialect, kept, rows, places)
        done = connection.exec_driver_sql(str(compiled), list(ready))
    else:
        ready = _for_driver(connection.dialect, kept, rows)
        done = connection.exec_driver_sql(str(compiled), [dict(zip(columns, row, strict=True)) for row in ready])
    return done.rowcount


def among(column: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
    """Return the condition that a column is one of these sorted numbers.

    Numbers just given out follow on each other, and for a range no database has to look at 5,000 parameters.
    """
    if ids and ids[-1] - ids[0] == len(ids) - 1:
        return column.between(ids[0], ids[-1])
    return column.in_(ids)


def among_texts(session: Session, column: ColumnElement[str], texts: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a column is one of these texts, however many: they go to the database as one value.

    Thousands of parameters take the libraries longer than the database takes to find the rows.
    """
    if is_sqlite(session):
        return column.in_(select(func.json_each(json.dumps(texts)).table_valued("value").c.value))
    if any(_SEPARATOR in one for one in texts):
        return column == func.any(cast(list(texts), postgresql.ARRAY(String)))
    # One text that the server takes apart: of an array the driver would look at each element by itself.
    return column == func.any(func.string_to_array(_SEPARATOR.join(texts), _SEPARATOR))


def chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Cut a sequence into pieces that fit one statement."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def _copy(connection: Connection, into: Table, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> int:
    """Put rows into a table of PostgreSQL by way of a staging table, since COPY itself knows no ON CONFLICT."""
    preparer = connection.dialect.identifier_preparer
    names = ", ".join(preparer.quote(name) for name in columns)
    target, staged = preparer.format_table(into), preparer.quote(f"staged_{into.name}")
    stage = f"CREATE TEMP TABLE {staged} AS SELECT {names} FROM {target} WITH NO DATA"  # noqa: S608 - our names
    connection.exec_driver_sql(stage)
    cursor: Any = connection.connection.cursor()  # psycopg's, which knows COPY
    with cursor, cursor.copy(f"COPY {staged} ({names}) FROM STDIN") as copy:
        copy.write(_copied(rows))
    take = f"INSERT INTO {target} ({names}) SELECT {names} FROM {staged} ON CONFLICT DO NOTHING"  # noqa: S608 - our names
    taken = connection.exec_driver_sql(take).rowcount
    connection.exec_driver_sql(f"DROP TABLE {staged}")
    return taken


def _copied(rows: Iterable[tuple[Any, ...]]) -> str:
    """Return rows as COPY's text format has them (PostgreSQL, COPY): a third of the driver's own time."""
    columns = [_texts(values) for values in zip(*rows, strict=True)]
    return "\n".join(map("\t".join, zip(*columns, strict=True))) + "\n"


def _texts(values: Sequence[Any]) -> Sequence[str]:
    """Return the values of a column as COPY reads them; most columns hold few different ones."""
    if not all(type(value) is str for value in values):
        ready = {value: r"\N" if value is None else _escaped(str(value)) for value in set(values)}
        return [ready[value] for value in values]
    if _IS_SPECIAL.search("".join(values)) is None:
        return values
    return [_escaped(value) for value in values]


def _escaped(text: str) -> str:
    return text.translate(_SPECIAL) if _IS_SPECIAL.search(text) else text


def _for_driver(
    dialect: Dialect, columns: Sequence[Any], rows: Sequence[Sequence[Any]], places: Sequence[int] = ()
) -> Iterator[tuple[Any, ...]]:
    """Turn values into what the driver takes, column by column; most columns hold few different values.

    ``places``: the order of columns that the driver wants, where it is another one.
    """
    by_column = [list(values) for values in zip(*rows, strict=True)]
    for place, column in enumerate(columns):
        process = column.type.dialect_impl(dialect).bind_processor(dialect)
        if process is not None and not isinstance(by_column[place][0], str):  # a text is ready
            ready = {value: process(value) for value in set(by_column[place])}
            by_column[place] = [ready[value] for value in by_column[place]]
    return zip(*([by_column[place] for place in places] if places else by_column), strict=True)
