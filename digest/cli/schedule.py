"""``digest schedule`` and ``digest tick``: when the next issues are due, and one pass over what is due now."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from digest.cli.console import Json, answer, logging_of, opened, parse_time

AtOption = Annotated[str, typer.Option("--at", metavar="TIME", help="Act as if it were this time (ISO 8601).")]


class ShownByDefault(TyperGroup):
    """Reads ``digest schedule [PUBLICATION]`` as ``digest schedule show [PUBLICATION]``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put ``show`` before what names no command and asks for no help."""
        if not args or args[0] not in (*self.commands, "--help"):
            args = ["show", *args]
        return super().parse_args(ctx, args)


commands = typer.Typer(cls=ShownByDefault, help="The next runs, and the days without one. Alone it shows them.")


@commands.command("show")
def schedule(
    publication: Annotated[str | None, typer.Argument(help="Only this publication.")] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=200, help="How many runs of each.")] = 4,
    at: AtOption = "",
    as_json: Json = False,
) -> None:
    """Show the next runs: cut-off, review and send, in the publication's zone and in UTC, clock changes marked.

    A run that does not happen stands there with its reason: a skip date, every second week, before the start.
    """
    from digest import schedule as scheduling
    from digest.issues import publications

    with opened() as app, app.database.reading() as session:
        now = parse_time(at) if at else app.clock.now()
        everyone = publications.all_publications(session)
        chosen = [publications.get(session, publication)] if publication else everyone
        rows = scheduling.rows(chosen, everyone, now, count)
    without = sorted({one.id for one in chosen} - {row["publication"] for row in rows if row["runs"]})

    def say() -> None:
        if not chosen:
            print("There is no publication yet. Add one with `digest publications add`.")
        for row in rows:
            _say(row)
        for one in without:
            print(f"{one}: no run in the next five years. Look at its schedule: digest publications show {one}")

    answer(rows, as_json, say)


@commands.command()
def skip(
    publication: Annotated[str, typer.Argument(metavar="PUBLICATION", help="The publication's id.")],
    day: Annotated[str, typer.Argument(metavar="DATE", help="Of the sending, in the publication's zone: 2026-12-28.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let it run after all.")] = False,
    as_json: Json = False,
) -> None:
    """Skip the run that is sent on a day; the others keep their days. ``--undo`` lets it run after all."""
    from digest.editors import skipping

    with opened() as app, app.database.writing() as session:
        done = skipping.skip(session, publication, day, undo=undo, who="command line", at=app.clock.now())
    data = {
        "publication": publication,
        "day": done.day.isoformat(),
        "skipped": not undo,
        "skip_dates": list(done.skip_dates),
        "drafted_issue": done.drafted or None,
    }
    answer(data, as_json, lambda: print("\n".join(done.sentences)))


def tick(at: AtOption = "", as_json: Json = False) -> None:
    """Do one pass: draft what is cut off, send what is approved and due. Safe to repeat, for cron and tests."""
    from digest.clock import StillClock
    from digest.engine import local

    done: list[str] = []
    clock = {"clock": StillClock(parse_time(at))} if at else {}
    with opened(**clock) as app:
        logging_of(app)
        local.run(
            app.means, concurrency=app.settings.send_concurrency, until_idle=True, say=done.append, alarm=app.alarm
        )

    def say() -> None:
        print("\n".join(done) if done else "Nothing is due.")

    answer(done, as_json, say)


def _say(row: dict[str, Any]) -> None:
    """Print one run for people."""
    name, blank = row["publication"], " " * len(row["publication"])
    if not row["runs"]:
        print(f"{name}: no run on {row['day']}: {row['why_not']}")
        return
    print(f"{name}: cut-off {row['cutoff_local']} ({row['cutoff']})")
    if row["review"] != row["send"]:
        print(f"  {blank}review until {row['review_local']} ({row['review']})")
    print(f"  {blank}sends {row['send_local']} ({row['send']})")
    for more in (row["cadence"], row["companions"], row["note"]):
        if more:
            print(f"  {blank}{more}")
