"""What the tests of the schedule share: an installation whose clock can be set."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from digest.bootstrap import App, opened
from digest.clock import StillClock
from tests import databases
from tests.conftest import STRONG
from tests.sending import approved
from tests.ticking.newsroom import MONDAY


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    """Return an installation whose clock stands an hour before Monday's cut-off."""
    keys = {"secret_key": STRONG, "address_key": STRONG, "base_url": "https://digest.example.org"}
    lite = request.param == "sqlite"
    keys["database_url"] = (
        databases.copy(tmp_path / "digest.db", databases.migrated)
        if lite
        else request.getfixturevalue("postgres_migrated")
    )
    with opened(tmp_path, StillClock(MONDAY - timedelta(hours=1)), **keys) as made:
        approved.newsroom(made.database)
        approved.articles(made.database, MONDAY - timedelta(hours=30), prefix="fresh")
        approved.reader(made.database, "nino", ["south-caucasus"], at=MONDAY - timedelta(days=1))
        yield made
