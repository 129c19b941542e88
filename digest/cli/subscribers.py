"""``digest subscribers``: import, export and look after the people who get mail."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.console import Json, answer, opened, parse_time, progress
from digest.errors import BadInput, NotFound, Refused

if TYPE_CHECKING:
    from subscribers import ImportReport, PersonData, RowError

commands = typer.Typer(help="The readers: import, export, show, erase, suppress.", no_args_is_help=True)

SHOWN_ERRORS = 20
Address = Annotated[str, typer.Argument(help="The email address.")]
Lists = Annotated[list[str] | None, typer.Option("--list", help="A list's id; give it again for more.")]


@commands.command(name="import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A CSV file with a line of headings.")],
    *,
    lists: Lists = None,
    maps: Annotated[
        list[str] | None, typer.Option("--map", help="Their heading=ours, as in 'Interests=lists'; again for more.")
    ] = None,
    consent_source: Annotated[str, typer.Option(help="Where the readers agreed, for rows that do not say.")] = "",
    consent_date: Annotated[str, typer.Option(help="When they agreed, for rows that do not say.")] = "",
    wording: Annotated[str, typer.Option(help="The words they agreed to; kept as proof.")] = "",
    unconfirmed: Annotated[bool, typer.Option("--unconfirmed", help="Confirm nobody, whatever the rows say.")] = False,
    errors: Annotated[Path | None, typer.Option("--errors", help="Write every broken row's number and reason.")] = None,
    encoding: Annotated[str, typer.Option(help="How the file's letters are written.")] = "utf-8",
    as_json: Json = False,
) -> None:
    """Import readers from a CSV file; safe to repeat, and to stop and start again.

    Headings: email, name, language, lists (ids or names, separated by | or ;), consent_at, consent_source, zone.
    Rows without a consent's source and date are imported unconfirmed. What a reader ended stays ended, and a
    suppressed address is not touched.
    """
    import subscribers

    with opened() as app, ExitStack() as stack:
        lines = stack.enter_context(_text(file, encoding))
        advance = stack.enter_context(progress("Importing", _rows(file)))
        on_error = stack.enter_context(_error_file(errors))
        report = subscribers.import_csv(
            app.database,
            app.keys,
            lines,
            lists=lists or [],
            at=app.clock.now(),
            source=f"import:{file.name}",
            wording=wording,
            mapping=_mapping(maps or []),
            confirmed=not unconfirmed,
            consent_at=_past(consent_date, app.clock.now()),
            consent_source=consent_source,
            on_rows=advance,
            on_error=on_error,
        )
    answer(_counts(report), as_json, lambda: _say_report(report, errors))
    if report.failed and report.failed == report.rows:
        raise Refused("No row could be imported.")


@commands.command()
def export(
    file: Annotated[Path | None, typer.Argument(help="The file to write; standard output without it.")] = None,
    lists: Lists = None,
    as_json: Json = False,
) -> None:
    """Write the readers as CSV, in the columns that `import` reads; safe to open in a spreadsheet."""
    import subscribers

    if file is None and as_json:
        raise BadInput("Name the file to write: --json prints how many lines went there.")
    count = 0
    with opened() as app, app.database.reading() as session, _output(file) as output:
        for page in subscribers.export_csv(session, lists=lists or []):
            output.write(page)
            count += page.count("\n")
    if file is not None:
        answer({"file": str(file), "rows": count - 1}, as_json, lambda: print(f"{count - 1:,} rows written to {file}."))


@commands.command()
def show(address: Address, as_json: Json = False) -> None:
    """Show everything that is kept about one person, their own clicks too, where they agreed to those."""
    import subscribers
    from digest.events import own_clicks

    with opened() as app, app.database.reading() as session:
        person = subscribers.find(session, app.keys, address)
        clicks = own_clicks.of_person(session, person.ref) if person else []
    if person is None:
        raise NotFound(f"Nobody is known by the address {address}.")
    answer(person.model_dump(mode="json") | {"clicks": clicks}, as_json, lambda: _say_person(person, clicks))


@commands.command()
def erase(
    address: Address,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Forget a person for good; what keeps mail from their address stays, as a hash."""
    import subscribers

    if not yes:
        typer.confirm(f"Erase {address} for good?", abort=True, err=True)
    with opened() as app, app.database.writing() as session:
        subscribers.erase(session, app.keys, address, app.clock.now())
    answer({"erased": True}, as_json, lambda: print("Erased. The address will not be mailed again."))


@commands.command()
def suppress(
    address: Address,
    note: Annotated[str, typer.Option(help="Why; for yourselves.")] = "",
    as_json: Json = False,
) -> None:
    """Forbid any mail to an address, whether it is known or not."""
    import subscribers

    with opened() as app, app.database.writing() as session:
        subscribers.suppress(session, app.keys, address, "by_hand", app.clock.now(), note=note)
    answer({"suppressed": True}, as_json, lambda: print("Suppressed: no mail goes there."))


