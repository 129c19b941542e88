"""What the tests of broken things share: a nursery of workers, and where databases come from."""

from collections.abc import Iterator

import pytest

from tests.chaos.places import Ground
from tests.chaos.workers import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Return a nursery of worker processes."""
    made = Nursery()
    yield made
    made.close()


@pytest.fixture(scope="session")
def ground(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Return where databases come from."""
    server = "" if request.param == "sqlite" else request.getfixturevalue("postgres_server")
    made = Ground(tmp_path_factory.mktemp("ground"), server)
    yield made
    made.close()
