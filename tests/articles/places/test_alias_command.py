"""``digest regions``: aliases, presets, and the prompt about disputed places."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from digest.cli.regions import commands
from digest.errors import BadInput, NotFound

Run = Callable[..., Result]


@pytest.fixture
def run(installed: Path) -> Run:  # noqa: ARG001 - to be in its folder
    """Return what runs a command of ``digest regions`` in a fresh folder with a fresh database."""
    return lambda *words: CliRunner().invoke(commands, list(words))


def listed(run: Run) -> dict[str, Any]:
    """Return the regions by id, as ``list --json`` has them."""
    return {one["id"]: one for one in json.loads(run("list", "--json").stdout)}


def test_an_alias_is_added_shown_and_removed(run: Run):
    """Twice is once, in whatever case; the list shows it, and no longer asks about that place."""
    run("preset", "starter")
    assert "Disputed places in no region: Karabakh, Abkhazia, " in run("list").stdout
    assert run("alias", "south-caucasus", "Karabakh", "Lake  Sevan").stdout == (
        "south-caucasus is also: Karabakh, Lake Sevan.\n"
    )
    run("alias", "south-caucasus", "karabakh")
    assert listed(run)["south-caucasus"]["aliases"] == ["Karabakh", "Lake Sevan"]
    assert "south-caucasus  South Caucasus  AM AZ GE  (Karabakh, Lake Sevan)\n" in run("list").stdout
    assert "Disputed places in no region: Abkhazia, " in run("list").stdout
    gone = run("alias", "south-caucasus", "KARABAKH", "--remove", "--json")
    assert json.loads(gone.stdout)["aliases"] == ["Lake Sevan"]
    assert run("alias", "south-caucasus", "Lake Sevan", "--remove").stdout == "south-caucasus is also: nothing else.\n"


def test_an_alias_that_cannot_be_is_a_sentence(run: Run):
    """An unknown region, an empty name, and a name to remove that is not there."""
    run("preset", "starter")
    assert isinstance(run("alias", "atlantis", "X").exception, NotFound)
    empty = run("alias", "south-caucasus", " ").exception
    assert isinstance(empty, BadInput)
    assert "at least one letter" in str(empty)
    missing = run("alias", "south-caucasus", "Elbrus", "--remove").exception
    assert isinstance(missing, NotFound)
    assert "has no alias 'Elbrus'. Aliases: none." in str(missing)


def test_presets_stand_beside_each_other(run: Run):
    """What was there before stays as it is, and is named."""
    run("preset", "starter")
    second = run("preset", "m49")
    assert "regions added: americas, " in second.stdout
    assert "left as they are: world, eastern-europe, central-asia." in second.stderr
    assert listed(run)["eastern-europe"]["countries"] == ["BY", "MD", "UA"]
    assert run("preset", "eu").stdout == "0 regions added: none.\n"
    assert len(listed(run)["european-union"]["countries"]) == 27
