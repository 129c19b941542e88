"""Every command has a help text, speaks JSON where it prints data, and stands in the README; help comes quickly."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from digest.cli import app

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
HEAVY = ("sqlmodel", "sqlalchemy", "fastapi", "mjml", "httpx", "rich", "uvicorn", "alembic")
NO_DATA = {"init", "worker", "serve"}  # what they print is said on the way, by and for people


def leaves(command: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Return each command that does something, with the words that call it."""
    below = getattr(command, "commands", {})
    return [leaf for name, one in below.items() for leaf in leaves(one, (*path, name))] or [(path, command)]


def groups(command: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Return each command that has commands below it."""
    below = getattr(command, "commands", {})
    found = [group for name, one in below.items() for group in groups(one, (*path, name))]
    return [(path, command), *found] if below else found


def named(text: str) -> set[tuple[str, ...]]:
    """Return each command a text names: ``digest noun verb``, and the verbs in backticks after it in its line."""
    found: set[tuple[str, ...]] = set()
    for line in text.splitlines():
        last: tuple[str, ...] = ()
        for span in re.findall(r"`([^`]+)`", line) or [line]:
            words = tuple(word for word in span.partition("#")[0].split() if re.fullmatch("[a-z]+(-[a-z]+)*", word))
            if words[:1] == ("digest",):
                last = words[1:]
                found |= {last[:length] for length in range(1, len(last) + 1)}
            elif len(words) == 1 and last:
                found |= {(*last[:-1], *words), (*last, *words)}
    return found


COMMANDS = leaves(get_command(app))
GROUPS = groups(get_command(app))
NAMED = named(README)


@pytest.mark.parametrize(("path", "command"), COMMANDS + GROUPS)
def test_each_command_says_what_it_does(path, command):
    """``--help`` works everywhere, and its text is a whole sentence."""
    words = [*path[:2], "1", *path[2:]] if path[:2] == ("issues", "edit") and path[2:] else list(path)
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0, result.output
    assert str(command.help).strip().split("\n\n")[0].rstrip().endswith((".", "?"))


@pytest.mark.parametrize(("path", "command"), COMMANDS)
def test_what_prints_data_prints_json(path, command):
    """``--json`` is understood by every command but those that only run."""
    options = {name for parameter in command.params for name in parameter.opts}
    assert ("--json" in options) != (path[0] in NO_DATA)


@pytest.mark.parametrize("path", [path for path, _ in COMMANDS], ids=" ".join)
def test_each_command_stands_in_the_readme(path):
    """Who reads the README learns of every command: in an example, or in the table of all commands."""
    assert path in NAMED, f"digest {' '.join(path)} is not in README.md"


@pytest.mark.parametrize("words", [[], ["issues"], ["articles", "import"], ["issues", "send"]])
def test_help_imports_nothing_heavy(words):
    """Help comes at once: no database, web or mail library is loaded for it."""
    code = (
        "import json, sys\nfrom digest.cli import main\ntry:\n    main()\nfinally:\n"
        f"    print(json.dumps([name for name in {HEAVY} if name in sys.modules]), file=sys.stderr)"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code, *words, "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stderr) == []
