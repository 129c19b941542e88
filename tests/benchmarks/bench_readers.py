"""Measures the import of readers from CSV, beside a bare reading of the same file."""

import csv
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from digest.database import Database
from digest.tables import METADATA
from subscribers import Keys, ListData, add_list, export_csv, import_csv, lines_of, survey
from tests.benchmarks.bench_events import postgres
from tests.conftest import NOW, STRONG

COUNT = 200_000
HEAD = (
    "Email Address,First Name,Last Name,Interests,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,"
    "TIMEZONE,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
)


def write(path: Path, count: int) -> None:
    """Write an export as Mailchimp's: two in three readers have one list, the others two."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        for number in range(count):
            lists = '"South Caucasus, Baltic"' if number % 3 else "Baltic"
            day = f"2025-{number % 12 + 1:02}-{number % 28 + 1:02} {number % 24:02}:{number % 60:02}:07"
            file.write(
                f"reader.{number}@mail{number % 5000}.example.org,Name{number % 977},Surname{number % 9973},{lists},3,"
                f"{day},192.0.2.{number % 250},{day},192.0.2.{number % 250},Europe/Riga,{day},{number},x{number},,\n"
            )


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return how long something took: seconds of the clock, and of this process's CPU."""
    clock, cpu = perf_counter(), process_time()
    work()
    return perf_counter() - clock, process_time() - cpu


def bare(path: Path) -> int:
    """Do the least that any import must: look through the file for its letters, and read its cells."""
    with path.open("rb") as raw:
        encoding = survey(raw).encoding
    with path.open(encoding=encoding, newline="") as text:
        return sum(len(row) for row in csv.reader(text))


def bring(database: Database, path: Path) -> Any:
    """Import the file."""
    with path.open(encoding="utf-8", newline="") as text:
        return import_csv(
            database,
            Keys(secret=STRONG, address=STRONG[::-1]),
            lines_of(text),
            at=NOW,
            source="import:bench",
            mapping={"Interests": "lists"},
        )


def measure(kind: str, url: str, path: Path, count: int) -> None:
    """Print how fast the file is imported, imported again, and exported, on one database."""
    database = Database(url)
    METADATA.create_all(database.engine)
    with database.writing() as session:
        for name in ("South Caucasus", "Baltic"):
            add_list(session, ListData(id=name.split()[0].lower(), name=name, family="weekly", topic=name))
    least, _ = timed(lambda: bare(path))
    for what in ("import", "the same again"):
        clock, cpu = timed(lambda: bring(database, path))
        speed = f"{count / clock:,.0f} a second; CPU here {cpu:.1f} s"
        say(f"readers, {kind}: {what} of {count:,} in {clock:.1f} s ({speed})")
        say(f"  reading its cells alone takes {least:.2f} s: {clock / least:.0f}x")
    with database.reading() as session:
        clock, cpu = timed(lambda: sum(map(len, export_csv(session, system="mailchimp"))))
    say(f"  export as Mailchimp in {clock:.1f} s ({count / clock:,.0f} a second; CPU here {cpu:.1f} s)")
    database.close()


def run(count: int = COUNT) -> None:
    """Print all figures."""
    with tempfile.TemporaryDirectory() as folder, postgres() as server:
        path = Path(folder) / "subscribed_email_audience_export.csv"
        write(path, count)
        measure("SQLite", f"sqlite:///{folder}/bench.db", path, count)
        measure("PostgreSQL", server, path, count)


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


main = run

if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
