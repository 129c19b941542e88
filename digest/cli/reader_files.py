"""Files of readers: ``digest subscribers import``, ``export`` and ``suppress``."""

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.console import Json, answer, opened, parse_time, progress
from digest.cli.reader_reports import Done, bans_in_json, in_json, say, say_bans
from digest.errors import BadInput, Refused

if TYPE_CHECKING:
    from digest.bootstrap import App
    from subscribers import BanReport, RowError

commands = typer.Typer()

Lists = Annotated[list[str] | None, typer.Option("--list", help="A list's id; give it again for more.")]
Encoding = Annotated[str, typer.Option(help="How the file's letters are written; without it that is told by them.")]
Errors = Annotated[
    Path | None, typer.Option("--errors", help="Where broken rows go; without it FILE.errors.csv, beside the file.")
]


@commands.command(name="import")
def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV files with a line of headings.")],
    *,
    lists: Lists = None,
    system: Annotated[
        str, typer.Option("--as", help="Whose export it is: mailchimp, ghost, listmonk, substack or plain.")
    ] = "",
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", help="Their heading=ours, as in 'Interests=lists', or - for none; again for more."),
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--value", help="What a value in the column of lists means, as in 'South Caucasus=sc'."),
    ] = None,
    consent_source: Annotated[str, typer.Option(help="Where the readers agreed, for rows that do not say.")] = "",
    consent_date: Annotated[str, typer.Option(help="When they agreed, for rows that do not say.")] = "",
    wording: Annotated[str, typer.Option(help="The words they agreed to; kept as proof.")] = "",
    unconfirmed: Annotated[bool, typer.Option("--unconfirmed", help="Confirm nobody, whatever the rows say.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; show what the columns mean and what would happen.")
    ] = False,
    errors: Errors = None,
    encoding: Encoding = "",
    as_json: Json = False,
) -> None:
    """Import readers from CSV files; safe to repeat, and to stop and start again.

    Exports of Mailchimp, Ghost, listmonk and Substack are recognised by their headings. Plain files have: email, name,
    language, lists (ids or names, separated by | or ;), consent_at, consent_source, zone, status. Rows without a
    consent's source and date are imported unconfirmed. What a reader ended, here or there, stays ended; an address that
    bounced or complained there must not be mailed here; a suppressed one is not touched.
    """
    if errors is not None and len(files) > 1:
        raise BadInput("--errors names one file. Import one file at a time, or let each have its own beside it.")
    with opened() as app:
        options: dict[str, Any] = {
            "lists": lists or [],
            "at": app.clock.now(),
            "wording": wording,
            "mapping": _pairs("--map", maps or []),
            "values": _pairs("--value", values or []),
            "system": system,
            "confirmed": not unconfirmed,
            "consent_at": _past(consent_date, app.clock.now()),
            "consent_source": consent_source,
            "dry_run": dry_run,
        }
        done = [_import(app, file, encoding, errors, options) for file in files]
    answer(in_json(done), as_json, lambda: say(done, dry_run=dry_run))
    if done and all(one.report.failed and one.report.failed == one.report.rows for one in done):
        raise Refused("No row could be imported.")


@commands.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="The file to write; standard output without it.")] = None,
    lists: Lists = None,
    system: Annotated[
        str, typer.Option("--as", help="In whose columns: mailchimp, ghost, listmonk, substack or plain.")
    ] = "plain",
    who: Annotated[
        str, typer.Option(help="coming: who gets mail; left: who ended it or must not be mailed; all: both.")
    ] = "coming",
    as_json: Json = False,
) -> None:
    """Write the readers as CSV, in the columns that `import` reads; safe to open in a spreadsheet.

    Mailchimp takes those who left in a file of their own: --who left. What Ghost and Mailchimp know of lists are labels
    and tags; Substack knows none: name one with --list.
    """
    import subscribers

    if file is None and as_json:
        raise BadInput("Name the file to write: --json prints how many lines went there.")
    count = 0
    with opened() as app, app.database.reading() as session, _output(file) as output:
        for page in subscribers.export_csv(session, lists=lists or [], system=system, who=who):
            output.write(page)
            count += page.count("\n")
    if file is not None:
        answer({"file": str(file), "rows": count - 1}, as_json, lambda: print(f"{count - 1:,} rows written to {file}."))


