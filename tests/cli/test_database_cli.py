"""The command of the database: what it says of revisions and workers, and what it asks before it changes much."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from digest import bootstrap, migrating
from digest.cli.database import commands
from digest.cli.worker import worker
from digest.database import Database
from digest.engine import heartbeat
from digest.errors import BadInput, Refused
from tests.sending import newsroom
from tests.test_migrating import ahead

Run = Callable[..., Any]


@pytest.fixture
def run(installed: Path) -> Run:  # noqa: ARG001 - to be in its folder
    """Return what runs a command of the database in a fresh folder."""
    return lambda *words: CliRunner().invoke(commands, list(words))


@pytest.fixture
def here(installed: Path) -> Database:
    """Return the database of the folder."""
    return Database(f"sqlite:///{installed}/digest.db")


def test_status_names_who_is_at_work(run: Run, here: Database):
    """With what they serve and their release; machines get the same."""
    heartbeat.begin(here, what="worker", host=heartbeat.this_host())
    said = run("status").stdout
    assert "at the newest revision" in said
    assert f"process {json.loads(run('status', '--json').stdout)['at_work'][0]['process']}, worker, release" in said
    here.close()


def test_status_says_what_a_newer_release_left(run: Run, here: Database):
    """Whether this one may go on beside it, and what to do where not."""
    ahead(here, str(migrating.newest()))
    assert "of a newer release, beside which this one may work" in run("status").stdout
    ahead(here, "9998")
    assert "Install the newer release here" in run("status").stdout
    here.close()


def test_restored_asks_first_and_says_what_it_did(run: Run, here: Database):
    """Without --yes nothing changes; afterwards the issue is paused and its readers uncertain."""
    newsroom.queue(here, newsroom.make(here, readers=5))
    refused = run("restored")
    assert isinstance(refused.exception, Refused)
    assert "5 deliveries would become uncertain" in str(refused.exception)
    assert newsroom.issue(here).status == "sending"
    said = run("restored", "--yes").stdout
    assert "Issue 1 is paused." in said
    assert "5 deliveries are uncertain" in said
    assert newsroom.issue(here).status == "paused"
    assert "Nothing was under way" in run("restored", "--yes").stdout
    here.close()


def test_copy_says_what_to_set_next(run: Run, postgres_url: str):
    """The empty newsroom moves; a second time the target is not empty... and JSON has each table."""
    done = run("copy", "--to", postgres_url, "--json")
    assert json.loads(done.stdout)["region"]["rows"] == 0
    assert "DIGEST_DATABASE_URL" in run("copy", "--to", postgres_url).stdout
    assert isinstance(run("copy", "--to", "sqlite:///x.db").exception, Refused)


def test_a_worker_refuses_queues_it_cannot_serve(installed: Path):  # noqa: ARG001 - to be in its folder
    """On SQLite, of other names, and together with --until-idle."""
    with pytest.raises(Refused, match="needs PostgreSQL"):
        worker(queues="drain")
    with pytest.raises(BadInput, match="Queues: drain, tick, refresh"):
        worker(queues="mail")
    with pytest.raises(BadInput, match="--until-idle does not go with --queues"):
        worker(queues="drain", until_idle=True)


def test_a_worker_refuses_a_second_machine(installed: Path):  # noqa: ARG001 - to be in its folder
    """Unless it takes over; then it works, and leaves nothing behind."""
    with bootstrap.opened() as app:
        heartbeat.begin(app.database, what="worker", host=heartbeat.Host("other", "other", "other"))
        with pytest.raises(Refused, match="other"):
            worker(concurrency=1, until_idle=True)
        worker(concurrency=1, until_idle=True, take_over=True)
        with app.database.reading() as session:
            assert heartbeat.at_work(session, app.database.now(session)) == []
