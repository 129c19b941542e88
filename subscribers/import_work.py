"""Does what was ordered for files of readers: tries them, imports them, and goes on where somebody broke off."""

import csv
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlmodel import Session

from subscribers.csv_files import lines_of, records
from subscribers.csv_rows import Reading, RowError, guarded
from subscribers.errors import BadFile, SubscribersError
from subscribers.import_jobs import (
    BUSY,
    COUNTING,
    DONE,
    FAILED,
    FILE,
    KEPT,
    LEASE,
    NEW,
    READERS,
    Brought,
    ReaderFiles,
    make,
)
from subscribers.importing import Chunk, ImportReport, import_csv
from subscribers.keys import Keys
from subscribers.suppression_files import BanReport, ban_columns, suppress_csv
from subscribers.transactions import Transactions

LOOKED_AT: Final = 5_000  # rows of a preview
A_DAY: Final = 86_400  # seconds


class Store(Transactions, Protocol):
    """A database that says what time it is, the same for all who work on it."""

    def now(self, session: Session) -> datetime:
        """Return the instant that leases are measured by."""
        ...


class _Left(Exception):
    """The file is ours no longer, since somebody stopped it or took it over: what was not committed is undone."""


def preview(database: Transactions, keys: Keys, files: ReaderFiles, one: Brought, at: datetime) -> Any:
    """Read the first rows of a file and write nothing; returns an ImportReport or a BanReport. Raises BadFile."""
    with _opened(files.path(one.id), one.encoding) as lines:
        return _run(database, keys, one, lines, at=at, dry_run=True, most=LOOKED_AT)


def work_on_files(
    database: Store, keys: Keys, files: ReaderFiles, clock: Callable[[], datetime], stop: Callable[[], bool]
) -> str:
    """Do what waits longest, if anything does: until it is done, somebody stops it, or ``stop`` says so.

    Returns a sentence for the log, "" where there was nothing to do. Safe to be killed at any time, and to be called by
    many at once.
    """
    worker = uuid4()
    with database.writing() as session:
        taken = files.take(session, worker, database.now(session))
    if taken is None:
        return ""
    work = _Work(database, files, taken, worker)
    try:
        with _opened(files.path(taken.id), taken.encoding) as lines:
            work.cut_broken()
            counting = taken.state == COUNTING
            report = _run(
                database,
                keys,
                taken,
                lines,
                at=clock(),
                dry_run=counting,
                after=taken.line,
                keep=work.keep,
                stop=stop,
            )
            whole = next(lines, None) is None
    except _Left:
        return f"{taken.name} was stopped."
    except (SubscribersError, OSError) as error:
        sentence = str(error) if isinstance(error, SubscribersError) else f"The file cannot be read: {error.strerror}."
        work.end(FAILED, problem=sentence)
        return f"{taken.name} cannot be imported: {sentence}"
    if not whole:
        work.end(taken.state)
        return f"{taken.name} waits for the next worker."
    work.finish(counting=counting)
    return f"{taken.name} is {'counted' if counting else 'imported'}: {report.rows:,} rows."


def recognised(files: ReaderFiles, one: Brought) -> ImportReport | BanReport:
    """Return a report that says of a file no more than whose it is and what its columns mean, as far as is told.

    For a file whose rows cannot be read as it is chosen. Raises OSError.
    """
    names, choice = headings(files, one), one.choice
    if one.kind != READERS:
        return BanReport(columns=ban_columns(names, choice.mapping))
    reading = Reading((), one.created_at, mapping=choice.mapping, system_name=choice.system, file_name=one.name)
    with _opened(files.path(one.id), one.encoding) as lines, suppress(BadFile):
        next(reading.rows(lines), None)
    return ImportReport(system=reading.system.name, columns=reading.columns or tuple((name, "") for name in names))


def headings(files: ReaderFiles, one: Brought) -> tuple[str, ...]:
    """Return a file's headings, as they stand in it; none where its first line is no CSV. Raises OSError."""
    with _opened(files.path(one.id), one.encoding) as lines:
        first = next(records(lines), (1, []))[1]
    return tuple(first) if isinstance(first, list) else ()


