"""Looks at where things are kept: the database, its revision and its clock, and the room on the disks."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from digest import migrating
from digest.accounts import ProviderName
from digest.doctor.finding import Finding, Patient, fail, ok, warn
from digest.errors import DigestError
from digest.settings import PicturesFrom

SKEW: Final = timedelta(seconds=2)
FAR: Final = timedelta(seconds=30)  # a code of the second factor lives that long
LITTLE, TOO_LITTLE = 1_000_000_000, 200_000_000  # bytes


def database(patient: Patient) -> Sequence[Finding]:
    """Look whether the database answers, and is at the revision that this release needs."""
    try:
        with patient.app.database.reading() as session:
            session.connection().execute(text("SELECT 1"))
    except (SQLAlchemyError, OSError, TimeoutError, ModuleNotFoundError) as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())[:200].rstrip(".")
        remedy = "Look at DATABASE_URL, and whether the database is there, can be written, and has room."
        return [fail("database", f"The database does not answer: {reason}.", remedy)]
    try:
        migrating.require_current(patient.app.database)
    except DigestError as error:
        return [fail("database", str(error), "digest database upgrade")]
    kind = "SQLite" if patient.app.database.is_sqlite else "PostgreSQL"
    return [ok("database", f"The database ({kind}) answers, at revision {migrating.newest()}.")]


def clock(patient: Patient) -> Sequence[Finding]:
    """Look whether the database's clock and this machine's say the same."""
    app = patient.app
    with app.database.reading() as session:
        theirs = app.database.now(session)
    apart = abs(app.clock.now() - theirs)
    return [clock_finding("clock", "the database", apart)]


def clock_finding(check: str, other: str, apart: timedelta) -> Finding:
    """Return what it means that two clocks are so far apart. Pure."""
    seconds = apart.total_seconds()
    remedy = "Let the machines' clocks be set by NTP (chrony, systemd-timesyncd)."
    if apart > FAR:
        return fail(check, f"This machine's clock and {other} are {seconds:,.0f} seconds apart.", remedy)
    if apart > SKEW:
        return warn(check, f"This machine's clock and {other} are {seconds:.1f} seconds apart.", remedy)
    return ok(check, f"This machine's clock and {other} say the same.")


def disks(patient: Patient) -> Sequence[Finding]:
    """Look for room where files grow: the SQLite file, the outbox, the pictures, files of readers."""
    found = []
    for what, folder in _folders(patient):
        try:
            free = patient.free(folder)
        except OSError as error:
            found.append(
                fail("disk", f"The folder of {what} cannot be looked at: {error.strerror}.", f"Look at {folder}.")
            )
            continue
        says = f"{free / 1e9:,.1f} GB are free for {what}."
        remedy = f"Make room on the disk of {folder}, or move it."
        level = fail if free < TOO_LITTLE else warn
        found.append(level("disk", says, remedy) if free < LITTLE else ok("disk", says))
    return found


def _folders(patient: Patient) -> Iterator[tuple[str, Path]]:
    settings = patient.app.settings
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith((":", "file:")):
        yield "the database", Path(url.database).parent
    if settings.provider is ProviderName.outbox:
        yield "the outbox", settings.outbox_dir
    if settings.pictures is PicturesFrom.own:
        yield "the pictures", settings.pictures_dir
    yield "files of readers", settings.imports_dir
