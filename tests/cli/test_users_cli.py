"""``digest users``: who works at the desk."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from digest.cli.users import commands
from digest.errors import BadInput

Run = Callable[..., Result]
WORDS = "salt river night train"


@pytest.fixture
def run(installed: Path) -> Run:  # noqa: ARG001 - to be in its folder
    """Return what runs a command of users in a fresh folder with a fresh database."""
    return lambda *words, given="": CliRunner().invoke(commands, list(words), input=given)


def test_a_person_comes_changes_and_goes(run: Run):
    """Added with a password from standard input, given another role and password, removed."""
    assert "Nobody yet" in run("list").stdout
    said = run("add", "Anna@example.org", "--role", "approver", given=f"{WORDS}\n").stdout
    assert "anna@example.org may sign in as approver: http://127.0.0.1:8000/desk" in said
    found = run("list")
    assert found.exception is None
    assert found.stdout == "anna@example.org  approver\n"
    assert "is operator now" in run("role", "anna@example.org", "operator").stdout
    assert "new password" in run("password", "anna@example.org", given="four other good words\n").stdout
    assert json.loads(run("list", "--json").stdout)[0].keys() == {"address", "role", "created_at"}
    assert "cannot sign in any more" in run("remove", "anna@example.org").stdout
    assert json.loads(run("list", "--json").stdout) == []


def test_a_short_password_is_refused(run: Run):
    """With the least there must be; nobody was added."""
    result = run("add", "anna@example.org", given="short\n")
    assert isinstance(result.exception, BadInput)
    assert "12 to 200" in str(result.exception)
    assert json.loads(run("list", "--json").stdout) == []
