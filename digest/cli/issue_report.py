"""``digest issues report``: what an issue brought, in the terminal, as a page, as CSV, as pictures and as JSON."""

import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from digest.cli.console import Json, answer, opened

WhichIssue = Annotated[
    str, typer.Argument(metavar="ISSUE", help="Number, id, start of the id, or a publication for its newest.")
]


def register(commands: typer.Typer) -> None:
    """Add the command to ``digest issues``."""
    commands.command()(report)


def report(
    issue: WhichIssue,
    issues: Annotated[int, typer.Option(min=0, metavar="N", help="Compare with so many issues before it.")] = 8,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the page goes.")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Write each table as a CSV file, too.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Draw each plot as a PNG file, too.")] = None,
    page: Annotated[bool, typer.Option("--page/--no-page", help="Write the page at all.")] = True,
    as_json: Json = False,
) -> None:
    """Say what an issue brought, beside those before it: delivered, clicks, votes, unsubscribes, exposure.

    The page goes to report/ISSUE/index.html unless --html says where. With --json nothing is written unless asked for.
    """
    from digest.reports import asking, plots, writing

    with opened() as app, app.database.reading() as session:
        made = asking.report(session, issue, app.clock.now(), earlier=issues)
    written: dict[str, Any] = {"page": None, "csv": [], "png": []}
    if html is not None or (page and not as_json):
        target = html or Path("report") / str(made.head["number"]) / "index.html"
        written["page"] = str(writing.write_page(made, target))
    if csv is not None:
        written["csv"] = [str(one) for one in writing.write_csv(made, csv)]
    if png is not None:
        from digest.reports import pictures

        written["png"] = [str(one) for one in pictures.write_png(made, png)]

    def say() -> None:
        width = shutil.get_terminal_size((80, 24)).columns
        print(_printable("\n".join(plots.lines_of(made, width, blocks=_blocks()))))
        if written["page"]:
            print(f"\nWrote {written['page']}.")
        if written["csv"]:
            print(f"Wrote {len(written['csv'])} tables to {csv}.")
        if written["png"]:
            print(f"Drew {len(written['png'])} plots into {png}.")

    answer({**made.as_json(), "written": written}, as_json, say)


def _blocks() -> bool:
    """Return whether standard output can show block characters."""
    try:
        "█▁·│“…–".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _printable(text: str) -> str:
    """Return a text with "?" for what standard output cannot show: a name must not stop a report."""
    encoding = sys.stdout.encoding or "ascii"
    return text.encode(encoding, "replace").decode(encoding)
