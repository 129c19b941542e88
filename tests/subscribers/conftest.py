"""Keys, and lists of two families, for the tests of subscribers."""

import pytest

from digest.database import Database
from subscribers import Keys, ListData, add_list
from tests.conftest import STRONG

LISTS = [
    ListData(id="sc", name="South Caucasus", family="weekly", topic="south-caucasus", position=1),
    ListData(id="ee", name="Eastern Europe", family="weekly", topic="eastern-europe", position=2),
    ListData(id="ca", name="Central Asia", family="weekly", topic="central-asia", position=3, language="ru"),
    ListData(id="old", name="Old list", family="weekly", topic="old", position=4, open=False),
    ListData(id="daily-sc", name="South Caucasus daily", family="daily", topic="south-caucasus"),
]


@pytest.fixture(scope="session")
def keys() -> Keys:
    """Return keys as an installation has them."""
    return Keys(secret=STRONG, old=(), address=STRONG[::-1])


@pytest.fixture
def store(database: Database) -> Database:
    """Return a database with the lists."""
    with database.writing() as session:
        for data in LISTS:
            add_list(session, data)
    return database
