"""The commands. Each noun has a file; heavy imports stand inside the commands, so that ``--help`` is quick."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from digest.cli import (
    articles,
    database,
    demo,
    doctor,
    events,
    failing,
    feeds,
    init,
    issue_report,
    issue_sending,
    issues,
    keys,
    lists,
    providers,
    publications,
    ranking,
    reads,
    regions,
    schedule,
    serve,
    subscribers,
    templates,
    users,
    worker,
)
from digest.errors import BadInput, DigestError
from subscribers.errors import SubscribersError

app = typer.Typer(
    name="digest",
    help="Ranks a newsroom's articles into one regional email digest per reader, and sends it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)
for command in (demo.demo, init.init, doctor.doctor, worker.worker, schedule.tick):
    app.command()(command)
app.add_typer(serve.commands, name="serve")
issues.commands.registered_commands += issue_sending.commands.registered_commands
issue_report.register(issues.commands)
for name, noun in (
    ("regions", regions),
    ("feeds", feeds),
    ("articles", articles),
    ("reads", reads),
    ("keys", keys),
    ("providers", providers),
    ("publications", publications),
    ("templates", templates),
    ("lists", lists),
    ("subscribers", subscribers),
    ("issues", issues),
    ("schedule", schedule),
    ("ranking", ranking),
    ("users", users),
    ("events", events),
    ("database", database),
):
    app.add_typer(noun.commands, name=name)


@app.callback()
def _everywhere(
    folder: Annotated[
        Path | None, typer.Option("--folder", "-C", help="Work in this folder, where digest.toml is.")
    ] = None,
) -> None:
    """Go to the folder first, so that settings, database and relative paths are those of that installation."""
    if folder is None:
        return
    try:
        os.chdir(folder)
    except OSError as error:
        raise BadInput(f"{folder} is no folder one can work in: {error.strerror}.") from error


def main() -> None:
    """Run a command. Exit 0: done; 1: refused, with a sentence; 2: wrong usage."""
    try:
        _run()
    except (DigestError, SubscribersError) as error:
        _refuse(str(error))
    except BrokenPipeError:
        failing.forget_output()
        sys.exit(0)
    except Exception as error:
        sentence = failing.sentence(error)
        if sentence is None:
            raise
        _refuse(sentence)


def _run() -> None:
    """Run the command, and write out what it said while a closed pipe can still be caught."""
    try:
        app()
    except SystemExit as left:
        if left.code == failing.INTERRUPTED:
            print(failing.STOPPED, file=sys.stderr)
        raise
    finally:
        sys.stdout.flush()


def _refuse(sentence: str) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(1)
