"""Importing subscribers from CSV: in chunks, repeatable, and never against a reader's wish.

What a reader ended stays ended, and a suppressed address is not touched, whatever the file says. Rows without a
consent's source and date wait unconfirmed. Who left another system is imported as having left; whose address bounced
there, or who complained, is banned here.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Final, Self

from sqlmodel import Session

from subscribers.addresses import masked
from subscribers.csv_rows import Reading, RowError, Wish
from subscribers.import_plans import Manner, Person, plan
from subscribers.import_writing import write
from subscribers.keys import Keys
from subscribers.listing import lists as all_lists
from subscribers.listing import open_lists
from subscribers.systems import STRANGER
from subscribers.transactions import Transactions

CHUNK: Final = 5_000  # rows a transaction: about 0.2 s of the write lock
KEPT_ERRORS: Final = 1_000  # in the report; all go to ``on_error``
LOOKED_AFTER: Final = 10  # chunks: how often garbage is looked for
SAMPLED: Final = 5  # rows that a report shows, masked


@dataclass
class ImportReport:
    """What an import did. Every row is counted once, in one of the first eight numbers."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    suppressed: int = 0  # not touched
    banned: int = 0  # addresses that must not be mailed from now on: they bounced or complained elsewhere
    repeated: int = 0  # the same person stood a few rows above; what the row adds was added
    left_out: int = 0  # addresses without a wish for mail
    failed: int = 0
    unconfirmed: int = 0  # people new or updated whose lists wait, for want of a consent's source and date
    ended: int = 0  # people new or updated who left, as the file says
    stay_off: int = 0  # people who ended here what the file would give them: it stays ended
    errors: list[RowError] = field(default_factory=list)  # the first of them
    warned: int = 0  # rows imported, but for what a warning names; they count as imported
    warnings: list[RowError] = field(default_factory=list)  # the first of them
    system: str = ""  # whose export it is
    columns: tuple[tuple[str, str], ...] = ()  # their heading, ours ("" for none)
    sample: list[dict[str, str]] = field(default_factory=list)  # the first rows, masked
    unknown: dict[str, int] = field(default_factory=dict)  # what rows call lists and is none -> in how many rows

    @property
    def rows(self) -> int:
        """Return how many rows were read."""
        rows = self.new + self.updated + self.unchanged + self.suppressed + self.banned
        return rows + self.repeated + self.left_out + self.failed

    @property
    def ignored_columns(self) -> tuple[str, ...]:
        """Return the headings that mean nothing to us."""
        return tuple(their for their, our in self.columns if not our)


@dataclass(slots=True)
class Chunk:
    """A part of a file that is written in one transaction."""

    line: int = 0  # the last one of it
    rows: int = 0
    counts: dict[str, int] = field(default_factory=dict)  # by the names of ImportReport
    errors: list[RowError] = field(default_factory=list)
    warnings: list[RowError] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)  # by address key

    def count(self, name: str) -> None:
        """Count a row."""
        self.counts[name] = self.counts.get(name, 0) + 1


Keep = Callable[[Session, Chunk], None]


def import_csv(
    database: Transactions,
    keys: Keys,
    lines: Iterable[str],
    *,
    lists: Sequence[str] = (),
    at: datetime,
    source: str,
    wording: str = "",
    mapping: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
    system: str = "",
    file_name: str = "",
    confirmed: bool = True,
    consent_at: datetime | None = None,
    consent_source: str = "",
    dry_run: bool = False,
    after: int = 0,
    most: int | None = None,
    keep: Keep | None = None,
    stop: Callable[[], bool] = lambda: False,
    on_header: Callable[[Sequence[str]], None] = lambda _: None,
    on_rows: Callable[[int], None] = lambda _: None,
    on_error: Callable[[RowError], None] = lambda _: None,
) -> ImportReport:
    """Import subscribers from the lines of a CSV file (``csv_files.lines_of`` a text file, or any lines).

    ``lists``: ids; where given, all rows are for them, else each row names its own. ``source``: where the rows come
    from (``import:FILE``). ``mapping``, ``values``, ``system``, ``file_name``: as in ``csv_rows.Reading``.
    ``consent_at``, ``consent_source``: for rows that do not say when and where the reader agreed; rows without both
    are imported unconfirmed, and all are if ``confirmed`` is False. ``dry_run``: write nothing, count what would be
    (a person whose rows stand far apart counts twice). ``after``: the last line that an earlier run did; ``most``: so
    many rows at most. ``keep`` is called within the transaction of each chunk, and undoes it by raising; ``stop`` is
    asked before each. ``on_header`` hears the headings, ``on_rows`` how many rows more are done, ``on_error`` each
    broken one. Raises BadFile, UnknownList.
    """
    with database.reading() as session:
        given = open_lists(session, lists)
        reading = Reading(
            all_lists(session), at, given, mapping or {}, values or {}, consent_at, consent_source, system, file_name
        )
    report, manner = ImportReport(unknown=reading.unknown), Manner(at, source, wording, confirmed)
    rows = islice(reading.rows(lines, after), most)
    work = partial(_written, database, manner=manner, dry_run=dry_run, keep=keep)
    with _uncollected(), _Writer(work, report, on_rows, on_error) as writer:
        while not stop() and (some := list(islice(rows, CHUNK))):
            if not report.columns:
                _note_header(report, reading, on_header)
            writer.write(_gathered(some, keys, report))
    if not report.columns:
        _note_header(report, reading, on_header)
    return report


