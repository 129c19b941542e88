"""``digest reads``: import what the newsroom's site counted."""

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from digest.cli.articles import MOST_SHOWN, parse_keep
from digest.cli.console import Json, answer, opened, parse_time
from digest.errors import BadInput

commands = typer.Typer(help="Page reads and “most read” lists of the newsroom's site.", no_args_is_help=True)


@commands.callback()
def _group() -> None:
    """Keep ``import`` a command of its own name, though it is the only one."""


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV report; - is stdin.")],
    *,
    mapping: Annotated[
        list[str],
        typer.Option("--map", help="url=COLUMN, and views=COLUMN or rank=COLUMN (rank=#: by line); repeat it."),
    ],
    start: Annotated[
        str | None, typer.Option("--from", help="Start of the period; else 7 days before its end.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="End of the period, not in it; else today 00:00 UTC.")] = None,
    source: Annotated[str | None, typer.Option(help="Key of the source; else the file's name without dates.")] = None,
    site: Annotated[str, typer.Option(help="Address that paths such as /news/story are meant from.")] = "",
    keep_query: Annotated[
        list[str] | None, typer.Option("--keep-query", help="SITE=KEY, as for articles import.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Import page views, or ranks, of one period; the same period again replaces what was imported."""
    from datetime import timedelta

    from digest.articles import reads

    columns = reads.parse_columns(mapping)
    content = _content(file)
    with opened() as app:
        today = app.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        until = parse_time(end) if end else today  # reports cover whole days, and a cut-off this morning shall see it
        period = reads.Period(parse_time(start) if start else until - timedelta(days=7), until)
        rows = list(reads.read_csv(content, columns, site))
        with app.database.writing() as session:
            report = reads.import_reads(
                session, rows, source=source or key_of(file), period=period, keep=parse_keep(keep_query or ())
            )
    data = {
        "articles": report.articles,
        "unknown": report.unknown,
        "errors": [{"where": one.where, "sentence": one.sentence} for one in report.errors],
    }

    def say() -> None:
        print(f"{report.articles} articles with reads; {len(report.unknown)} pages are no imported article.")
        for one in report.errors[:MOST_SHOWN]:
            print(one, file=sys.stderr)
        if len(report.errors) > MOST_SHOWN:
            print(f"{len(report.errors) - MOST_SHOWN} more errors; --json has all.", file=sys.stderr)

    answer(data, as_json, say)
    if not report.articles:
        raise typer.Exit(1)


def key_of(file: Path) -> str:
    """Return the key of a report's source: its name without the date, so that next week's is of the same source."""
    return re.sub(r"[\W\d_]+\Z", "", file.stem) or "reads"


def _content(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
