"""Each thing the doctor looks at is told as fine where it is, and as what it is where it is not, with the remedy."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update
from typer.testing import CliRunner

from digest import bootstrap, migrating, pulse, settings
from digest.accounts import ProviderName
from digest.articles.feeds.models import Feed
from digest.bootstrap import App
from digest.cli import app as everything
from digest.clock import StillClock
from digest.doctor import built, configured, examining, outside, stored, working
from digest.doctor.finding import Finding, Level, Patient
from digest.engine import heartbeat
from digest.errors import BadInput
from digest.fetching import Fetched
from digest.issues.models import IssueStatus
from digest.providers import registry
from digest.sending import pacing
from digest.sending.models import Delivery, table
from digest.sending.provider import ProviderError
from tests.conftest import NOW, STRONG
from tests.sending import newsroom
from tests.sending.fakes import Scripted, claimed, means

Made = Callable[..., Patient]
REAL = {"provider": "postmark", "postmark_api_key": "key", "postmark_webhook_secret": "user:webhook-secret"}
FINE = {
    **REAL,
    "base_url": "https://news.example.net",
    "sender_address": "a@news.example.net",
    "postal_address": "1 St",
}


@pytest.fixture
def made(tmp_path: Path, clock: StillClock) -> Iterator[Made]:
    """Return how to make an installation with its database, to look at."""
    apps: list[App] = []

    def make(**given: Any) -> Patient:
        keys = {"secret_key": STRONG, "address_key": STRONG[::-1]}
        app = App(settings.load(tmp_path, **(keys | given)), clock, still=True)
        apps.append(app)
        if migrating.current(app.database) is None:
            migrating.upgrade(app.database)
        return Patient(app=app)

    yield make
    for app in apps:
        app.close()


def levels(found: Any) -> list[str]:
    """Return how bad each finding is."""
    return [one.level.value for one in found]


def test_a_sound_installation_is_told_to_be_one(made: Made):
    """Everything configured, a worker at work: no line but of what is fine, each a sentence."""
    patient = made(**FINE)
    with patient.app.database.writing() as session:
        pulse.beat(session, pulse.TICK, NOW)
    found = list(examining.examine(patient))
    assert [one for one in found if one.level is not Level.ok] == []
    assert {one.check for one in found} >= {"keys", "base-url", "account", "sender", "database", "clock", "worker"}
    assert {one.check for one in found} >= {
        "leases",
        "issues",
        "uncertain",
        "feeds",
        "disk",
        "mjml",
        "fonts",
        "templates",
    }
    assert all(one.says.endswith(".") for one in found)
    assert examining.worst(found) is Level.ok


@pytest.mark.parametrize(
    ("check", "given", "level", "words"),
    [
        (configured.keys, {}, "ok", "strong"),
        (configured.keys, {"address_key": STRONG}, "warn", "the same"),
        (configured.keys, {"secret_keys_old": ["short"]}, "fail", "forged"),
        (configured.base_url, {}, "ok", "stays on this machine"),
        (configured.base_url, REAL, "fail", "their own machine"),
        (configured.base_url, {**REAL, "base_url": "http://news.example.net"}, "fail", "one-click"),
        (configured.base_url, {**REAL, "base_url": "https://intranet"}, "warn", "near here"),
        (configured.base_url, FINE, "ok", "https://news.example.net"),
        (configured.accounts, {}, "ok", "outbox"),
        (configured.accounts, REAL, "ok", "can be used"),
        (configured.accounts, {**REAL, "postmark_webhook_secret": None}, "warn", "no webhook secret"),
        (configured.sender, {}, "ok", "stays"),
        (configured.sender, {**FINE, "sender_address": "digest@example.org"}, "fail", "nobody sends from there"),
        (configured.sender, {**FINE, "postal_address": " "}, "warn", "POSTAL_ADDRESS"),
        (configured.sender, FINE, "ok", "a@news.example.net"),
        (configured.limits, {"warm_up_from": "2026-11-22"}, "ok", "warm-up day 3 allows 2,000"),
        (configured.limits, {"warm_up_from": "2026-12-01"}, "warn", "begins its warm-up on 2026-12-01"),
    ],
)
def test_settings(made: Made, check: Any, given: dict[str, Any], level: str, words: str):
    """What would harm mail is found before any leaves."""
    found = check(made(**given))
    assert levels(found) == [level]
    assert words in found[0].says
    assert bool(found[0].remedy) == (level != "ok")


def test_an_account_that_cannot_be_used_is_told(made: Made):
    """Its settings make no sense to its provider: the doctor says which account."""
    second = {"second": {"provider": "smtp", "url": "gopher://nowhere"}}
    found = configured.accounts(made(**FINE, accounts=second))
    assert levels(found) == ["ok", "fail"]
    assert "second" in found[1].says


def test_no_secret_is_told(made: Made):
    """No line holds a key, whatever is wrong."""
    said = json.dumps([one.to_json() for one in examining.examine(made(**REAL))])
    assert "webhook-secret" not in said
    assert STRONG not in said
    assert STRONG[::-1] not in said


def test_a_database_that_is_behind_ends_the_look_at_the_work(made: Made):
    """One line says what to do, not ten that all fail."""
    patient = made()
    with patient.app.database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0003'"))
    found = list(examining.examine(patient))
    assert [one.check for one in found if one.level is Level.fail] == ["database"]
    assert "digest database upgrade" in found[-1].remedy


def test_a_database_that_is_not_there_is_told(made: Made, tmp_path: Path):
    """The reason of the driver stands in the line."""
    patient = made()
    (tmp_path / "folder").mkdir()
    broken = App(
        patient.app.settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/folder"}), patient.app.clock
    )
    found = stored.database(Patient(app=broken))
    broken.close()
    assert levels(found) == ["fail"]
    assert "unable to open" in found[0].says


@pytest.mark.parametrize(("seconds", "level"), [(0.5, "ok"), (3, "warn"), (31, "fail")])
def test_clocks_that_are_apart(seconds: float, level: str):
    """Two seconds are worth a look; half a minute breaks the second factor, and more."""
    assert stored.clock_finding("clock", "the database", timedelta(seconds=seconds)).level == level


@pytest.mark.parametrize(("free", "level"), [(5e9, "ok"), (5e8, "warn"), (1e8, "fail")])
def test_disks(made: Made, free: float, level: str):
    """The folders of the database, the outbox, the pictures and the imports; those that are not there yet, too."""
    found = stored.disks(replace(made(), free=lambda _folder: int(free)))
    assert levels(found) == [level] * 4
    assert levels(stored.disks(made())) != []


def test_a_folder_that_cannot_be_looked_at_is_told(made: Made):
    """It stands in the line, with the machine's reason."""

    def refused(folder: Path) -> int:
        raise PermissionError(13, "Permission denied", str(folder))

    assert levels(stored.disks(replace(made(), free=refused))) == ["fail"] * 4


