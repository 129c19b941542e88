"""The command reads import, as a person or a script uses it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select
from typer.testing import CliRunner, Result

from digest import bootstrap
from digest.articles.models import Reads
from digest.cli.articles import commands as articles
from digest.cli.reads import commands as reads
from digest.cli.reads import key_of
from digest.errors import DigestError

Run = Callable[..., Result]
GA4 = """# Start date: 20261116
# End date: 20261122

Page path and screen class,Views,Users
/a,1204,9
/topic,99,9
(other),5,5
"""
SITE = ("--site", "https://example.org")


@pytest.fixture
def run(installed: Path) -> Run:  # noqa: ARG001 - to be in its folder
    """Return what runs reads import in a fresh folder whose database has one article."""
    CliRunner().invoke(articles, ["import", "-"], input="url,headline\nhttps://example.org/a,Salt\n")

    def command(*words: str, given: str | bytes | None = None) -> Result:
        return CliRunner().invoke(reads, ["import", *words], input=given)

    return command


def stored() -> list[Reads]:
    """Return all reads in the database of this folder."""
    with bootstrap.opened() as app, app.database.reading() as session:
        return list(session.exec(select(Reads)).all())


def refused(result: Result) -> str:
    """Return the sentence a command was refused with."""
    assert isinstance(result.exception, DigestError), result.output
    return str(result.exception)


def test_an_export_is_imported_by_its_name_alone(run: Run):
    """What it is, which column was taken, of what time, what was left out, and which pages nobody knows."""
    Path("views-2026-11-23.csv").write_text(GA4)
    result = run("views-2026-11-23.csv", *SITE)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "1 article with reads. No imported article: 1 page.",
        "Read as an export of ga4: the figures are those of its column 'Views'.",
        "It is of 2026-11-16 00:00 to 2026-11-23 00:00 UTC, by its comment lines.",
        "Left out: 1 row of no page (totals, “(not set)”, “(other)”, folders).",
        "Most read of the pages that are no imported article:",
        "           99  https://example.org/topic",
    ]
    data: dict[str, Any] = json.loads(run("views-2026-11-23.csv", *SITE, "--json").stdout)
    assert (data["format"], data["column"], data["articles"], data["left_out"]) == ("ga4", "Views", 1, 1)
    assert data["unknown_most_read"] == [{"url": "https://example.org/topic", "views": 99}]
    assert data["period"]["from"].startswith("2026-11-16")
    (row,) = stored()
    assert (row.views, row.source) == (1204, "views")


def test_a_wrong_site_shows(run: Run):
    """Exit 1, and the pages that were not found are named with what to look at."""
    result = run("-", "--site", "https://wrong.example", given=GA4)
    assert result.exit_code == 1
    assert "https://wrong.example/a" in result.stdout
    assert "look at --site and --keep-query" in result.stdout


def test_an_export_without_days_needs_them(run: Run):
    """Matomo does not say of what days it is; days in the zone of the site are as they are written."""
    matomo = "label,nb_visits,nb_hits,metadata_url\n/a,5,7,https://example.org/a\n".encode("utf-16")
    assert "--from 2026-11-16 --to 2026-11-23" in refused(run("-", given=matomo))
    assert run("-", "--from", "2026-11-16", "--to", "2026-11-23", given=matomo).exit_code == 0
    assert [(row.views, row.period_start.hour) for row in stored()] == [(7, 0)]
    named = Path("Plausible export example.org 2026-11-02  to 2026-11-08 .csv")
    named.write_text("name,visitors,pageviews\n/a,1,3\n")
    assert run(str(named), *SITE, "--zone", "Asia/Tbilisi").exit_code == 0
    assert [(row.views, row.period_start.hour) for row in stored()] == [(7, 0), (3, 20)]
    assert key_of(named) == "Plausible export example.org"
    assert key_of(Path("imported_pages_20261102_20261108.csv")) == "imported_pages"


def test_a_list_needs_no_days(run: Run):
    """It is of now; twenty lists in a row are of one source."""
    assert run("-", "--source", "front", given="https://example.org/a\nhttps://example.org/b\n").exit_code == 0
    (row,) = stored()
    assert (row.rank, row.rank_of, row.source) == (1, 2, "front")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("-", "--preset", "piwik"), "Presets: plausible, matomo, ga4"),
        (("-", "--zone", "Mars/Base"), "There is no time zone 'Mars/Base'"),
        (("-", "--zone", "../etc"), "There is no time zone"),
        (("-",), "Say of what site: --site"),
        (("-", "--preset", "plausible"), "Say of what site"),
        (("-", *SITE, "--from", "2026-11-23", "--to", "2026-11-16"), "--from comes before --to"),
        (("none.csv",), "none.csv cannot be read"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(run: Run, words, sentence):
    """Each says what to write instead."""
    assert sentence in refused(run(*words, given=GA4))
    assert stored() == []
