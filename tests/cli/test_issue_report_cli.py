"""``digest issues report``: plots for people, JSON for machines, a page and CSV files where they are asked for."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from digest.cli import issue_report
from digest.database import Database
from digest.errors import NotFound
from tests import databases
from tests.conftest import STRONG
from tests.reports import newsroom

commands = typer.Typer()
issue_report.register(commands)


@commands.callback()
def _group() -> None:
    """Keep ``report`` a command of its own name."""


def _four_issues(database: Database) -> None:
    databases.migrated(database)
    newsroom.history(database, 4)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an installation whose newsroom has sent four issues."""
    monkeypatch.chdir(tmp_path)
    url = databases.copy(tmp_path / "digest.db", _four_issues)
    settings = f'secret_key = "{STRONG}"\naddress_key = "{STRONG[::-1]}"\ndatabase_url = "{url}"\n'
    (tmp_path / "digest.toml").write_text(settings, encoding="utf-8")
    return tmp_path


def run(*words: str) -> str:
    """Run the command, which must succeed; returns what it printed."""
    result = CliRunner().invoke(commands, ["report", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def read(*words: str) -> Any:
    """Run the command with --json."""
    return json.loads(run(*words, "--json"))


def test_people_get_plots_and_a_page(home):
    """The page stands in report/ISSUE unless said otherwise, and its path is printed."""
    said = run("weekly")
    assert said.startswith("The Meridian, issue 4\n")
    assert "By place, against expected" in said
    assert "Wrote report/4/index.html." in said
    assert (home / "report/4/index.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "Wrote elsewhere.html." in run("4", "--html", "elsewhere.html")
    assert "Wrote" not in run("4", "--no-page")
    said = run("4", "--no-page", "--png", "plots")
    drawn = sorted(file.name for file in (home / "plots").iterdir())
    assert f"Drew {len(drawn)} plots into plots." in said
    assert "regions.png" in drawn


def test_machines_get_json_and_nothing_is_written(home):
    """All tables under stable keys; only what is asked for is written, and named."""
    before = sorted(home.iterdir())
    found = read("weekly")
    assert sorted(home.iterdir()) == before
    assert found["written"] == {"page": None, "csv": [], "png": []}
    assert found["version"] == 1
    assert set(found) >= {"deliveries", "outcomes", "clicks", "measures", "regions", "places", "stories", "lists"}
    assert set(found) >= {"votes", "issues", "exposure_country", "exposure_desk", "exposure_author", "notes", "counted"}
    assert found["clicks"][1] == {"who": "machine", "clicks": None, "per_delivery": None}
    written = read("weekly", "--csv", "out", "--html", "page.html")["written"]
    assert written["page"] == "page.html"
    assert all((home / one).is_file() for one in written["csv"])


@pytest.mark.usefixtures("home")
def test_so_many_issues_are_compared():
    """--issues N; the default is eight, or as many as there are."""
    assert read("4")["compared_with"] == [1, 2, 3]
    assert read("4", "--issues", "1")["compared_with"] == [3]
    assert "beside no issue before it" in run("1", "--no-page").replace("\n", " ")


@pytest.mark.usefixtures("home")
def test_an_unknown_issue_is_refused():
    """With the sentence that every command gives."""
    with pytest.raises(NotFound, match="There is no issue 'nothing'"):
        run("nothing")
