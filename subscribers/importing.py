"""Importing subscribers from CSV: in chunks, repeatable, and never against a reader's wish.

What a reader ended stays ended, and a suppressed address is not touched, whatever the file says. Rows without a
consent's source and date wait unconfirmed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import bindparam, func, select, update
from sqlmodel import Session

from subscribers.audience import PERSON, SUBSCRIPTION, SUPPRESSION, lock, refresh_audience
from subscribers.bulk import among, insert_new
from subscribers.consent import CONSENT, CONSENT_COLUMNS, SUBSCRIPTION_COLUMNS
from subscribers.csv_rows import Reading, RowError, Wish
from subscribers.keys import Keys
from subscribers.listing import lists as all_lists
from subscribers.listing import open_lists
from subscribers.models import SubscriptionState
from subscribers.transactions import Transactions

CHUNK: Final = 5_000  # rows a transaction: about 0.2 s of the write lock
KEPT_ERRORS: Final = 1_000  # in the report; all go to ``on_error``
_Known = tuple[int, str, str]  # number, name, zone


@dataclass
class ImportReport:
    """What an import did. Every row is counted once, in one of the first six numbers."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    suppressed: int = 0  # not touched
    repeated: int = 0  # the same person stood a few rows above; what the row adds was added
    failed: int = 0
    unconfirmed: int = 0  # people new or updated whose lists wait, for want of a consent's source and date
    errors: list[RowError] = field(default_factory=list)  # the first of them
    warned: int = 0  # rows imported, but for what a warning names; they count as imported
    warnings: list[RowError] = field(default_factory=list)  # the first of them
    ignored_columns: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Return how many rows were read."""
        return self.new + self.updated + self.unchanged + self.suppressed + self.repeated + self.failed


@dataclass(slots=True)
class _Person:
    """The rows of one person, put together."""

    key: str
    address: str
    name: str
    language: str
    zone: str
    wishes: dict[str, Wish] = field(default_factory=dict)  # by list
    families: set[str] = field(default_factory=set)


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
    confirmed: bool = True,
    consent_at: datetime | None = None,
    consent_source: str = "",
    on_rows: Callable[[int], None] = lambda _: None,
    on_error: Callable[[RowError], None] = lambda _: None,
) -> ImportReport:
    """Import subscribers from the lines of a CSV file (a text file opened with ``newline=""`` will do).

    ``lists``: ids; where given, all rows are for them, else each row names its own. ``source``: where the rows come
    from (``import:FILE``). ``consent_at``, ``consent_source``: for rows that do not say when and where the reader
    agreed; rows without both are imported unconfirmed, and all are if ``confirmed`` is False. ``on_rows`` hears how
    many rows more are done, ``on_error`` each broken one. Raises BadFile, UnknownList.
    """
    with database.reading() as session:
        given = open_lists(session, lists)
        reading = Reading(all_lists(session), at, given, mapping or {}, consent_at, consent_source)
    report = ImportReport()
    rows = reading.rows(lines)
    while chunk := list(islice(rows, CHUNK)):
        people = _people(chunk, keys, report, on_error)
        with database.writing() as session:
            done = _Writing(session, at=at, source=source, wording=wording, confirmed=confirmed).write(people)
        for name, count in done.items():
            setattr(report, name, getattr(report, name) + count)
        on_rows(len(chunk))
    report.ignored_columns = reading.ignored
    return report


def _people(
    chunk: Iterable[Wish | RowError], keys: Keys, report: ImportReport, on_error: Callable[[RowError], None]
) -> dict[str, _Person]:
    """Put the rows of each person together, by address key; counts what is broken or repeated."""
    people: dict[str, _Person] = {}
    for row in chunk:
        if isinstance(row, RowError):
            report.failed += 1
            if len(report.errors) < KEPT_ERRORS:
                report.errors.append(row)
            on_error(row)
            continue
        key = keys.address_key(row.address)
        _note_warning(row, report)
        report.repeated += key in people
        person = people.setdefault(key, _Person(key, row.address, row.name, row.language, row.zone))
        person.name, person.zone = person.name or row.name, person.zone or row.zone
        for data in row.lists:
            person.wishes.setdefault(data.id, row)
            person.families.add(data.family)
    return people


def _note_warning(row: Wish, report: ImportReport) -> None:
    if row.warning:
        report.warned += 1
        if len(report.warnings) < KEPT_ERRORS:
            report.warnings.append(RowError(row.line, row.warning))


@dataclass
class _Writing:
    """Writes one chunk of people in the transaction it is given."""

    session: Session
    at: datetime
    source: str
    wording: str
    confirmed: bool
    _changed: set[int] = field(default_factory=set)  # subscribers
    _waiting: set[int] = field(default_factory=set)

    def write(self, people: dict[str, _Person]) -> dict[str, int]:
        """Write them, and return the counts for the report."""
        banned = self._banned(people)
        wanted = {key: people[key] for key in sorted(people.keys() - banned)}
        known = self._known(wanted)
        numbers = {key: number for key, (number, _, _) in known.items()}
        old = sorted(numbers.values())
        lock(self.session, old)
        numbers |= self._insert_people([person for key, person in wanted.items() if key not in known])
        self._fill_in(wanted, known)
        self._write_wishes(wanted, numbers, old)
        families = {family for person in wanted.values() for family in person.families}
        refresh_audience(self.session, self._changed, families)
        new = len(wanted) - len(known)
        updated = len(self._changed.intersection(old))
        return {
            "new": new,
            "updated": updated,
            "unchanged": len(known) - updated,
            "suppressed": len(banned),
            "unconfirmed": len(self._waiting),
        }

    def _banned(self, people: Iterable[str]) -> set[str]:
        query = select(SUPPRESSION.c.address_key).where(SUPPRESSION.c.address_key.in_(list(people)))
        return set(self.session.execute(query).scalars())

    def _known(self, people: Iterable[str]) -> dict[str, _Known]:
        wanted = list(people)
        if not wanted:
            return {}
        query = select(PERSON.c.address_key, PERSON.c.id, PERSON.c.name, PERSON.c.zone)
        rows = self.session.execute(query.where(PERSON.c.address_key.in_(wanted)))
        return {key: (number, name, zone) for key, number, name, zone in rows}

    def _insert_people(self, people: Sequence[_Person]) -> dict[str, int]:
        if not people:
            return {}
        last = self.session.execute(select(func.coalesce(func.max(PERSON.c.id), 0))).scalar_one()
        columns = ("ref", "address", "address_key", "name", "language", "zone", "created_at")
        rows = [(uuid4(), one.address, one.key, one.name, one.language, one.zone, self.at) for one in people]
        insert_new(self.session, PERSON, columns, rows)
        new = select(PERSON.c.address_key, PERSON.c.id).where(PERSON.c.id > last)
        numbers = dict(self.session.execute(new).all())
        elsewhere = self._known(person.key for person in people if person.key not in numbers)
        return numbers | {key: number for key, (number, _, _) in elsewhere.items()}

    def _fill_in(self, people: Mapping[str, _Person], known: Mapping[str, _Known]) -> None:
        """Fill in names and zones that were missing; what the reader has is kept."""
        rows: list[dict[str, Any]] = [
            {"number": number, "new_name": name or people[key].name, "new_zone": zone or people[key].zone}
            for key, (number, name, zone) in known.items()
            if (people[key].name and not name) or (people[key].zone and not zone)
        ]
        if rows:
            new: dict[str, Any] = {"name": bindparam("new_name"), "zone": bindparam("new_zone")}
            filled = update(PERSON).where(PERSON.c.id == bindparam("number")).values(new)
            self.session.connection().execute(filled, rows)
            self._changed.update(row["number"] for row in rows)

    def _write_wishes(self, people: Mapping[str, _Person], numbers: Mapping[str, int], old: Sequence[int]) -> None:
        now = self._states(old)
        added: list[tuple[Any, ...]] = []
        raised: list[dict[str, Any]] = []
        consents: list[tuple[Any, ...]] = []
        for key, person in people.items():
            number = numbers[key]
            for list_id, wish in person.wishes.items():
                state, record = self._decide(wish)
                before = now.get((number, list_id))
                if before is None:
                    added.append((number, list_id, state, 0, self.at))
                elif before == SubscriptionState.unconfirmed and state == SubscriptionState.confirmed:
                    raised.append({"number": number, "of_list": list_id})
                else:
                    continue
                consents.append((number, list_id, *record))
        insert_new(self.session, SUBSCRIPTION, SUBSCRIPTION_COLUMNS, added)
        self._confirm(raised)
        insert_new(self.session, CONSENT, CONSENT_COLUMNS, consents)
        self._changed.update(row[0] for row in consents)
        self._waiting.update(row[0] for row in consents if row[2] == "asked")

    def _decide(self, wish: Wish) -> tuple[SubscriptionState, tuple[Any, ...]]:
        """Return the state a row asks for, and (action, at, source, wording, network) of its consent record."""
        if self.confirmed and wish.consent_at is not None and wish.consent_source:
            source = f"{self.source} ({wish.consent_source})"
            return SubscriptionState.confirmed, ("confirmed", wish.consent_at, source, self.wording, "")
        return SubscriptionState.unconfirmed, ("asked", self.at, self.source, self.wording, "")

    def _confirm(self, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            one = SUBSCRIPTION.c.subscriber_id == bindparam("number"), SUBSCRIPTION.c.list_id == bindparam("of_list")
            change = update(SUBSCRIPTION).where(*one).values(state=SubscriptionState.confirmed, changed_at=self.at)
            self.session.connection().execute(change, rows)

    def _states(self, numbers: Sequence[int]) -> dict[tuple[int, str], str]:
        query = select(SUBSCRIPTION.c.subscriber_id, SUBSCRIPTION.c.list_id, SUBSCRIPTION.c.state)
        rows = self.session.execute(query.where(among(SUBSCRIPTION.c.subscriber_id, numbers)))
        return {(number, list_id): state for number, list_id, state in rows}
