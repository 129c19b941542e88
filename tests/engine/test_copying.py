"""From SQLite to PostgreSQL: every row, the same ids and keys, and the sending goes on there as if nothing had been."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from digest import copying, ticking
from digest.bootstrap import App
from digest.database import Database
from digest.engine import heartbeat, local
from digest.errors import Refused
from digest.regions import Region
from digest.sending.models import table
from digest.tables import METADATA
from tests.engine import installations
from tests.sending import approved, newsroom
from tests.ticking.newsroom import EIGHT, MONDAY, approve, go_to, issues


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Return an installation on SQLite with an approved issue that waits for its hour."""
    with installations.weekly(tmp_path) as made:
        go_to(made, MONDAY)
        ticking.tick(made.means)
        approve(made, issues(made)[0])
        yield made


@pytest.fixture
def target(postgres_url: str) -> Iterator[Database]:
    """Return an empty PostgreSQL database."""
    database = Database(postgres_url)
    yield database
    database.close()


def test_all_is_there_and_the_issue_is_sent_from_there(app: App, target: Database, tmp_path: Path):
    """Counts and checksums agree; the approval holds, the reader gets it, and new rows get new numbers."""
    steps: list[int] = []
    sums = copying.copy(app.database, target, now=MONDAY, progress=lambda _table, rows: steps.append(rows))
    assert sum(steps) == sum(one.rows for one in sums.values()) == copying.rows(app.database)
    assert set(sums) | copying.OF_THE_PLACE == set(METADATA.tables)
    assert sums["article"].rows == 16
    assert sums["approval"].rows == 1
    with app.database.reading() as here, target.reading() as there:
        for name in ("region", "issue", "edition", "subscriber"):
            query = select(METADATA.tables[name])
            assert sorted(map(str, here.execute(query))) == sorted(map(str, there.execute(query)))
    with installations.again(tmp_path, target.url, EIGHT) as moved:
        assert any("is sent now" in one for one in ticking.tick(moved.means))
        local.drain(moved.means, issues(moved)[0].id, concurrency=2)
        assert issues(moved)[0].status == "sent"
        assert len(list(moved.settings.outbox_dir.rglob("nino*"))) + len(
            [one for one in moved.settings.outbox_dir.rglob("*.eml") if "nino@example.org" in one.read_text()]
        )
        approved.reader(moved.database, "ana", ["south-caucasus"], at=EIGHT)


def test_a_target_with_rows_is_refused(app: App, target: Database):
    """A second copy would mix two newsrooms."""
    copying.copy(app.database, target, now=MONDAY)
    with pytest.raises(Refused, match="not empty"):
        copying.copy(app.database, target, now=MONDAY)


def test_only_from_sqlite_to_postgresql(app: App, tmp_path: Path):
    """Anything else is refused before anything is touched."""
    other = Database(f"sqlite:///{tmp_path}/other.db")
    with pytest.raises(Refused, match="from SQLite to PostgreSQL"):
        copying.copy(app.database, other, now=MONDAY)
    other.close()


def test_not_while_something_is_sent_or_somebody_works(app: App, target: Database):
    """An issue under way, a call on its way, a worker at work: each is named."""
    begun = heartbeat.begin(app.database, what="worker", host=heartbeat.this_host())
    with pytest.raises(Refused, match="works on this database"):
        copying.copy(app.database, target, now=MONDAY)
    heartbeat.end(app.database, begun["id"])
    batch = {"id": begun["id"], "issue_number": 1, "edition_number": 1, "account": "outbox", "state": "handed_over"}
    with app.database.writing() as session:
        row = batch | {"lease_until": MONDAY + timedelta(minutes=1), "created_at": MONDAY}
        session.execute(insert(newsroom.BATCH), [row])
    with pytest.raises(Refused, match="call for issue 1 is on its way"):
        copying.copy(app.database, target, now=MONDAY)
    newsroom.set_issue(app.database, 1, status="sending")
    with pytest.raises(Refused, match="Issue 1 is being sent"):
        copying.copy(app.database, target, now=MONDAY)


def test_a_row_that_postgresql_cannot_keep_is_named_and_nothing_stays(app: App, target: Database):
    """A NUL in a text: SQLite keeps it, PostgreSQL does not."""
    with app.database.writing() as session:
        session.execute(text("UPDATE article SET kicker = 'a' || char(0) || 'b'"))
    with pytest.raises(Refused, match="A row of article cannot be kept"):
        copying.copy(app.database, target, now=MONDAY)
    with target.reading() as session:
        assert session.execute(select(table(Region)).limit(1)).first() is None


def test_regions_that_are_their_own_ancestors_are_refused(app: App, target: Database):
    """Such a tree has no beginning."""
    with app.database.writing() as session:
        session.execute(text("UPDATE region SET parent_id = id WHERE id = 'south-caucasus'"))
    with pytest.raises(Refused, match="own ancestors"):
        copying.copy(app.database, target, now=MONDAY)
