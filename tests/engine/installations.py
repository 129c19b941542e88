"""An installation with one weekly, on either database, whose clock can be set and which can be backed up."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, text

from digest import migrating
from digest.bootstrap import App, opened
from digest.clock import StillClock
from digest.database import Database
from tests.conftest import STRONG
from tests.sending import approved
from tests.ticking.newsroom import MONDAY

KEYS = {"secret_key": STRONG, "address_key": STRONG, "base_url": "https://digest.example.org"}


@contextmanager
def weekly(folder: Path, url: str = "") -> Iterator[App]:
    """Open an installation whose clock stands an hour before Monday's cut-off."""
    more = {"database_url": url} if url else {}
    with opened(folder, StillClock(MONDAY - timedelta(hours=1)), **KEYS, **more) as app:
        migrating.upgrade(app.database)
        approved.newsroom(app.database)
        approved.articles(app.database, MONDAY - timedelta(hours=30), prefix="fresh")
        approved.reader(app.database, "nino", ["south-caucasus"], at=MONDAY - timedelta(days=1))
        yield app


@contextmanager
def again(folder: Path, url: str, at: datetime) -> Iterator[App]:
    """Open an installation that is there already."""
    with opened(folder, StillClock(at), database_url=url, **KEYS) as app:
        yield app


def backed_up(database: Database, folder: Path) -> str:
    """Make a backup of a database, as the README says, and restore it beside; returns its URL."""
    name = f"backup{uuid4().hex[:12]}"
    if database.is_sqlite:
        assert database.engine.url.database
        with closing(sqlite3.connect(database.engine.url.database)) as connection:
            connection.execute(f"VACUUM INTO '{folder}/{name}.db'")
        return f"sqlite:///{folder}/{name}.db"
    url = database.engine.url
    database.close()  # nobody may be in the database that is copied; it opens again by itself
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {url.database}"))
    admin.dispose()
    return url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
