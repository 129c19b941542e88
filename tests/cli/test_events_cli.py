"""``digest events``: what providers told, listed and asked for."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from digest import bootstrap
from digest.cli.events import commands
from digest.errors import BadInput, SettingsError
from digest.events import intake
from digest.providers import registry
from digest.providers.event import EventKind, ProviderEvent
from tests.conftest import NOW

REPORT = Path(__file__).parents[1] / "providers" / "mail" / "postfix-failed.eml"
Run = Callable[..., Result]


@pytest.fixture
def run(installed: Path) -> Run:  # noqa: ARG001 - to be in its folder
    """Return what runs a command of events, in a folder where two have come."""
    with bootstrap.opened() as app:
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
    assert json.loads(run("list", "--unknown", "--json").stdout) == data
    assert isinstance(run("list", "--state", "lost").exception, BadInput)


def test_a_provider_without_a_list_of_events_is_named(run: Run):
    """The outbox tells nothing."""
    assert isinstance(run("pull").exception, SettingsError)


BACK = [
    ProviderEvent(event_id="a", kind=EventKind.delivered, at=NOW, delivery_ref="1.2"),
    ProviderEvent(event_id="c", kind=EventKind.unknown, at=NOW),
]


class Asked:
    """A provider that has two events for whoever asks."""

    def __init__(self) -> None:
        self.spans: list[tuple[datetime, datetime]] = []

    def pull(self, since: datetime, until: datetime) -> Iterator[ProviderEvent]:
        """Give both."""
        self.spans.append((since, until))
        return iter(BACK)


def test_events_are_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch):
    """Of the account that is named, since when is said, or a day; they are stored as if they had been told."""
    asked = Asked()
    monkeypatch.setattr(registry, "puller", lambda _settings, _name: asked)
    said = run("pull", "--account", "mailgun", "--json")
    assert json.loads(said.stdout) == {"account": "mailgun", "stored": 2, "known": 0, "unknown": 1}
    words = run("pull", "--account", "mailgun", "--since", "2026-11-01T00:00:00Z").stdout
    assert "0 events are new, 2 were known, 1 are of a kind that we have no word for." in words
    (since, until), (second, _) = asked.spans
    assert until - since == timedelta(days=1)
    assert second.isoformat() == "2026-11-01T00:00:00+00:00"


def test_a_mailbox_is_read(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """A report that a real relay wrote, by the account with SMTP; again, all is known."""
    monkeypatch.setenv("DIGEST_PROVIDER", "smtp")
    monkeypatch.setenv("DIGEST_SMTP_URL", "smtp://127.0.0.1:25")
    monkeypatch.setenv("DIGEST_SMTP_BOUNCE_DOMAIN", "bounces.example.org")
    for folder in ("new", "cur", "tmp"):
        (tmp_path / "back" / folder).mkdir(parents=True)
    shutil.copy(REPORT, tmp_path / "back" / "new" / "1")
    for stored in (1, 0):
        result = run("import", "back", "--json")
        assert json.loads(result.stdout) == {"account": "smtp", "stored": stored, "known": 1 - stored, "unknown": 0}
    assert json.loads(run("list", "--json").stdout)["events"][0]["fields"]["delivery"] == "1.1"


def test_what_is_no_mailbox_is_said(run: Run, tmp_path: Path):
    """Nothing there; a provider whose mails do not come back by mail; no such account."""
    assert isinstance(run("import", "nothing").exception, BadInput)
    (tmp_path / "mbox").write_text("")
    failed = run("import", "mbox").exception
    assert isinstance(failed, BadInput)
    assert "outbox tells" in str(failed)
    assert isinstance(run("import", "mbox", "--account", "lost").exception, SettingsError)
