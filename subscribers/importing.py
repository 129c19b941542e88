"""Importing subscribers from CSV: in chunks, repeatable, and never against a reader's wish.

What a reader ended stays ended, and a suppressed address is not touched, whatever the file says. Rows without a
consent's source and date wait unconfirmed. Who left another system is imported as having left; whose address bounced
there, or who complained, is banned here.
"""

import gc
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Final, Self
from uuid import UUID

from sqlalchemy import bindparam, func, select, update
from sqlmodel import Session

from subscribers.addresses import masked
from subscribers.audience import PERSON, SUBSCRIPTION, refresh_audience
from subscribers.bulk import insert_new
from subscribers.consent import CONSENT, CONSENT_COLUMNS, SUBSCRIPTION_COLUMNS
from subscribers.csv_rows import Reading, RowError, Wish
from subscribers.import_plans import Manner, Person, Plan, known_people, plan
from subscribers.keys import Keys
from subscribers.listing import lists as all_lists
from subscribers.listing import open_lists
from subscribers.suppression import suppress_keys
from subscribers.systems import STRANGER
from subscribers.transactions import Transactions

CHUNK: Final = 5_000  # rows a transaction: about 0.2 s of the write lock
KEPT_ERRORS: Final = 1_000  # in the report; all go to ``on_error``
LOOKED_AFTER: Final = 10  # chunks: how often garbage is looked for
SAMPLED: Final = 5  # rows that a report shows, masked
PERSON_COLUMNS: Final = ("ref", "address", "address_key", "name", "language", "zone", "created_at")


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
    errors: list[RowError] = field(default_factory=list)  # the first of them
    warned: int = 0  # rows imported, but for what a warning names; they count as imported
    warnings: list[RowError] = field(default_factory=list)  # the first of them
    system: str = ""  # whose export it is
    columns: tuple[tuple[str, str], ...] = ()  # their heading, ours ("" for none)
    sample: list[dict[str, str]] = field(default_factory=list)  # the first rows, masked

    @property
    def rows(self) -> int:
        """Return how many rows were read."""
        rows = self.new + self.updated + self.unchanged + self.suppressed + self.banned
        return rows + self.repeated + self.left_out + self.failed

    @property
    def ignored_columns(self) -> tuple[str, ...]:
        """Return the headings that mean nothing to us."""
        return tuple(their for their, our in self.columns if not our)


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
    on_header: Callable[[Sequence[str]], None] = lambda _: None,
    on_rows: Callable[[int], None] = lambda _: None,
    on_error: Callable[[RowError], None] = lambda _: None,
) -> ImportReport:
    """Import subscribers from the lines of a CSV file (``csv_files.lines_of`` a text file, or any lines).

    ``lists``: ids; where given, all rows are for them, else each row names its own. ``source``: where the rows come
    from (``import:FILE``). ``mapping``, ``values``, ``system``, ``file_name``: as in ``csv_rows.Reading``.
    ``consent_at``, ``consent_source``: for rows that do not say when and where the reader agreed; rows without both
    are imported unconfirmed, and all are if ``confirmed`` is False. ``dry_run``: write nothing, count what would be
    (a person whose rows stand far apart counts twice). ``on_header`` hears the headings, ``on_rows`` how many rows
    more are done, ``on_error`` each broken one. Raises BadFile, UnknownList.
    """
    with database.reading() as session:
        given = open_lists(session, lists)
        reading = Reading(
            all_lists(session), at, given, mapping or {}, values or {}, consent_at, consent_source, system, file_name
        )
    report, manner = ImportReport(), Manner(at, source, wording, confirmed)
    rows = reading.rows(lines)
    work = partial(_written, database, manner=manner, dry_run=dry_run)
    with _uncollected(), _Writer(work, report, on_rows) as writer:
        while chunk := list(islice(rows, CHUNK)):
            if not report.columns:
                _note_header(report, reading, on_header)
            writer.write(_people(chunk, keys, report, on_error), len(chunk))
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
        work: Callable[[Mapping[str, Person]], dict[str, int]],
        report: ImportReport,
        on_rows: Callable[[int], None],
    ) -> None:
        self._work = work
        self._report, self._on_rows = report, on_rows
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="import")
        self._done = 0  # chunks
        self._waiting: tuple[Future[dict[str, int]], int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._thread:
            self._settle()

    def write(self, people: dict[str, Person], rows: int) -> None:
        """Hand a chunk over, once the one before it is written."""
        self._settle()
        self._waiting = (self._thread.submit(self._work, people), rows)

    def _settle(self) -> None:
        if self._waiting is None:
            return
        (done, rows), self._waiting = self._waiting, None
        for name, count in done.result().items():
            setattr(self._report, name, getattr(self._report, name) + count)
        self._on_rows(rows)
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


def _written(database: Transactions, people: Mapping[str, Person], *, manner: Manner, dry_run: bool) -> dict[str, int]:
    """Write people in a transaction of their own, unless it is a dry run; return the counts."""
    if not people:
        return {}
    if dry_run:
        with database.reading() as session:
            return plan(session, people, manner, dry=True).counts
    with database.writing() as session:
        made = plan(session, people, manner)
        _write(session, made, manner)
        return made.counts


def _people(
    chunk: Iterable[Wish | RowError], keys: Keys, report: ImportReport, on_error: Callable[[RowError], None]
) -> dict[str, Person]:
    """Put the rows of each person together, by address key; counts what is broken, left out or repeated."""
    people: dict[str, Person] = {}
    for row in chunk:
        if isinstance(row, RowError):
            report.failed += 1
            if len(report.errors) < KEPT_ERRORS:
                report.errors.append(replace(row, cells=()))
            on_error(row)
            continue
        if len(report.sample) < SAMPLED:
            report.sample.append(_shown(row))
        if row.warning:
            _note_warning(row, report)
        if row.state == STRANGER:
            report.left_out += 1
            continue
        key = keys.key_of(row.address.casefold())
        person = people.get(key)
        if person is None:
            person = people[key] = Person(key, row.address, row.name, row.language, row.zone)
        else:
            report.repeated += 1
        person.add(row)
    return people


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


def _note_warning(row: Wish, report: ImportReport) -> None:
    report.warned += 1
    if len(report.warnings) < KEPT_ERRORS:
        report.warnings.append(RowError(row.line, row.warning))


def _write(session: Session, made: Plan, manner: Manner) -> None:
    """Write a plan: people, what was missing of them, bans, subscriptions, consents, audiences."""
    suppress_keys(session, made.bans)
    numbers = made.numbers | _insert_people(session, made.new, manner.at)
    _fill_in(session, made.filled)
    added = [(numbers[key], list_id, state, 0, manner.at) for key, list_id, state, _ in made.added]
    insert_new(session, SUBSCRIPTION, SUBSCRIPTION_COLUMNS, added)
    _change(session, [(numbers[key], list_id, state) for key, list_id, state, _ in made.changed], manner.at)
    both = (*made.added, *made.changed)
    insert_new(session, CONSENT, CONSENT_COLUMNS, [(numbers[key], list_id, *said) for key, list_id, _, said in both])
    refresh_audience(session, {numbers[key] for key in made.touched}, made.families)


def _insert_people(session: Session, people: Sequence[Person], at: datetime) -> dict[str, int]:
    """Insert people; return address key -> number, of those too whom somebody else put there meanwhile."""
    if not people:
        return {}
    last = session.execute(select(func.coalesce(func.max(PERSON.c.id), 0))).scalar_one()
    rows = [
        (ref, one.address, one.key, one.name, one.language, one.zone, at)
        for ref, one in zip(_refs(len(people)), people, strict=True)
    ]
    insert_new(session, PERSON, PERSON_COLUMNS, rows)
    numbers = dict(session.execute(select(PERSON.c.address_key, PERSON.c.id).where(PERSON.c.id > last)).all())
    elsewhere = known_people(session, (person.key for person in people if person.key not in numbers))
    return numbers | {key: number for key, (number, _, _) in elsewhere.items()}


def _refs(count: int) -> list[UUID]:
    """Return random UUIDs (version 4); the system is asked once, which takes a fifth of the time."""
    raw = os.urandom(16 * count)
    return [UUID(bytes=raw[start : start + 16], version=4) for start in range(0, len(raw), 16)]


def _fill_in(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        new: dict[str, Any] = {"name": bindparam("new_name"), "zone": bindparam("new_zone")}
        filled = update(PERSON).where(PERSON.c.id == bindparam("number")).values(new)
        session.connection().execute(filled, list(rows))


def _change(session: Session, rows: Sequence[tuple[int, str, str]], at: datetime) -> None:
    if rows:
        one = (SUBSCRIPTION.c.subscriber_id == bindparam("number"), SUBSCRIPTION.c.list_id == bindparam("of_list"))
        change = update(SUBSCRIPTION).where(*one).values(state=bindparam("new_state"), changed_at=at)
        named = [{"number": number, "of_list": list_id, "new_state": state} for number, list_id, state in rows]
        session.connection().execute(change, named)
