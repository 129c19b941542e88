"""``digest demo``: the main job on the sample newsroom, whole, repeatable, and never over somebody's files."""

import json
import re
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from digest import migrating
from digest.cli import app as everything
from digest.errors import Refused


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Go to an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    """Run a command; an error that is no sentence fails the test."""
    return CliRunner().invoke(everything, words, catch_exceptions=False)


def assert_cut_pictures(html: str, folder: Path) -> None:
    """Look at the pictures of a mail: our copies, the lead wide, the others small, each within its bytes."""
    shown = re.findall(r'<img src="http://127\.0\.0\.1:8000/pictures/([0-9a-f]{32}\.jpg)"[^>]* width="(\d+)"', html)
    assert len(shown) == html.count("<img") >= 1
    for name, width in shown:
        with Image.open(folder / name) as picture:
            lead = width == "640"
            assert picture.size == ((1280, 680) if lead else (504, 336))
            assert (folder / name).stat().st_size < (200_000 if lead else 40_000)


def test_the_demo_goes_the_whole_way_and_a_second_one_sends_nothing(place: Path):
    """Two issues, every reader in the ledger, a mail for each; again: the same state, told in words."""
    issues = json.loads(run("demo", "--json").stdout)
    assert [one["status"] for one in issues] == ["sent", "sent"]
    assert sum(one["ledger"]["accepted"] for one in issues) == 2_000
    assert all(sum(one["ledger"].values()) == one["audience"] for one in issues)
    mails = {file: file.stat().st_mtime_ns for file in (place / "demo" / "outbox").rglob("*.eml")}
    assert len(mails) == 2_000
    for one in issues:
        assert all(Path(one[name]).is_file() for name in ("preview", "html", "text"))
        html, text = (Path(one[name]).read_text(encoding="utf-8") for name in ("html", "text"))
        assert "border-bridge" not in html + text, "six years old, badge or not"
        assert text.count("/korday-crossing") == (one["publication"] == "meridian"), "two addresses, one story"
        assert "%%" not in html + text
        assert_cut_pictures(html, place / "demo" / "pictures")
    again = run("demo").stdout
    assert "nothing is sent again" in again
    assert "The Meridian: The night train is back" in again
    assert "2,000 mails in demo/outbox" in again
    assert {file: file.stat().st_mtime_ns for file in (place / "demo" / "outbox").rglob("*.eml")} == mails


def test_fresh_starts_over_and_only_over_a_demo(place: Path):
    """A folder with anything else in it is left alone."""
    (place / "demo").mkdir()
    (place / "demo" / "thesis.txt").write_text("do not delete", encoding="utf-8")
    for words in (("demo",), ("demo", "--fresh")):
        with pytest.raises(Refused, match="not empty and not a demo"):
            run(*words)
    assert (place / "demo" / "thesis.txt").read_text(encoding="utf-8") == "do not delete"
    (place / "other").mkdir()
    (place / "other" / ".digest-demo").touch()
    (place / "other" / "old.txt").touch()
    issues = json.loads(run("demo", "--folder", "other", "--fresh", "--json").stdout)
    assert len(issues) == 2
    assert not (place / "other" / "old.txt").exists()


@pytest.mark.usefixtures("place")
def test_the_clock_commands_speak_to_people_and_machines():
    """In an installation: its state, its next runs, and one pass; at a time that is given."""
    made = [
        "--name",
        "The River",
        "--sender",
        "news@river.example",
        "--postal-address",
        "1 Quay",
        "--zone",
        "Asia/Tbilisi",
    ]
    assert run("init", *made).exit_code == 0
    assert "at the newest revision" in run("database", "upgrade").stdout
    assert "at the newest revision" in run("database", "status").stdout
    assert json.loads(run("database", "status", "--json").stdout)["here"] == migrating.newest()
    runs = json.loads(run("schedule", "-n", "2", "--at", "2026-11-24T06:00Z", "--json").stdout)
    assert [one["cutoff"] for one in runs] == ["2026-11-30T02:00:00Z", "2026-12-07T02:00:00Z"]
    assert "Asia/Tbilisi" in run("schedule", "the-river").stdout
    assert run("tick", "--at", "2026-11-24T06:00Z").stdout == "Nothing is due.\n"
    (said,) = json.loads(run("tick", "--at", "2026-11-30T02:00Z", "--json").stdout)
    assert "skipped: only 0 stories, 1 are wanted" in said
