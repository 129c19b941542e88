"""Copying a whole SQLite database to an empty PostgreSQL one: ids and keys kept, every table counted and compared.

All of it is one transaction there, so that the target has everything or nothing; the source is locked for writing
meanwhile, so that nothing is changed behind the copy.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Final

import orjson
from sqlalchemy import Column, Connection, Integer, RowMapping, Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from digest import migrating
from digest.database import Database
from digest.engine import heartbeat
from digest.engine.models import Compatibility, Heartbeat
from digest.errors import Refused
from digest.issues.models import IssueStatus
from digest.sending.ledger import BATCH, ISSUE, LIVE
from digest.tables import METADATA

CHUNK: Final = 5_000  # rows
OF_THE_PLACE: Final = frozenset((str(Heartbeat.__tablename__), str(Compatibility.__tablename__)))
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Sum:
    """What is compared of a table: how many rows, and a sum of their hashes, whatever their order."""

    rows: int
    checksum: str


def tables() -> list[Table]:
    """Return the tables that are copied, those that others refer to first."""
    return [one for one in METADATA.sorted_tables if one.name not in OF_THE_PLACE]


def rows(database: Database) -> int:
    """Return how many rows there are to copy."""
    with database.reading() as session:
        return sum(int(session.execute(select(func.count()).select_from(one)).scalar_one()) for one in tables())


def copy(source: Database, target: Database, *, now: datetime, progress: Progress = lambda *_: None) -> dict[str, Sum]:
    """Copy everything; returns what each table came to, the same on both sides.

    ``progress`` is called with a table's name and how many more of its rows are there. Raises Refused, and changes
    nothing, where the source is no SQLite or at work, the target no PostgreSQL or not empty, or a row cannot be kept.
    """
    if not source.is_sqlite or target.is_sqlite:
        raise Refused("A copy goes from SQLite to PostgreSQL. Give --to postgresql://user@host:5432/name.")
    migrating.require_current(source)
    if migrating.current(target) not in (None, migrating.newest()):
        raise Refused("The target is at another revision. Give an empty database: createdb NAME.")
    migrating.upgrade(target)
    with source.writing() as session, target.writing() as there:
        _refuse_busy(session, now)
        _refuse_full(there)
        sums = {one.name: _copy(session.connection(), there.connection(), one, progress) for one in tables()}
        for one in tables():
            _set_sequences(there, one)
        _compare(there.connection(), sums)
    return sums


def _refuse_busy(session: Session, now: datetime) -> None:
    busy = heartbeat.at_work(session, now)
    if busy:
        raise Refused(
            f"{busy[0]['name']} works on this database (process {busy[0]['process']}). Stop its workers first."
        )
    sending = (IssueStatus.freezing, IssueStatus.sending)
    numbers = session.execute(
        select(ISSUE.c.number).where(ISSUE.c.status.in_(sending), ISSUE.c.held == "").order_by(ISSUE.c.number)
    ).scalars()
    for number in numbers:
        raise Refused(f"Issue {number} is being sent. Wait for its end, or pause it: digest issues pause {number}.")
    called = select(BATCH.c.issue_number).where(BATCH.c.state.in_(LIVE), BATCH.c.lease_until >= now).limit(1)
    number = session.execute(called).scalar()
    if number is not None:
        raise Refused(f"A call for issue {number} is on its way. Repeat when its lease is over (LEASE_SECONDS).")


def _refuse_full(there: Session) -> None:
    for one in tables():
        if there.execute(select(one).limit(1)).first() is not None:
            raise Refused(f"The target is not empty: its table {one.name} has rows. Give an empty database.")


def _copy(here: Connection, there: Connection, one: Table, progress: Progress) -> Sum:
    """Copy one table; returns what it came to here."""
    adding = _Adding(one)
    for chunk in _chunks(here, one):
        with _explained(one):
            there.execute(insert(one), [dict(row) for row in chunk])
        adding.add(chunk)
        progress(one.name, len(chunk))
    return adding.sum()


def _chunks(connection: Connection, one: Table) -> Iterator[Sequence[RowMapping]]:
    """Yield the rows of a table; those of a tree, parents first."""
    streaming = connection.execution_options(stream_results=True, max_row_buffer=CHUNK)
    own = [key for key in one.foreign_keys if key.column.table is one]
    if own:  # a tree is small
        yield from _level_by_level(one, own[0].parent, streaming)
        return
    yield from streaming.execute(select(one)).mappings().partitions(CHUNK)


def _level_by_level(one: Table, parent: "Column[Any]", connection: Connection) -> Iterator[Sequence[RowMapping]]:
    (key,) = one.primary_key.columns
    left, there = list(connection.execute(select(one)).mappings()), {None}
    while left:
        level = [row for row in left if row[parent.name] in there]
        if not level:
            raise Refused(f"The table {one.name} has rows that are their own ancestors. Mend them first.")
        yield level
        there |= {row[key.name] for row in level}
        left = [row for row in left if row[key.name] not in there]


@contextmanager
def _explained(one: Table) -> Iterator[None]:
    """Say which table has a row that PostgreSQL does not take: SQLite is less strict about what a column holds."""
    try:
        yield
    except (DBAPIError, ValueError) as error:
        reason = " ".join(str(getattr(error, "orig", error)).split()).rstrip(".")
        raise Refused(f"A row of {one.name} cannot be kept by PostgreSQL: {reason}. Nothing was copied.") from error


def _set_sequences(there: Session, one: Table) -> None:
    """Let new rows get numbers after those that were copied."""
    for column in one.primary_key.columns:
        if not isinstance(column.type, Integer):
            continue
        name = text("SELECT pg_get_serial_sequence(:table, :column)")
        sequence = there.execute(name, {"table": f'"{one.name}"', "column": column.name}).scalar()
        highest = there.execute(select(func.max(column))).scalar()
        if sequence and highest is not None:
            there.execute(text("SELECT setval(:name, :value)"), {"name": sequence, "value": highest})


def _compare(there: Connection, sums: Mapping[str, Sum]) -> None:
    for one in tables():
        adding = _Adding(one)
        for chunk in _chunks(there, one):
            adding.add(chunk)
        if adding.sum() != sums[one.name]:
            raise Refused(f"The table {one.name} differs after the copy. Nothing was kept; please report this.")


class _Adding:
    """The sum of a table while its rows come by."""

    def __init__(self, one: Table) -> None:
        self._names = sorted(column.name for column in one.columns)
        self._count = self._sum = 0

    def add(self, chunk: Sequence[RowMapping]) -> None:
        """Take rows in."""
        self._count += len(chunk)
        for row in chunk:
            self._sum += int.from_bytes(_hash([_plain(row[name]) for name in self._names]))

    def sum(self) -> Sum:
        """Return what it came to: 128 bits, in hexadecimal."""
        return Sum(self._count, f"{self._sum % 2**128:032x}")


def _plain(value: Any) -> Any:
    """Return a value as it is whatever the database: an instant in UTC, bytes in hexadecimal."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    return value.hex() if isinstance(value, bytes) else value


def _hash(values: list[Any]) -> bytes:
    options = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS
    return blake2b(orjson.dumps(values, option=options, default=str), digest_size=16).digest()
