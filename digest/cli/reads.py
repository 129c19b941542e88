"""``digest reads``: import what the newsroom's site counted."""

import re
import sys
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.articles import MOST_SHOWN
from digest.cli.console import Json, answer, counted, opened, parse_time
from digest.errors import BadInput

if TYPE_CHECKING:
    from digest.articles.reads import Kind, Period, ReadsReport, Report

PRESETS = ("plausible", "matomo", "ga4")
commands = typer.Typer(help="Page reads and “most read” lists of the newsroom's site.", no_args_is_help=True)


@commands.callback()
def _group() -> None:
    """Keep ``import`` a command of its own name, though it is the only one."""


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An export, a table or a list; - is stdin.")],
    *,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="url=COLUMN, and views=, rank= (# by line), date= or host=COLUMN; repeat it."),
    ] = None,
    preset: Annotated[str | None, typer.Option(help="plausible, matomo or ga4; else its columns tell.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="Start of the period, where the file has none.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="End of the period, not in it.")] = None,
    zone: Annotated[str, typer.Option(help="Time zone of the days in the file.")] = "UTC",
    source: Annotated[str | None, typer.Option(help="Key of the source; else the file's name without dates.")] = None,
    site: Annotated[str, typer.Option(help="Address that paths such as /news/story are meant from.")] = "",
    keep_query: Annotated[
        list[str] | None, typer.Option("--keep-query", help="SITE=KEY, as for articles import.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Import page views or a “most read” list; the same period again replaces what was imported.

    Exports of Plausible (CSV or ZIP), Matomo and GA4 are known by their columns; any other table by --map.
    """
    from digest.articles import reads
    from digest.articles.feeds.addresses import parse_keep

    columns = reads.parse_columns(mapping) if mapping else None
    place = _zone(zone)
    read = reads.read_report(_content(file), file.name, preset=_preset(preset), columns=columns, site=site)
    with opened() as app:
        now = app.clock.now()
        period = _period(read, start, end, place, now, guess=columns is not None)
        keep = parse_keep(keep_query or ())
        report = reads.import_report(
            app.database, read.rows, source=source or key_of(file), period=period, zone=place, now=now, keep=keep
        )
    answer(_data(read, report), as_json, lambda: _say(read, report))
    if not report.articles:
        raise typer.Exit(1)


def key_of(file: Path) -> str:
    """Return the key of a report's source: its name without the date, so that next week's is of the same source."""
    stem = re.sub(r"[\W_]*\d{4}-?\d{2}-?\d{2}([\W_]+(to[\W_]+)?\d{4}-?\d{2}-?\d{2})?", "", file.stem)
    return re.sub(r"[\W\d_]+\Z", "", stem) or "reads"


def _period(
    read: "Report", start: str | None, end: str | None, zone: tzinfo, now: datetime, *, guess: bool
) -> "Period | None":
    """Return the time a report is of: as given, else as it says itself; None where each row says so.

    A list is of the last hour. ``guess``: where nobody says, it is of the last seven days.
    """
    from digest.articles.reads import Period

    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    week = timedelta(days=7)
    if start or end:  # reports cover whole days, and a cut-off this morning shall see it
        until = parse_time(end) if end else today
        return Period(parse_time(start) if start else until - week, until)
    if read.days is not None:
        return Period.of(read.days, zone, now)
    if read.by_day:
        return None
    if guess:
        return Period(today - week, today)
    return Period(now - timedelta(hours=1), now) if read.ranks_only else None


def _preset(name: str | None) -> "Kind | None":
    from digest.articles.reads import Kind

    if name is None:
        return None
    if name not in PRESETS:
        raise BadInput(f"There is no preset {name!r}. Presets: {', '.join(PRESETS)}; for any other table use --map.")
    return Kind(name)


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo

    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadInput(f"There is no time zone {name!r}. Write one such as Europe/Berlin.") from error


def _data(read: "Report", report: "ReadsReport") -> dict[str, Any]:
    return {
        "format": str(read.kind),
        "column": read.column,
        "period": {"from": report.first, "to": report.last, "told_by": read.told_by},
        "periods": report.periods,
        "articles": report.articles,
        "unknown": report.unknown,
        "unknown_most_read": [{"url": page.url, "views": page.views} for page in report.most_read_unknown()],
        "left_out": read.left_out,
        "errors": [{"where": one.where, "sentence": one.sentence} for one in report.errors],
    }


def _say(read: "Report", report: "ReadsReport") -> None:
    print(
        f"{counted(report.articles, 'article')} with reads. No imported article: {counted(len(report.pages), 'page')}."
    )
    for line in _notes(read, report):
        print(line)
    for one in report.errors[:MOST_SHOWN]:
        print(one, file=sys.stderr)
    if len(report.errors) > MOST_SHOWN:
        print(f"{len(report.errors) - MOST_SHOWN} more errors; --json has all.", file=sys.stderr)


def _notes(read: "Report", report: "ReadsReport") -> list[str]:
    """Return what somebody should know of how the report was read."""
    notes = []
    if read.kind in PRESETS:
        notes.append(f"Read as an export of {read.kind}: the figures are those of its column {read.column!r}.")
    if report.first and report.last and (read.told_by or read.by_day):
        by = read.told_by or "its dates"
        notes.append(f"It is of {report.first:%Y-%m-%d %H:%M} to {report.last:%Y-%m-%d %H:%M} UTC, by {by}.")
    if read.left_out:
        notes.append(f"Left out: {counted(read.left_out, 'row')} of no page (totals, “(not set)”, “(other)”, folders).")
    unknown = report.most_read_unknown()
    if unknown:
        notes.append("Most read of the pages that are no imported article:")
        notes += [f"    {page.views or '':>9}  {page.url}" for page in unknown]
        if not report.articles:
            notes.append("If these are articles, import them first, or look at --site and --keep-query.")
    return notes


def _content(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
