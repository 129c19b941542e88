"""``digest schedule``: the next runs, why one does not happen, and a date skipped or taken back."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from digest.cli import app, schedule
from digest.errors import BadInput, Refused
from tests.conftest import STRONG

AT = "2026-11-22T12:00Z"


@pytest.fixture(autouse=True)
def _newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder with a daily and a weekly that stands for it."""
    monkeypatch.chdir(tmp_path)
    for name in ("SECRET_KEY", "ADDRESS_KEY"):
        monkeypatch.setenv(f"DIGEST_{name}", STRONG)
    add = ["publications", "add", "--postal-address", "1 Street", "--sender-address", "a@example.org"]
    zone = ["--zone", "Europe/Brussels"]
    daily = ["--cadence", "daily", "--cutoff", "0 6 * * *", "--send", "0 8 * * *"]
    weekly = ["--companion", "daily", "--review", "30 7 * * 1", "--every", "2", "--starts-on", "2026-11-23"]
    for words in (
        ["database", "upgrade"],
        [*add, "daily", "--name", "The Daily", *zone, *daily],
        [*add, "weekly", "--name", "The Weekly", *zone, *weekly, "--skip-date", "2026-12-07", "--empty", "borrow"],
    ):
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output


def called(*words: str) -> str:
    result = CliRunner().invoke(schedule.commands, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def rows(*words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(called(*words, "--at", AT, "--json"))
    return found


def test_the_next_runs_are_shown_for_people():
    """Cut-off, review and send in the zone and in UTC; why a run is none; who stands for whom."""
    text = called("weekly", "--at", AT, "-n", "2")
    assert "weekly: cut-off Mon 23 Nov 2026 06:00 Europe/Brussels (2026-11-23T05:00:00Z)" in text
    assert "review until Mon 23 Nov 2026 07:30 Europe/Brussels" in text
    assert "sends Mon 23 Nov 2026 08:00 Europe/Brussels" in text
    assert "Every 2 weeks from 2026-11-23." in text
    assert "Its readers get it instead of daily that day, in the regions of both." in text
    assert "weekly: no run on 2026-11-30: it runs every 2 weeks from 2026-11-23; this is week 2" in text
    assert "weekly: no run on 2026-12-07: it is a skip date" in text


def test_machines_get_every_field():
    """Alone it shows all publications, as ``show`` does; what does not run says why."""
    found = rows("-n", "1")
    assert found == rows("show", "-n", "1")
    assert [(row["publication"], row["runs"], row["replaced_by"]) for row in found] == [
        ("daily", True, ["weekly"]),
        ("weekly", True, []),
    ]
    weekly = found[1]
    assert (weekly["review"], weekly["remind"]) == ("2026-11-23T06:30:00Z", "2026-11-23T05:30:00Z")
    assert (weekly["every"], weekly["skip_dates"], weekly["companion"]) == (2, ["2026-12-07"], "daily")


def test_a_date_is_skipped_and_runs_after_all():
    """The count stays; a date without a sending is refused, and so is what is no date."""
    assert called("skip", "weekly", "2026-12-21") == "weekly: the sending of 2026-12-21 is skipped.\n"
    days = [row["day"] for row in rows("weekly", "-n", "2") if row["runs"]]
    assert days == ["2026-11-23", "2027-01-04"]
    told = json.loads(called("skip", "weekly", "2026-12-21", "--undo", "--json"))
    assert told == {
        "publication": "weekly",
        "day": "2026-12-21",
        "skipped": False,
        "skip_dates": ["2026-12-07"],
        "drafted_issue": None,
    }
    with pytest.raises(Refused, match="sends nothing on 2026-12-22"):
        called("skip", "weekly", "2026-12-22")
    with pytest.raises(BadInput, match="not a date"):
        called("skip", "weekly", "Christmas")


def test_one_that_is_drafted_is_named():
    """Skipping comes too late for an issue that is drafted; the way to stop that one is said."""
    preset = ["regions", "preset", "starter"]
    add = ["lists", "add", "ge", "--name", "Georgia", "--publication", "daily", "--region", "south-caucasus"]
    words = ["publications", "edit", "daily", "empty=hold"]
    for call in (preset, add, words, ["tick", "--at", "2026-11-25T05:00Z"]):
        result = CliRunner().invoke(app, call)
        assert result.exit_code == 0, result.output
    said = called("skip", "daily", "2026-11-25")
    assert said.splitlines() == [
        "daily: the sending of 2026-11-25 is skipped.",
        "Its issue 1 is drafted already. Cancel it, too: digest issues cancel 1",
    ]


def test_what_never_runs_is_said():
    """A count that misses every run is no empty answer."""
    words = ["publications", "edit", "weekly", "cadence=daily", "every=7", "starts_on=2026-11-24"]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert "weekly: no run in the next five years." in called("weekly", "--at", AT)
