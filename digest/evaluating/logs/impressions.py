"""One impression of a click log, and putting millions of them in the order of time without keeping them in memory."""

import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

_PAGE = 1_000
_Row = tuple[float, str, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Impression:
    """What one user was shown at a time, and what of it was clicked. Places are not known: the logs are shuffled."""

    at: datetime
    user: str
    shown: tuple[str, ...]
    clicked: frozenset[str]


def in_time(impressions: Iterable[Impression], tell: Callable[[int], None]) -> Generator[Impression, None, None]:
    """Yield the impressions by time. Logs are not always sorted, and larger than memory: SQLite sorts them on disk.

    The file is temporary, has no name, and is gone afterwards. ``tell`` hears of every thousand that were read.
    """
    with closing(sqlite3.connect("")) as store:
        store.execute("CREATE TABLE impression (at REAL, user TEXT, shown BLOB, clicked BLOB)")
        store.executemany("INSERT INTO impression VALUES (?, ?, ?, ?)", _told(map(_row, impressions), tell))
        for at, user, shown, clicked in store.execute("SELECT * FROM impression ORDER BY at, rowid"):
            moment = datetime.fromtimestamp(at, UTC)
            yield Impression(moment, user, tuple(orjson.loads(shown)), frozenset(orjson.loads(clicked)))


def _row(one: Impression) -> _Row:
    return one.at.timestamp(), one.user, orjson.dumps(one.shown), orjson.dumps(sorted(one.clicked))


def _told(rows: Iterable[_Row], tell: Callable[[int], None]) -> Iterator[_Row]:
    for number, row in enumerate(rows, start=1):
        yield row
        if number % _PAGE == 0:
            tell(_PAGE)
