"""A real tick tells of missed cut-offs by mail, by the second account where the provider refuses."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from digest import settings, ticking
from digest.bootstrap import App, opened
from digest.clock import StillClock
from digest.engine import local
from digest.errors import SettingsError
from digest.issues.models import Run
from tests import databases
from tests.conftest import STRONG
from tests.providers import sendgrid_server
from tests.sending import approved
from tests.sending.fakes import Scripted
from tests.ticking.newsroom import DAY, MONDAY, WEEK, change, go_to, issues, runs

EDITORS = ["anna@meridian.example", "bela@meridian.example"]


def missed_a_monday(app: App) -> None:
    """Let the schedule know a cut-off, and come back two days after the next."""
    change(app, editors=EDITORS)
    with app.database.writing() as session:
        times = {"planned_at": MONDAY - WEEK, "send_at": MONDAY - WEEK, "created_at": MONDAY - WEEK}
        row = {"publication_id": approved.FAMILY, "outcome": "skipped: so", "told_at": MONDAY - WEEK}
        session.add(Run.model_validate(row | times))
    go_to(app, MONDAY + 2 * DAY)


def test_a_missed_cut_off_is_mailed_once(app: App):
    """However often one ticks, and with a mail in the outbox for each editor."""
    missed_a_monday(app)
    said = ticking.tick(app.means)
    assert len([one for one in said if "the mail to" in one and "was sent" in one]) == 2
    assert ticking.tick(app.means) == []
    mails = [file.read_text(encoding="utf-8") for file in app.settings.outbox_dir.rglob("*.eml")]
    assert sorted(name for mail in mails for name in EDITORS if f"To: {name}" in mail) == EDITORS
    assert [run.told_at for run in runs(app) if run.planned_at == MONDAY] == [MONDAY + 2 * DAY]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_second_account_takes_over_in_a_real_tick(kind: str, tmp_path: Path, request: pytest.FixtureRequest):
    """SendGrid answers 401 over the wire: both editors are told by ALERT_ACCOUNT, in the same pass, and once."""
    lite = kind == "sqlite"
    url = (
        databases.copy(tmp_path / "second.db", databases.migrated)
        if lite
        else request.getfixturevalue("postgres_migrated")
    )
    with sendgrid_server.serving() as server:
        given = {"secret_key": STRONG, "address_key": STRONG, "database_url": url, "provider": "sendgrid",
                 "sendgrid_api_key": "SG.revoked", "sendgrid_base_url": server.url, "alert_account": "second",
                 "accounts": {"second": {"provider": "outbox"}}}  # fmt: skip
        with opened(tmp_path, StillClock(MONDAY - timedelta(hours=1)), **given) as app:
            approved.newsroom(app.database)
            missed_a_monday(app)
            said: list[str] = []
            local.run(app.means, concurrency=1, until_idle=True, say=said.append, alarm=app.alarm)
            told = [one for one in said if "was sent by account second" in one]
            assert len(told) == 2
            assert all("401" in one for one in told)
            assert len(list(app.settings.outbox_dir.rglob("*.eml"))) == 2
            local.run(app.means, concurrency=1, until_idle=True, say=said.append, alarm=app.alarm)
            assert len(said) == 3
    assert not server.taken


def test_a_publication_that_cannot_be_drafted_holds_no_other_up(app: App, monkeypatch: pytest.MonkeyPatch):
    """Its editors are told once; the run is tried again, and drafted when that is mended."""
    change(app, editors=EDITORS)
    go_to(app, MONDAY)
    provider = Scripted()
    means = replace(app.means, provider=provider)
    with monkeypatch.context() as broken:
        broken.setattr("digest.issues.gathering.freeze", _refuse)
        for _ in range(2):
            assert "cannot be drafted: A cupboard is locked." in ticking.tick(means)[0]
    assert [one.content.subject for one in provider.got] == ["[Stuck] The Weekly, 23 Nov: A cupboard is locked"] * 2
    assert any("drafted with" in one for one in ticking.tick(means))
    assert len(issues(app)) == 1


def _refuse(*_: object, **__: object) -> None:
    raise SettingsError("A cupboard is locked.")


def test_an_alert_account_that_there_is_not_stops_the_start(tmp_path: Path):
    """It would be found out in the worst moment."""
    keys = {"secret_key": STRONG, "address_key": STRONG}
    with pytest.raises(SettingsError, match=r"ALERT_ACCOUNT is 'second', .* Accounts: outbox\."):
        settings.load(tmp_path, **keys, alert_account="second")
    assert settings.load(tmp_path, **keys, alert_account="outbox").alert_account == "outbox"
