"""``digest events``: what providers told, listed and asked for."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from digest import bootstrap, migrating
from digest.cli.events import commands
from digest.errors import BadInput, SettingsError
from digest.events import intake
from digest.providers.event import EventKind, ProviderEvent
from digest.tables import METADATA
from tests.conftest import NOW, STRONG

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs a command of events, in a folder where two have come."""
    monkeypatch.chdir(tmp_path)
    for name in ("SECRET_KEY", "ADDRESS_KEY"):
        monkeypatch.setenv(f"DIGEST_{name}", STRONG)
    with bootstrap.opened() as app:
        migrating.upgrade(app.database)
        METADATA.create_all(app.database.engine)
        told = [
            ProviderEvent(event_id="a", kind=EventKind.delivered, at=NOW, delivery_ref="1.2"),
            ProviderEvent(event_id="b", kind=EventKind.unknown, at=NOW, address="ana@example.org"),
        ]
        intake.store(app.database, "sendgrid", told, NOW)
    return lambda *words: CliRunner().invoke(commands, list(words))


def test_events_are_listed_and_counted(run: Run):
    """The newest first, with what they are about; one state alone on request."""
    said = run("list").stdout.splitlines()
    assert said[0].startswith("1 new, 0 waiting, 0 applied, 0 without_effect, 1 unknown")
    assert "unknown      ana@example.org" in said[1]
    assert "delivered    1.2" in said[2]
    data = json.loads(run("list", "--state", "unknown", "--json").stdout)
    assert [one["event_id"] for one in data["events"]] == ["b"]
    assert isinstance(run("list", "--state", "lost").exception, BadInput)


def test_a_provider_without_a_list_of_events_is_named(run: Run):
    """The outbox tells nothing."""
    assert isinstance(run("pull").exception, SettingsError)