@commands.command()
def suppress(
    address: Annotated[str | None, typer.Argument(help="The email address.")] = None,
    *,
    note: Annotated[str, typer.Option(help="Why; for yourselves.")] = "",
    file: Annotated[
        Path | None, typer.Option("--file", help="A CSV file of addresses, as SendGrid, Mailgun, Postmark or SES have.")
    ] = None,
    reason: Annotated[str, typer.Option(help="For a file that does not say: hard_bounce, complaint or by_hand.")] = "",
    errors: Errors = None,
    encoding: Encoding = "",
    as_json: Json = False,
) -> None:
    """Forbid any mail to an address, whether it is known or not; or to all addresses of a file."""
    import subscribers

    if (address is None) == (file is None):
        raise BadInput("Name an address, or a file of them with --file FILE.")
    with opened() as app:
        if file is not None:
            report = _ban(app, file, encoding, errors, reason)
            answer(bans_in_json(report), as_json, lambda: say_bans(report))
            if report.failed and report.failed == report.rows:
                raise Refused("No row could be read.")
            return
        with app.database.writing() as session:
            subscribers.suppress(session, app.keys, str(address), "by_hand", app.clock.now(), note=note)
    answer({"suppressed": True}, as_json, lambda: print("Suppressed: no mail goes there."))


@dataclass
class _ErrorFile:
    """Broken rows, in a file that is there only once there are any, or where it was asked for."""

    path: Path
    stack: ExitStack
    headings: Sequence[str] = ()
    writer: Any = field(default=None)

    def open(self) -> None:
        """Open the file."""
        self.writer = csv.writer(self.stack.enter_context(_output(self.path)))
        self.writer.writerow(("line", "message", *self.headings))

    def note(self, error: "RowError") -> None:
        """Write a broken row: its line, the reason, and the row itself."""
        if self.writer is None:
            self.open()
        self.writer.writerow(error.row())


def _import(app: "App", file: Path, encoding: str, errors: Path | None, options: dict[str, Any]) -> Done:
    import subscribers

    with ExitStack() as stack:
        lines, rows = stack.enter_context(_lines(file, encoding))
        advance = stack.enter_context(progress(f"Reading {file.name}", rows))
        broken = _ErrorFile(errors or file.with_suffix(".errors.csv"), stack)
        quiet = options["dry_run"] and errors is None
        report = subscribers.import_csv(
            app.database,
            app.keys,
            lines,
            source=f"import:{file.name}",
            file_name=file.name,
            on_header=_heard(broken, asked=errors is not None),
            on_rows=advance,
            on_error=(lambda _: None) if quiet else broken.note,
            **options,
        )
    return Done(file, report, None if broken.writer is None else broken.path)


def _heard(broken: _ErrorFile, *, asked: bool) -> Callable[[Sequence[str]], None]:
    def hear(headings: Sequence[str]) -> None:
        broken.headings = headings
        if asked and broken.writer is None:
            broken.open()

    return hear


def _ban(app: "App", file: Path, encoding: str, errors: Path | None, reason: str) -> "BanReport":
    import subscribers

    with ExitStack() as stack:
        lines, rows = stack.enter_context(_lines(file, encoding))
        broken = _ErrorFile(errors or file.with_suffix(".errors.csv"), stack)
        return subscribers.suppress_csv(
            app.database,
            app.keys,
            lines,
            at=app.clock.now(),
            source=f"import:{file.name}",
            file_name=file.name,
            reason=reason,
            on_rows=stack.enter_context(progress(f"Reading {file.name}", rows)),
            on_error=broken.note,
        )


@contextmanager
def _lines(file: Path, encoding: str) -> Iterator[tuple[Iterator[str], int]]:
    """Open a file as lines of text, and say about how many rows it has.

    What is no text in its encoding shows as U+FFFD, and its row is refused alone.
    """
    import subscribers

    try:
        with file.open("rb") as raw:
            seen = subscribers.survey(raw)
        named = "utf-8-sig" if encoding.casefold() in {"utf-8", "utf8"} else encoding or seen.encoding
        with file.open(encoding=named, errors="replace", newline="") as text:
            yield subscribers.lines_of(text), seen.rows
    except LookupError as error:
        raise BadInput(f"{encoding!r} is no encoding. Write utf-8, cp1252 or utf-16.") from error
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error


@contextmanager
def _output(file: Path | None) -> Iterator[IO[str]]:
    """Open a file for writing, or standard output."""
    if file is None:
        yield sys.stdout
        return
    try:
        with file.open("w", encoding="utf-8", newline="") as output:
            yield output
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}.") from error


def _pairs(option: str, texts: list[str]) -> dict[str, str]:
    pairs = [text.rpartition("=") for text in texts]
    if wrong := [text for text, (their, _, our) in zip(texts, pairs, strict=True) if not (their and our)]:
        example = "their heading=ours, as in 'Interests=lists'" if option == "--map" else "their value=our list's id"
        raise BadInput(f"{option} {wrong[0]!r} is not understood. Write {example}.")
    return {their.strip(): our.strip() for their, _, our in pairs}


def _past(text: str, now: datetime) -> datetime | None:
    moment = parse_time(text) if text else None
    if moment is not None and moment > now:
        raise BadInput(f"--consent-date {text} lies in the future.")
    return moment
