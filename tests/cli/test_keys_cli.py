"""The command keys, as a person or a script uses it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from digest import api_keys, bootstrap
from digest.cli.keys import commands
from digest.errors import DigestError

Run = Callable[..., Result]


@pytest.fixture
def run(installed: Path) -> Run:  # noqa: ARG001 - to be in its folder
    """Return what runs a command of keys in a fresh folder with a fresh database."""
    return lambda *words: CliRunner().invoke(commands, list(words))


def test_a_key_is_shown_once_with_how_to_use_it(run: Run):
    """And is the one that opens the door."""
    said = run("add", "our cms").stdout
    key = next(word for word in said.split() if word.startswith("dgst_"))
    assert f"Authorization: Bearer {key}" in said
    assert "shown this once" in said
    assert "http://127.0.0.1:8000/api/articles" in said
    with bootstrap.opened() as app, app.database.reading() as session:
        found = api_keys.find(session, key)
    assert found is not None
    assert found.name == "our cms"
    assert key not in run("list").stdout


def test_keys_are_listed_and_revoked(run: Run):
    """In words and as JSON; a name twice and one that is unknown are sentences."""
    assert "No keys yet" in run("list").stdout
    added = json.loads(run("add", "cms", "--json").stdout)
    assert added["name"] == "cms"
    assert added["key"].startswith("dgst_")
    assert "never used" in run("list").stdout
    assert run("revoke", "cms").stdout == "The key cms opens nothing any more.\n"
    assert ", revoked " in run("list").stdout
    (listed,) = json.loads(run("list", "--json").stdout)
    assert set(listed) == {"name", "scopes", "made_at", "used_at", "revoked_at"}
    assert listed["scopes"] == added["scopes"] == ["intake"]
    assert listed["revoked_at"]
    for words in (("add", "cms"), ("revoke", "wiki")):
        error = run(*words).exception
        assert isinstance(error, DigestError)
        assert "cms" in str(error)


def test_a_key_is_made_for_what_it_may_do(run: Run):
    """By --scope, once or more; the list shows it; one that nobody knows is a sentence."""
    said = run("add", "robot", "--scope", "edit", "--scope", "read").stdout
    assert "It may: read, edit." in said
    assert "http://127.0.0.1:8000/api," in said
    assert "http://127.0.0.1:8000/api/docs" in said
    assert "robot  read edit  made" in run("list").stdout
    error = run("add", "other", "--scope", "admin").exception
    assert isinstance(error, DigestError)
    assert "'admin' is no scope. Scopes: intake, read, edit, send." in str(error)
