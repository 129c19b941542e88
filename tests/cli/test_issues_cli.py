"""The commands of publications and issues: help, JSON that does not change, and refusals in sentences."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from digest.cli.console import opened as _opened
from digest.cli.issues import commands as issue_commands
from digest.cli.publications import commands as publication_commands
from digest.errors import DigestError
from tests import databases
from tests.conftest import NOW, STRONG
from tests.issues import newsroom

AT = NOW.isoformat()


@pytest.fixture
def app() -> typer.Typer:
    """Return the two groups, as `digest` has them."""
    whole = typer.Typer()
    whole.add_typer(publication_commands, name="publications")
    whole.add_typer(issue_commands, name="issues")
    return whole


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with settings and an empty database."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digest.toml").write_text(
        f'secret_key = "{STRONG}"\naddress_key = "{STRONG[::-1]}"\ndatabase_url = "sqlite:///{tmp_path}/digest.db"\n'
        f'postal_address = "1 Main Street, 1000 Brussels"\noutbox_dir = "{tmp_path}/outbox"\n',
        encoding="utf-8",
    )
    databases.copy(tmp_path / "digest.db", databases.migrated)
    return tmp_path


@pytest.fixture
def newsroom_here(home: Path) -> Path:
    """Found the newsroom in that folder, with articles and two readers."""
    with _opened() as opened:
        newsroom.found(opened.database)
        newsroom.publish(opened.database, newsroom.a_week())
        newsroom.reader(opened.database, "a@readers.example", "sc")
        newsroom.reader(opened.database, "b@readers.example", "sc", "ca")
    return home


def run(app: typer.Typer, *words: str) -> str:
    """Run a command that must succeed; returns what it printed."""
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def read(app: typer.Typer, *words: str) -> Any:
    """Run a command with --json."""
    return json.loads(run(app, *words, "--json"))


def test_publications_are_added_listed_and_shown(app: typer.Typer, home: Path):
    """Addresses default to the settings; a wrong field is refused."""
    assert home.is_dir()
    assert "Added publication weekly" in run(app, "publications", "add", "weekly", "--name", "The Meridian")
    assert [one["id"] for one in read(app, "publications", "list")] == ["weekly"]
    shown = read(app, "publications", "show", "weekly")
    assert shown["postal_address"] == "1 Main Street, 1000 Brussels"
    assert "The Meridian" in run(app, "publications", "show", "weekly")
    assert "weekly" in run(app, "publications", "list")
    with pytest.raises(DigestError, match="IANA"):
        run(app, "publications", "add", "other", "--name", "Other", "--zone", "Mars")


def test_a_draft_tells_every_place_and_every_reason(app: typer.Typer, newsroom_here: Path):
    """The same cut-off again prints the same bytes."""
    assert newsroom_here.is_dir()
    first = run(app, "issues", "draft", "weekly", "--at", AT, "--json")
    assert run(app, "issues", "draft", "weekly", "--at", AT, "--json") == first
    data = json.loads(first)
    assert [section["list"] for section in data["sections"]] == ["sc", "ee", "ca"]
    story = data["sections"][0]["stories"][0]
    assert {"article_id", "url", "headline", "place", "points", "why"} <= story.keys()
    assert set(story["points"]) == {"editor", "reading", "freshness", "region", "likeness", "total"}
    assert [(one["lists"], one["readers"]) for one in data["editions"]] == [(["sc"], 1), (["sc", "ca"], 1)]
    assert {one["reason"] for one in data["editions"][0]["left_out"]} == {"region"}
    assert "Left out: " in run(app, "issues", "draft", "weekly", "--at", AT)
    assert read(app, "issues", "draft", "weekly", "--at", AT, "--once")["number"] == 2


def test_an_issue_is_found_by_what_people_write(app: typer.Typer, newsroom_here: Path):
    """Its number, id, the start of it, or its publication."""
    assert newsroom_here.is_dir()
    identifier = read(app, "issues", "draft", "weekly", "--at", AT)["issue"]
    for word in ("1", identifier, identifier[:8], "weekly"):
        assert read(app, "issues", "show", word)["issue"] == identifier
    assert [one["number"] for one in read(app, "issues", "list")] == [1]
    assert len(read(app, "issues", "list", "--publication", "weekly")) == 1
    with pytest.raises(DigestError, match="There is no publication 'other'"):
        run(app, "issues", "list", "--publication", "other")
    assert identifier in run(app, "issues", "list")
    with pytest.raises(DigestError, match="There is no issue 'nonesuch'"):
        run(app, "issues", "show", "nonesuch")


def test_the_ranking_is_explained(app: typer.Typer, newsroom_here: Path):
    """A whole edition, or one article in each."""
    assert newsroom_here.is_dir()
    run(app, "issues", "draft", "weekly", "--at", AT)
    assert "Left out" in run(app, "issues", "explain", "weekly")
    assert read(app, "issues", "explain", "weekly", "--lists", "ca")["lists"] == ["ca"]
    told = read(app, "issues", "explain", "weekly", "https://meridian.example/central-asia-0")
    assert [one["answer"].split(".")[0].split(",")[0] for one in told["places"]] == ["left out: region", "place 8"]
    assert "place 8" in run(app, "issues", "explain", "weekly", told["article_id"][:8])
    with pytest.raises(DigestError, match="No candidate"):
        run(app, "issues", "explain", "weekly", "https://meridian.example/nonesuch")


def test_from_draft_over_edits_to_approval(app: typer.Typer, newsroom_here: Path):
    """Edit, check, approve, edit again: the approval falls, and the log tells it all."""
    assert newsroom_here.is_dir()
    run(app, "issues", "draft", "weekly", "--at", AT)
    edit = ("issues", "edit", "weekly")
    run(app, *edit, "pin", "meridian.example/south-caucasus-4", "--list", "sc", "--place", "1")
    run(app, *edit, "lead", "meridian.example/south-caucasus-2")
    run(app, *edit, "replace", "meridian.example/south-caucasus-0", "meridian.example/shared", "--list", "sc")
    run(app, *edit, "move", "meridian.example/eastern-europe-1", "--list", "ca")
    run(app, *edit, "exclude", "meridian.example/central-asia-1")
    run(app, *edit, "include", "meridian.example/central-asia-1")
    run(app, *edit, "unpin", "meridian.example/south-caucasus-4")
    run(app, *edit, "add", "meridian.example/central-asia-4")
    run(app, *edit, "lead", "")
    run(app, *edit, "set", "headline", "A headline for this issue", "--article", "meridian.example/shared")
    edited = read(app, *edit, "set", "subject", "A subject for all", "--as", "anna")
    assert edited["edits"]["subject"] == {"": "A subject for all"}
    checked = read(app, "issues", "check", "weekly")
    assert {check["level"] for check in checked["checks"]} == {"green", "not_checked"}
    assert "green" in run(app, "issues", "check", "weekly")
    approved = read(app, "issues", "approve", "weekly", "--as", "chief")
    assert (approved["approved_by"], approved["readers"]) == ("chief", 2)
    assert read(app, "issues", "show", "weekly")["approved_by"] == "chief"
    assert read(app, "issues", "revoke", "weekly")["status"] == "in_review"
    assert "Approved: 2 editions for 2 readers" in run(app, "issues", "approve", "weekly")
    run(app, *edit, "refresh", "--at", AT)
    shown = read(app, "issues", "show", "weekly")
    assert (shown["approved_by"], shown["status"]) == (None, "draft")
    assert [one["what"] for one in shown["log"]][-3:] == ["revoke", "approve", "refresh"]
    assert "anna" in run(app, "issues", "show", "weekly")


def test_an_amber_check_wants_a_reason(app: typer.Typer, newsroom_here: Path):
    """Without one the refusal says how to give it."""
    assert newsroom_here.is_dir()
    run(app, "issues", "draft", "weekly", "--at", AT)
    run(app, "issues", "edit", "1", "set", "subject", "SHOUTING ABOUT NEWS")
    with pytest.raises(DigestError, match="--accept subject-shouts=REASON"):
        run(app, "issues", "approve", "1")
    with pytest.raises(DigestError, match="CODE=REASON"):
        run(app, "issues", "approve", "1", "--accept", "subject-shouts")
    approved = read(app, "issues", "approve", "1", "--accept", "subject-shouts=it is a name")
    assert approved["accepted"] == {"subject-shouts": "it is a name"}


def test_a_preview_and_a_test_mail_show_what_will_be_sent(app: typer.Typer, newsroom_here: Path):
    """A page in a folder; a mail to one address, marked [Test], in no ledger."""
    run(app, "issues", "draft", "weekly", "--at", AT)
    page = Path(read(app, "issues", "preview", "weekly", "--folder", "look", "--no-open")["preview"])
    assert (newsroom_here / page).is_file()
    with pytest.raises(DigestError, match="neither yours nor a tester's"):
        run(app, "issues", "test", "weekly", "--to", "all@newsroom.example")
    run(app, "publications", "edit", "weekly", "--tester", "Me@newsroom.example")
    sent = read(app, "issues", "test", "weekly", "--to", "me@newsroom.example", "--lists", "ca,sc")
    assert sent["lists"] == ["sc", "ca"]
    written = next(iter((newsroom_here / "outbox").rglob("*.eml"))).read_text(encoding="utf-8")
    assert "[Test]" in written
    with pytest.raises(DigestError, match="No edition is for moon"):
        run(app, "issues", "test", "weekly", "--to", "me@newsroom.example", "--lists", "moon")


@pytest.mark.parametrize("group", ["publications", "issues"])
def test_every_command_has_help(app: typer.Typer, group: str):
    """One sentence at least."""
    for words in ([group, "--help"], *([group, name, "--help"] for name in _names(app, group))):
        assert "Usage" in run(app, *words)


def _names(app: typer.Typer, group: str) -> list[str]:
    found = typer.main.get_command(app).commands[group].commands  # type: ignore[attr-defined]
    return [name for name, command in found.items() if name != "edit" and command.help]
