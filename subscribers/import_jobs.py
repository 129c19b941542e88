"""Files of readers that wait to be imported: the folder they lie in, what was chosen for each, and how far it is.

The file itself stands in a folder that whoever takes it in and whoever imports it share; the table says the rest. A
file's worker holds a lease; who finds it over takes the file on from where the last transaction left it.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from pydantic import BaseModel
from sqlalchemy import or_, select, update
from sqlmodel import Session, col

from subscribers.errors import BadFile
from subscribers.models import ReaderFile, table

FILE: Final = table(ReaderFile)
READERS, BANS = "readers", "bans"
KINDS: Final = (READERS, BANS)
NEW, COUNTING, WAITING, STOPPED, DONE, FAILED = "new", "counting", "waiting", "stopped", "done", "failed"
BUSY: Final = (COUNTING, WAITING)  # a worker is at it, or is to be
LEASE: Final = timedelta(seconds=60)
KEPT: Final = timedelta(days=14)  # untouched; then a file and what is known of it go


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen for a file; as ``importing.import_csv`` and ``suppression_files.suppress_csv`` take it."""

    system: str = ""
    mapping: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    lists: Sequence[str] = ()
    consent_at: datetime | None = None
    consent_source: str = ""
    wording: str = ""
    confirmed: bool = True
    reason: str = ""

    def stored(self) -> dict[str, Any]:
        """Return it as JSON keeps it."""
        return asdict(self) | {"lists": list(self.lists), "consent_at": _text(self.consent_at)}

    def for_readers(self) -> dict[str, Any]:
        """Return what ``import_csv`` takes."""
        return {name: value for name, value in asdict(self).items() if name != "reason"}

    def for_bans(self) -> dict[str, Any]:
        """Return what ``suppress_csv`` takes."""
        return {"mapping": dict(self.mapping), "reason": self.reason}


class Brought(BaseModel):
    """A file and how it stands."""

    id: UUID
    kind: str
    name: str
    who: str
    size: int
    encoding: str
    rows: int
    state: str
    chosen: dict[str, Any]
    line: int
    counts: dict[str, Any]
    counted: dict[str, Any]
    broken: int
    problem: str
    created_at: datetime
    changed_at: datetime
    worker: UUID | None
    lease_until: datetime | None

    @property
    def choice(self) -> Choice:
        """Return what was chosen."""
        at = self.chosen.get("consent_at")
        return Choice(**(self.chosen | {"consent_at": datetime.fromisoformat(at) if at else None}))


@dataclass(frozen=True, slots=True)
class ReaderFiles:
    """The files in a folder, and what is known of them."""

    folder: Path

    def path(self, number: UUID) -> Path:
        """Return where a file is."""
        return self.folder / f"{number}.csv"

    def broken_path(self, number: UUID) -> Path:
        """Return where the broken rows of a file are."""
        return self.folder / f"{number}.errors.csv"

    def begin(self) -> tuple[UUID, Path]:
        """Make the folder, which nobody else of this machine may look into; return a new file's id and path."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = uuid4()
        make(self.path(number))
        return number, self.path(number)

    def add(self, session: Session, number: UUID, *, at: datetime, **known: Any) -> None:
        """Note a file that is whole: kind, name, who, size, encoding, rows."""
        row = {"id": number, "state": NEW, "chosen": Choice().stored(), "created_at": at, "changed_at": at}
        session.add(ReaderFile.model_validate(row | known))

    @staticmethod
    def all(session: Session) -> list[Brought]:
        """Return all files, the newest first."""
        rows = session.execute(select(FILE).order_by(FILE.c.created_at.desc(), FILE.c.id)).mappings()
        return [Brought.model_validate(dict(row)) for row in rows]

    @staticmethod
    def get(session: Session, number: UUID) -> Brought:
        """Return a file. Raises BadFile."""
        row = session.execute(select(FILE).where(FILE.c.id == number)).mappings().one_or_none()
        if row is None:
            raise BadFile("There is no such file here any more. Bring it again.")
        return Brought.model_validate(dict(row))

    @staticmethod
    def choose(session: Session, number: UUID, choice: Choice, at: datetime) -> None:
        """Say how a file is to be read; it begins at its first row then. Raises BadFile while it is worked on."""
        _change(session, number, (NEW, STOPPED, FAILED), at, state=NEW, chosen=choice.stored(), **_AT_START)

    @staticmethod
    def count(session: Session, number: UUID, at: datetime) -> None:
        """Have the whole file tried, without writing anything. Raises BadFile."""
        _change(session, number, (NEW, FAILED), at, state=COUNTING, **_AT_START)

    @staticmethod
    def start(session: Session, number: UUID, at: datetime) -> None:
        """Have a file imported, from where it was stopped. Raises BadFile."""
        found = _held(session, number)
        again = {} if found.state == STOPPED else {**_AT_START, "counted": found.counted}
        _change(session, number, (NEW, STOPPED, FAILED), at, state=WAITING, **again)

    @staticmethod
    def stop(session: Session, number: UUID, at: datetime) -> None:
        """Stop what is under way, after the rows that are just being written. Raises BadFile."""
        counting = _held(session, number).state == COUNTING
        state, more = (NEW, _AT_START) if counting else (STOPPED, {})
        _change(session, number, BUSY, at, state=state, worker=None, lease_until=None, **more)

    def remove(self, session: Session, number: UUID) -> None:
        """Forget a file. Raises BadFile while it is worked on."""
        found = _held(session, number)
        if found.state in BUSY:
            raise BadFile("It is being worked on. Stop it first.")
        session.execute(FILE.delete().where(FILE.c.id == number))
        self.delete(number)

    def delete(self, number: UUID, *, broken: bool = True) -> None:
        """Delete a file from the disk, and its broken rows."""
        for path in (self.path(number), *([self.broken_path(number)] if broken else [])):
            with suppress(FileNotFoundError):
                path.unlink()

    def take(self, session: Session, worker: UUID, now: datetime) -> Brought | None:
        """Take on the file that waits longest, of those that lie here and nobody is at; None where there is none."""
        free = or_(FILE.c.lease_until.is_(None), FILE.c.lease_until < now)
        query = select(FILE).where(FILE.c.state.in_(BUSY), free).order_by(FILE.c.changed_at).with_for_update()
        for row in session.execute(query).mappings().all():
            if self.path(row["id"]).is_file():
                held = {"worker": worker, "lease_until": now + LEASE}
                session.execute(update(FILE).where(FILE.c.id == row["id"]).values(**held))
                return Brought.model_validate(dict(row) | held)
        return None


_AT_START: Final[Mapping[str, Any]] = {"line": 0, "counts": {}, "counted": {}, "broken": 0, "problem": ""}


def _held(session: Session, number: UUID) -> ReaderFile:
    found = session.get(ReaderFile, number, with_for_update=True, populate_existing=True)
    if found is None:
        raise BadFile("There is no such file here any more. Bring it again.")
    return found


def _change(session: Session, number: UUID, states: Sequence[str], at: datetime, **values: Any) -> None:
    found = _held(session, number)
    if found.state not in states:
        raise BadFile(f"The file is {IN_WORDS[found.state]} meanwhile. Look at its page again.")
    mine = update(FILE).where(col(ReaderFile.id) == number)
    session.execute(mine.values(changed_at=at, **values))


IN_WORDS: Final = {
    NEW: "not started",
    COUNTING: "being counted",
    WAITING: "being imported",
    STOPPED: "stopped",
    DONE: "imported",
    FAILED: "not readable",
}


def make(path: Path) -> None:
    """Make a file that only this user may read, unless it is there: it is to hold addresses."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""