@commands.command()
def unsuppress(address: Address, as_json: Json = False) -> None:
    """Allow mail to an address again; refused after a complaint."""
    import subscribers

    with opened() as app, app.database.writing() as session:
        lifted = subscribers.unsuppress(session, app.keys, address)
    words = "Mail may go there again." if lifted else "The address was not suppressed."
    answer({"lifted": lifted}, as_json, lambda: print(words))


@contextmanager
def _text(file: Path, encoding: str) -> Iterator[IO[str]]:
    """Open a file as text; what is no text in that encoding shows as U+FFFD, and its row is refused alone."""
    try:
        with file.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, errors="replace", newline="") as text:
            yield text
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


@contextmanager
def _error_file(file: Path | None) -> Iterator[Any]:
    """Give a function that notes a broken row in a file, or nowhere."""
    import csv

    if file is None:
        yield lambda _error: None
        return
    with _output(file) as output:
        writer = csv.writer(output)
        writer.writerow(("line", "message"))

        def note(error: "RowError") -> None:
            writer.writerow((error.line, error.message))

        yield note


def _rows(file: Path) -> int | None:
    """Return about how many rows a file has, for the progress bar."""
    try:
        with file.open("rb") as raw:
            return max(0, sum(block.count(b"\n") for block in iter(lambda: raw.read(1 << 20), b"")) - 1)
    except OSError:
        return None


def _mapping(maps: list[str]) -> dict[str, str]:
    pairs = [text.rpartition("=") for text in maps]
    if wrong := [text for text, (their, _, our) in zip(maps, pairs, strict=True) if not (their and our)]:
        raise BadInput(f"--map {wrong[0]!r} is not understood. Write their heading=ours, as in 'Interests=lists'.")
    return {their.strip(): our.strip() for their, _, our in pairs}


def _past(text: str, now: datetime) -> datetime | None:
    moment = parse_time(text) if text else None
    if moment is not None and moment > now:
        raise BadInput(f"--consent-date {text} lies in the future.")
    return moment


def _counts(report: "ImportReport") -> dict[str, Any]:
    names = ("rows", "new", "updated", "unchanged", "suppressed", "repeated", "failed", "unconfirmed", "warned")
    errors = [{"line": one.line, "message": one.message} for one in report.errors]
    return {name: getattr(report, name) for name in names} | {
        "errors": errors,
        "warnings": [{"line": one.line, "message": one.message} for one in report.warnings],
        "ignored_columns": list(report.ignored_columns),
    }


def _say_report(report: "ImportReport", errors: Path | None) -> None:
    print(
        f"{report.rows:,} rows: {report.new:,} new, {report.updated:,} updated, {report.unchanged:,} unchanged, "
        f"{report.repeated:,} repeated, {report.suppressed:,} suppressed, {report.failed:,} not imported."
    )
    if report.unconfirmed:
        print(f"{report.unconfirmed:,} people wait unconfirmed: their rows lack a consent's source and date.")
    if report.ignored_columns:
        print(f"Columns not looked at: {', '.join(report.ignored_columns)}. Map them with --map if they matter.")
    for one in report.warnings[:SHOWN_ERRORS]:
        print(f"  line {one.line}: {one.message}", file=sys.stderr)
    if report.warned > SHOWN_ERRORS:
        print(f"  ... and {report.warned - SHOWN_ERRORS:,} more warnings", file=sys.stderr)
    for one in report.errors[:SHOWN_ERRORS]:
        print(f"  line {one.line}: {one.message}", file=sys.stderr)
    if report.failed > SHOWN_ERRORS:
        more = f"{report.failed - SHOWN_ERRORS:,} more: {errors or 'see them all with --errors FILE'}"
        print(f"  ... and {more}", file=sys.stderr)


def _say_person(person: "PersonData", clicks: list[dict[str, Any]]) -> None:
    ways = ", ".join(filter(None, (person.language, person.zone)))
    print(f"{person.address}  {person.name}  ({ways}), known since {person.created_at:%Y-%m-%d}")
    if person.suppressed:
        print(f"Suppressed: {person.suppressed}. No mail goes there.")
    for one in person.lists:
        print(f"  {one.list_id:24} {one.state:12} since {one.changed_at:%Y-%m-%d %H:%M}")
    for said in person.consents:
        print(f"  {said.at:%Y-%m-%d %H:%M}  {said.action:10} {said.list_id:24} {said.source}  {said.wording}")
    for click in clicks:
        where = f"issue {click['issue']}, place {click['place']}"
        print(f"  {click['at']}  clicked    {where}  {click['state']:8} {click['url']}")
