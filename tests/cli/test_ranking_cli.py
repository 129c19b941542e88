"""``digest ranking evaluate``: a table for people, JSON for machines, and refusals in sentences."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from digest.cli.console import opened as _opened
from digest.cli.ranking import commands
from digest.errors import DigestError
from digest.issues import publications
from tests import databases
from tests.conftest import NOW, STRONG
from tests.evaluating import test_replaying as past
from tests.issues import newsroom

MADE = ("evaluate", "--newsroom", "--issues", "12", "--draws", "100")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with settings and a database."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digest.toml").write_text(
        f'secret_key = "{STRONG}"\naddress_key = "{STRONG[::-1]}"\ndatabase_url = "sqlite:///{tmp_path}/digest.db"\n',
        encoding="utf-8",
    )
    databases.copy(tmp_path / "digest.db", databases.migrated)
    return tmp_path


def run(*words: str) -> str:
    """Run a command that must succeed; returns what it printed."""
    result = CliRunner().invoke(commands, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def read(*words: str) -> Any:
    """Run a command with --json."""
    return json.loads(run(*words, "--json"))


def test_the_made_newsroom_needs_no_installation(tmp_path, monkeypatch):
    """In an empty folder: a table with intervals, then what is better by how much; the same bytes each time."""
    monkeypatch.chdir(tmp_path)
    said = run(*MADE)
    assert said == run(*MADE)
    assert said.startswith("12 issues of a made newsroom (seed 7), ranked by formula v1.")
    assert "nDCG@10 both" in said
    assert "ours (v1) is better than newest first by " in said
    assert not list(tmp_path.iterdir())
    assert run(*MADE, "--seed", "8") != said


def test_other_numbers_are_compared_before_they_are_changed():
    """A row more, or two settings against each other with a sentence."""
    data = read(*MADE, "--set", "editor=30,reading=40", "--set", "half_life=24")
    assert [one["method"] for one in data["methods"]][1:3] == [
        "ours (v1 with editor=30, reading=40)",
        "ours (v1 with half_life_hours=24)",
    ]
    data = read(*MADE, "--compare", "now", "prior=4.9")
    assert [one["measure"] for one in data["differences"]] == data["measures"]
    assert not data["differences"][0]["clear"]
    assert "no difference that 12 issues can show" in data["differences"][0]["sentence"]
    assert "no difference that 12 issues can show" in run(*MADE, "--compare", "now", "prior=4.9")


def test_a_daily_formula_can_be_tried():
    """Its own half-life, and its own window."""
    assert read(*MADE, "--cadence", "daily")["methods"] != read(*MADE)["methods"]


def test_a_click_log_is_evaluated(tmp_path):
    """A folder in the layout of MIND."""
    rows = [f"{n}\tU{n % 5}\t11/11/2019 9:{n:02}:58 PM\t\tN1-1 N2-0 N3-0\n" for n in range(40)]
    (tmp_path / "behaviors.tsv").write_text("".join(rows), encoding="utf-8")
    assert "40 impressions of a log in the layout of MIND" in run("evaluate", "--log", str(tmp_path))
    assert read("evaluate", "--log", str(tmp_path), "--every", "4")["evidence"] == "10 impressions"


def test_past_issues_are_replayed(home):
    """The only publication is meant where none is named; without clicks it says what to do instead."""
    assert home.is_dir()
    with _opened() as app:
        newsroom.found(app.database)
        newsroom.publish(app.database, newsroom.a_week())
        issue = past.drafted(app.database)
    with pytest.raises(DigestError, match="none has clicks or later page views, so no order can be judged yet"):
        run("evaluate")
    with _opened() as app:
        past.printed(app.database, issue, "sc", [("south-caucasus-0", 9), ("south-caucasus-1", 30)])
    data = read("evaluate", "weekly")
    assert data["source"] == "issues"
    assert data["evidence"] == "1 issue"
    assert "ranked by formula v1" in run("evaluate")
    assert issue.as_of == NOW


def test_what_is_asked_wrongly_is_refused_with_a_sentence(home):
    """Two sources at once, no publication or several, an unknown cadence or number."""
    assert home.is_dir()
    with pytest.raises(DigestError, match="three different things"):
        run("evaluate", "weekly", "--newsroom")
    with pytest.raises(DigestError, match="There is none yet"):
        run("evaluate")
    with pytest.raises(DigestError, match="write weekly or daily"):
        run(*MADE, "--cadence", "hourly")
    with pytest.raises(DigestError, match="The formula has no 'badge'"):
        run(*MADE, "--set", "badge=30")
    with _opened() as app:
        newsroom.found(app.database)
        with app.database.writing() as session:
            publications.add(session, publications.checked(**newsroom.publication(id="daily")))
    with pytest.raises(DigestError, match="There are 2: daily, weekly"):
        run("evaluate")
