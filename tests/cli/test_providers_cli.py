"""The command providers, and accounts in publications, as an operator or a script uses them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from digest import bootstrap
from digest.accounts import ProviderName
from digest.cli import app as everything
from digest.cli.providers import commands
from digest.errors import BadInput
from digest.providers.registry import FEATURES
from subscribers import ListData, add_list

Run = Callable[..., Result]
README = Path(__file__).parents[2] / "README.md"
ACCOUNTS = {"second": {"provider": "sendgrid", "api_key": "SG.secret-of-second", "rate": 3}}


@pytest.fixture
def run(installed: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs a command in a fresh folder with two accounts and two publications, one with a list."""
    assert installed.is_dir()
    monkeypatch.setenv("DIGEST_ACCOUNTS", json.dumps(ACCOUNTS))
    return lambda *words: CliRunner().invoke(everything, list(words), catch_exceptions=False)


def add(run: Run, name: str, *more: str) -> Any:
    """Add a publication; returns it."""
    words = ("publications", "add", name, "--name", name.title(), "--postal-address", "1 Street", *more, "--json")
    return json.loads(run(*words).stdout)


def asked(*words: str) -> str:
    """Return what the command providers prints."""
    return CliRunner().invoke(commands, list(words), catch_exceptions=False).stdout


def test_every_provider_and_account_is_listed(run: Run):
    """As JSON: features as each declares them, and which publication or list goes by which account; no key is shown."""
    add(run, "weekly", "--list-account", "caucasus=second")
    add(run, "daily", "--account", "second")
    found = json.loads(asked("--json"))
    assert {one["name"]: one["max_recipients"] for one in found["providers"]} == {
        name.value: one.max_recipients for name, one in FEATURES.items()
    }
    default, second = found["accounts"]
    assert (default["name"], default["default"], second["provider"], second["rate"]) == ("outbox", True, "sendgrid", 3)
    assert default["publications"] == [{"id": "weekly", "lists": [], "whole": True}]
    assert second["publications"] == [
        {"id": "daily", "lists": [], "whole": True},
        {"id": "weekly", "lists": ["caucasus"], "whole": False},
    ]
    assert "secret-of-second" not in asked("--json") + asked()


def test_people_read_a_table_and_sentences(run: Run):
    """The table has a line for each provider; each account says what it sends; one that is not set up stands out."""
    add(run, "weekly", "--list-account", "caucasus=second")
    said = asked()
    assert [line.split()[0] for line in said.splitlines()[1 : 1 + len(FEATURES)]] == sorted(FEATURES)
    assert "Account outbox (the default one, with outbox, 50 calls a second): sends weekly." in said
    assert "Account second (with sendgrid, 3 calls a second): sends weekly, 1 list of it: caucasus." in said


def test_an_account_that_is_not_set_up_stands_out(run: Run, monkeypatch: pytest.MonkeyPatch):
    """A publication names it, the settings do not any more."""
    add(run, "weekly", "--account", "second")
    monkeypatch.delenv("DIGEST_ACCOUNTS")
    said = asked()
    assert "Account second is NOT IN THE SETTINGS: sends weekly." in said
    assert "Account outbox (the default one, with outbox, 50 calls a second): nothing is sent by it." in said


def test_the_readme_s_table_needs_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Markdown with a line for each provider, every one with as many cells as the head."""
    monkeypatch.chdir(tmp_path)
    lines = asked("--markdown").splitlines()
    assert "\n".join(lines) in README.read_text(encoding="utf-8"), "write the table anew: digest providers --markdown"
    assert len(lines) == 2 + len(FEATURES)
    assert len({line.count("|") for line in lines}) == 1
    assert "| sendgrid | 1,000 |" in lines[2 + [*sorted(FEATURES)].index(ProviderName.sendgrid)]


def test_a_publication_is_added_with_its_accounts_and_clicks(run: Run):
    """As given; the default is PROVIDER's account, and anonymous clicks."""
    made = add(run, "weekly", "--account", "second", "--list-account", "caucasus=outbox", "--clicks", "off")
    assert (made["account"], made["list_accounts"], made["clicks"]) == ("second", {"caucasus": "outbox"}, "off")
    made = add(run, "daily")
    assert (made["account"], made["list_accounts"], made["clicks"]) == ("", {}, "anonymous")


def test_accounts_are_changed_and_taken_away(run: Run):
    """The publication's as a field, a list's by its own option; LIST= takes it away."""
    add(run, "weekly")
    with bootstrap.opened() as app, app.database.writing() as session:
        add_list(session, ListData(id="caucasus", name="Caucasus", family="weekly", topic="general"))
    edit = ("publications", "edit", "weekly")
    changed = json.loads(run(*edit, "account=second", "--list-account", "caucasus=second", "--json").stdout)
    assert (changed["account"], changed["list_accounts"]) == ("second", {"caucasus": "second"})
    assert run(*edit, "--list-account", "caucasus=").stdout == "list_accounts: {}\n"
    assert json.loads(run(*edit, "account=", "--json").stdout)["account"] == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("edit", "weekly", "account=third"), "no provider account 'third'. Accounts: outbox, second."),
        (("edit", "weekly", "--list-account", "caucasus=third"), "no provider account 'third'"),
        (("edit", "weekly", "--list-account", "sahel=second"), "has no list 'sahel'"),
        (("edit", "weekly", "--list-account", "caucasus"), "Write LIST=ACCOUNT"),
        (("edit", "weekly"), "Say what to change"),
        (("add", "daily", "--name", "D", "--postal-address", "x", "--account", "third"), "no provider account 'third'"),
        (("add", "daily", "--name", "D", "--postal-address", "x", "--clicks", "all"), "clicks is wrong"),
    ],
)
def test_bad_accounts_are_sentences(run: Run, words: tuple[str, ...], sentence: str):
    """Unknown accounts, unknown lists, and what is no pair."""
    add(run, "weekly")
    with pytest.raises(BadInput, match=sentence):
        run("publications", *words)