def forget_files(database: Transactions, files: ReaderFiles, now: datetime) -> None:
    """Forget files that nobody touched for two weeks, and what lies in the folder that nobody knows."""
    old = select(FILE.c.id).where(FILE.c.changed_at < now - KEPT, FILE.c.state.not_in(BUSY))
    with database.reading() as session:
        gone = list(session.execute(old).scalars())
        known = {str(one) for one in session.execute(select(FILE.c.id)).scalars()}
    for number in gone:
        with database.writing() as session:
            session.execute(FILE.delete().where(FILE.c.id == number, FILE.c.state.not_in(BUSY)))
        files.delete(number)
    for path in files.folder.glob("*.csv"):
        if path.name.partition(".")[0] not in known and now.timestamp() - path.stat().st_mtime > A_DAY:
            path.unlink(missing_ok=True)


def _run(database: Transactions, keys: Keys, one: Brought, lines: Iterator[str], **more: Any) -> Any:
    source = f"import:{one.name}"
    if one.kind == READERS:
        choice = one.choice.for_readers()
        report: ImportReport | BanReport = import_csv(
            database, keys, lines, source=source, file_name=one.name, **choice, **more
        )
        return report
    return suppress_csv(database, keys, lines, source=source, file_name=one.name, **one.choice.for_bans(), **more)


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[Iterator[str]]:
    with path.open(encoding=encoding, errors="replace", newline="") as text:
        yield lines_of(text)


@dataclass
class _Work:
    """One worker at one file."""

    database: Store
    files: ReaderFiles
    one: Brought
    worker: UUID

    def __post_init__(self) -> None:
        self._counts = dict(self.one.counts)
        self._broken = self.one.broken

    def cut_broken(self) -> None:
        """Take from the file of broken rows what was never committed."""
        path = self.files.broken_path(self.one.id)
        make(path)
        os.truncate(path, self._broken)

    def keep(self, session: Session, chunk: Chunk) -> None:
        """Note, in a chunk's own transaction, that it is done. Raises _Left, which undoes it."""
        names = ("rows", *chunk.counts)
        come = chunk.counts | {"rows": chunk.rows}
        counts = self._counts | {name: self._counts.get(name, 0) + come[name] for name in names}
        broken = self._broken + self._append(chunk.errors)
        now = self.database.now(session)
        done = {"line": chunk.line, "counts": counts, "broken": broken, "lease_until": now + LEASE}
        if session.execute(self._mine().values(**done)).rowcount != 1:  # type: ignore[attr-defined]
            raise _Left
        self._counts, self._broken = counts, broken

    def _append(self, errors: list[RowError]) -> int:
        """Write broken rows after those that hold; returns how many bytes."""
        if not errors:
            return 0
        path, text = self.files.broken_path(self.one.id), StringIO()
        writer = csv.writer(text, lineterminator="\r\n")
        if not self._broken:
            writer.writerow(("line", "message", *(guarded(one) for one in headings(self.files, self.one))))
        writer.writerows(one.row() for one in errors)
        raw = text.getvalue().encode("utf-8", "replace")
        with path.open("r+b") as file:
            file.seek(self._broken)
            file.write(raw)
            file.truncate()
        return len(raw)

    def finish(self, *, counting: bool) -> None:
        """Note that the last row is done; a file that is imported is deleted, its broken rows are kept."""
        if counting:
            done: Mapping[str, Any] = {"state": NEW, "counted": self._counts, "counts": {}, "line": 0, "broken": 0}
        else:
            done = {"state": DONE}
        if self.end(**done) and not counting:
            self.files.delete(self.one.id, broken=not self._broken)

    def end(self, state: str, **more: Any) -> bool:
        """Let go of the file; returns whether it was ours still."""
        with self.database.writing() as session:
            free = {"worker": None, "lease_until": None, "changed_at": self.database.now(session)}
            done = session.execute(self._mine().values(state=state, **free, **more))
            return bool(done.rowcount == 1)  # type: ignore[attr-defined]

    def _mine(self) -> Any:
        held = (FILE.c.worker == self.worker, FILE.c.state == self.one.state)
        return update(FILE).where(FILE.c.id == self.one.id, *held)
