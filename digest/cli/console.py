"""How commands speak: sentences or JSON on standard output, progress on standard error, errors as one sentence."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.errors import BadInput

if TYPE_CHECKING:
    from digest.bootstrap import App

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@contextmanager
def opened(**given: Any) -> Iterator["App"]:
    """Open the product in the current folder, with its database at the newest revision checked."""
    from digest import bootstrap, migrating

    with bootstrap.opened(**given) as app:
        migrating.require_current(app.database)
        yield app


def print_json(data: Any) -> None:
    """Print data as JSON, the same bytes for the same data."""
    print(json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True, default=str))


def answer(data: Any, as_json: bool, say: Callable[[], None]) -> None:
    """Print ``data`` as JSON if asked to, else let ``say`` print it for people."""
    if as_json:
        print_json(data)
    else:
        say()


def logging_of(app: "App") -> Callable[[str], None]:
    """Let this process log as the settings say, without any secret of theirs; returns how to say a sentence."""
    from digest import logs

    settings = app.settings
    return logs.set_up(settings.log_format, settings.log_level, logs.secrets_of(settings))


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on standard error, if a person sees it; yields what to call with how many more are done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    screen = Console(stderr=True)
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.advance(task, done)


def parse_time(text: str) -> datetime:
    """Read an instant: ISO 8601 with a zone, or without one (then UTC). Raises BadInput."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is not a time. Write 2026-11-24T06:00Z or 2026-11-24T07:00+01:00.") from error
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def read_text(file: Path) -> str:
    """Return the text of a file, or of standard input for ``-``. Raises BadInput with a sentence."""
    if str(file) == "-":
        return sys.stdin.read()
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{file} is not UTF-8 text (byte {error.start}). Save it as UTF-8 and try again.") from error


def counted(number: int, word: str) -> str:
    """Return "1 article" or "1,204 articles"."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