def test_a_worker_that_is_away_matters_where_an_issue_waits(made: Made, clock: StillClock):
    """Never seen, seen, gone, and gone while an issue is to be sent."""
    patient = made()
    assert "ever seen" in working.worker(patient)[0].says
    assert levels(working.worker(patient)) == ["warn"]
    with patient.app.database.writing() as session:
        pulse.beat(session, pulse.TICK, clock.now())
    assert levels(working.worker(patient)) == ["ok"]
    heartbeat.begin(patient.app.database, what="worker", host=heartbeat.this_host())
    assert working.worker(patient)[0].says == "A worker is at work."
    clock.at = NOW + timedelta(minutes=10)
    assert "since 2026-11-24 06:00 UTC" in working.worker(patient)[0].says
    newsroom.make(patient.app.database, at=NOW)
    (found,) = working.worker(patient)
    assert (found.level, found.says[:8]) == (Level.fail, "Issue 1 ")
    assert "digest worker" in found.remedy


def test_a_lease_that_nobody_took_back_is_told(made: Made, clock: StillClock):
    """Older than twice its time: no worker looks after it."""
    patient = made()
    database = patient.app.database
    newsroom.queue(database, newsroom.make(database, readers=4))
    tools = means(database, clock, Scripted())
    claimed(tools)
    clock.at = NOW + timedelta(seconds=200)
    assert levels(working.leases(patient)) == ["ok"]
    clock.at = NOW + timedelta(seconds=241)
    (found,) = working.leases(patient)
    assert (found.level, "issue 1: 1" in found.says) == (Level.fail, True)


def test_dead_feeds_held_issues_unknown_fates_and_refused_accounts(made: Made):
    """Each is named, with the command that helps."""
    patient = made()
    database = patient.app.database
    checks = (working.feeds, working.issues, working.uncertain, working.halted)
    assert [levels(check(patient)) for check in checks] == [["ok"]] * 4
    newsroom.queue(database, newsroom.make(database, readers=4))
    newsroom.set_issue(database, held="a story was withdrawn.")
    with database.writing() as session:
        session.execute(update(table(Delivery)).where(table(Delivery).c.subscriber_id < 3).values(state="uncertain"))
        dead = {"id": "wire", "url": "https://example.org/feed", "failures": 5, "added_at": NOW, "next_at": NOW}
        session.add(Feed.model_validate(dead))
        pacing.halt(session, "postmark", "the key was refused.")
    found = [check(patient)[0] for check in checks]
    assert levels(found) == ["warn", "warn", "warn", "fail"]
    assert "5 failures in a row" in found[0].says
    assert found[1].says == "Issue 1 is held: a story was withdrawn."
    assert found[1].remedy.endswith("digest issues resume 1")
    assert found[2].says == "The fate of 2 mails of issue 1 is not known."
    assert "digest issues resolve 1" in found[2].remedy
    assert found[3].says == "Account postmark is refused: the key was refused."