def _note_header(report: ImportReport, reading: Reading, on_header: Callable[[Sequence[str]], None]) -> None:
    report.system, report.columns = reading.system.name, reading.columns
    on_header(reading.headings)


class _Writer:
    """Writes chunks in a thread of its own, one after the other, while the next one is being read.

    At the end, also of a file that breaks off, what was handed over is written and counted.
    """

    def __init__(
        self,
        work: Callable[[Chunk], dict[str, int]],
        report: ImportReport,
        on_rows: Callable[[int], None],
        on_error: Callable[[RowError], None],
    ) -> None:
        self._work = work
        self._report, self._on_rows, self._on_error = report, on_rows, on_error
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="import")
        self._done = 0  # chunks
        self._waiting: tuple[Future[dict[str, int]], Chunk] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._thread:
            self._settle()

    def write(self, chunk: Chunk) -> None:
        """Hand a chunk over, once the one before it is written."""
        self._settle()
        self._waiting = (self._thread.submit(self._work, chunk), chunk)

    def _settle(self) -> None:
        if self._waiting is None:
            return
        (done, chunk), self._waiting = self._waiting, None
        for name, count in done.result().items():
            setattr(self._report, name, getattr(self._report, name) + count)
        for kept, new in ((self._report.errors, chunk.errors), (self._report.warnings, chunk.warnings)):
            kept += [replace(one, cells=()) for one in new[: KEPT_ERRORS - len(kept)]]
        for one in chunk.errors:
            self._on_error(one)
        self._on_rows(chunk.rows)
        self._done += 1
        if self._done % LOOKED_AFTER == 0:
            gc.collect(0)  # of the libraries' cycles, which are few


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage cycles meanwhile: rows make none, and looking takes a third of it all."""
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()


def _written(
    database: Transactions, chunk: Chunk, *, manner: Manner, dry_run: bool, keep: Keep | None
) -> dict[str, int]:
    """Write a chunk in a transaction of its own, or only count what it comes to; return the counts."""
    if dry_run or not chunk.people:
        with database.reading() as session:
            chunk.counts |= plan(session, chunk.people, manner, dry=True).counts if chunk.people else {}
        if keep is not None:
            with database.writing() as session:
                keep(session, chunk)
        return chunk.counts
    with database.writing() as session:
        made = plan(session, chunk.people, manner)
        write(session, made, manner)
        chunk.counts |= made.counts
        if keep is not None:
            keep(session, chunk)
        return chunk.counts


def _gathered(rows: Sequence[Wish | RowError], keys: Keys, report: ImportReport) -> Chunk:
    """Put the rows of each person together, by address key; counts what is broken, left out or repeated."""
    chunk = Chunk(rows[-1].line, len(rows))
    people, key_of = chunk.people, keys.key_of
    for row in rows:
        if isinstance(row, RowError):
            chunk.count("failed")
            chunk.errors.append(row)
            continue
        if len(report.sample) < SAMPLED:
            report.sample.append(_shown(row))
        if row.warning:
            chunk.count("warned")
            chunk.warnings.append(RowError(row.line, row.warning))
        if row.state == STRANGER:
            chunk.count("left_out")
            continue
        key = key_of(row.address.casefold())
        person = people.get(key)
        if person is None:
            person = people[key] = Person(key, row.address, row.name, row.language, row.zone)
        else:
            chunk.count("repeated")
        person.add(row)
    return chunk


def _shown(row: Wish) -> dict[str, str]:
    """Return a row as a preview may show it: enough to see whether the columns are right, and whose it is not."""
    when = f"{row.consent_at:%Y-%m-%d}" if row.consent_at else ""
    return {
        "address": masked(row.address),
        "name": f"{row.name[:1]}•••" if row.name else "",
        "language": row.language,
        "lists": "|".join(data.id for data in row.lists),
        "state": row.state,
        "consent": ", ".join(filter(None, (when, row.consent_source))),
    }