def test_what_is_installed(made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The compiler, the font, the templates; a template that somebody broke is named with its line."""
    patient = made()
    assert levels([*built.mails(patient), *built.fonts(patient), *built.templates(patient)]) == ["ok"] * 3
    (tmp_path / "desk").mkdir()
    monkeypatch.setattr(built, "templates_folder", lambda: tmp_path / "desk")
    assert levels(built.templates(patient)) == ["fail"]
    (tmp_path / "desk" / "page.html").write_text("<p>\n{% if %}", encoding="utf-8")
    (found,) = built.templates(patient)
    assert "page.html is broken in line 2" in found.says
    monkeypatch.setattr(built, "files", lambda _name: tmp_path / "nowhere")
    assert levels(built.fonts(patient)) == ["fail"]

    def broken(_source: str, *, must_contain: Any) -> str:
        raise RuntimeError(f"no {must_contain}")

    monkeypatch.setattr(built, "compile_mjml", broken)
    assert levels(built.mails(patient)) == ["fail"]


class Web:
    """A web that gives what it was told to."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def get(self, url: str) -> Fetched:
        """Return or raise the answer."""
        if isinstance(self.answer, Exception):
            raise self.answer
        return Fetched(url, *self.answer)

    head = get


@pytest.mark.parametrize(
    ("answer", "level"),
    [
        ((200, {}, b'{"database":"ok"}'), "ok"),
        ((200, {}, b"<h1>It works!</h1>"), "fail"),
        ((502, {}, b""), "fail"),
        (BadInput("https://news.example.net could not be fetched."), "fail"),
    ],
)
def test_the_pages_are_asked_as_a_reader_asks_them(made: Made, answer: Any, level: str):
    """Another web server at that address is not taken for ours."""
    patient = made(**FINE)
    patient.app.__dict__["fetcher"] = Web(answer)
    assert levels(outside.pages(patient)) == [level]


@pytest.mark.parametrize(
    ("date", "level"),
    [
        ("Tue, 24 Nov 2026 06:00:01 GMT", "ok"),
        ("Tue, 24 Nov 2026 06:00:20 GMT", "warn"),
        ("Tue, 24 Nov 2026 05:00:00 GMT", "fail"),
        ("yesterday", "warn"),
    ],
)
def test_another_clock_is_asked(made: Made, date: str, level: str):
    """By the Date of an answer; one that says none is no proof of anything."""
    patient = made()
    patient.app.__dict__["fetcher"] = Web((200, {"date": date}, b""))
    assert levels(outside.clock(patient)) == [level]
    patient.app.__dict__["fetcher"] = Web(BadInput("no network."))
    assert levels(outside.clock(patient)) == ["warn"]


@pytest.mark.parametrize(("said", "level"), [("", "ok"), ("It knows nobody.", "fail"), (ProviderError("403."), "warn")])
def test_providers_are_asked_for_the_sender(made: Made, monkeypatch: pytest.MonkeyPatch, said: Any, level: str):
    """What one will not tell is said, and is not taken for either."""

    def ask(_account: Any, _times: Any, address: str) -> str:
        assert address == "a@news.example.net"
        if isinstance(said, Exception):
            raise said
        return str(said)

    monkeypatch.setattr(registry, "SENDERS", {ProviderName.postmark: ask})
    assert levels(outside.senders(made(**FINE))) == [level]


def test_a_look_that_breaks_off_stops_no_other(made: Made, monkeypatch: pytest.MonkeyPatch):
    """It is a finding by its name."""

    def broken(_patient: Patient) -> list[Finding]:
        raise RuntimeError("bad\nluck")

    monkeypatch.setattr(examining, "OF_SETTINGS", (broken, configured.keys))
    found = list(examining.examine(made()))
    assert found[0].says == "This could not be looked at: RuntimeError: bad luck"
    assert found[1].check == "keys"


def test_the_command_says_it_for_people_and_machines(installed: Path):
    """Warnings are no reason to fail; each line has its remedy under it."""
    del installed
    done = CliRunner().invoke(everything, ["doctor"], catch_exceptions=False)
    assert done.exit_code == 0
    assert "ok    database: The database (SQLite) answers" in done.stdout
    assert "WARN  worker: No worker was ever seen here." in done.stdout
    assert "      -> Start `digest worker`" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("0 broken.")
    told = json.loads(CliRunner().invoke(everything, ["doctor", "--json"]).stdout)
    assert told["worst"] == "warn"
    assert {"check", "level", "says", "remedy"} == set(told["findings"][0])


def test_the_command_fails_where_something_is_broken(installed: Path, monkeypatch: pytest.MonkeyPatch):
    """A setting that cannot be read ends the look, in a sentence; so does an issue that waits for a worker."""
    with bootstrap.opened() as app:
        newsroom.make(app.database, status=IssueStatus.sending)
    assert CliRunner().invoke(everything, ["doctor"]).exit_code == 1
    monkeypatch.setenv("DIGEST_SECRET_KEY", "weak")
    done = CliRunner().invoke(everything, ["doctor", "--json"])
    assert done.exit_code == 1
    (found,) = json.loads(done.stdout)["findings"]
    assert "DIGEST_SECRET_KEY" in found["says"]
    assert not (installed / "outbox").exists()
