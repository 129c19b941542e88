"""``digest schedule`` and ``digest tick``: when the next issues are due, and one pass over what is due now."""

from typing import Annotated

import typer

from digest.cli.console import Json, answer, opened, parse_time

AtOption = Annotated[str, typer.Option("--at", metavar="TIME", help="Act as if it were this time (ISO 8601).")]


def schedule(
    publication: Annotated[str | None, typer.Argument(help="Only this publication.")] = None,
    count: Annotated[int, typer.Option("--count", "-n", min=1, max=200, help="How many runs of each.")] = 4,
    at: AtOption = "",
    as_json: Json = False,
) -> None:
    """Show the next runs: cut-off and send, in the publication's zone and in UTC, clock changes marked."""
    from digest.issues import publications
    from digest.schedule import next_runs

    with opened() as app, app.database.reading() as session:
        now = parse_time(at) if at else app.clock.now()
        chosen = [publications.get(session, publication)] if publication else publications.all_publications(session)
        runs = [run for one in chosen for run in next_runs(one, now, count)]
    rows = [run.as_row() for run in sorted(runs, key=lambda run: (run.cutoff, run.publication_id))]

    def say() -> None:
        if not rows:
            print("There is no publication yet. Add one with `digest publications add`.")
        for row in rows:
            print(f"{row['publication']}: cut-off {row['cutoff_local']} ({row['cutoff']})")
            print(f"  {'':{len(row['publication'])}}sends {row['send_local']} ({row['send']})")
            if row["note"]:
                print(f"  {'':{len(row['publication'])}}{row['note']}")

    answer(rows, as_json, say)


def tick(at: AtOption = "", as_json: Json = False) -> None:
    """Do one pass: draft what is cut off, send what is approved and due. Safe to repeat, for cron and tests."""
    from digest.clock import StillClock
    from digest.engine import local

    done: list[str] = []
    clock = {"clock": StillClock(parse_time(at))} if at else {}
    with opened(**clock) as app:
        local.run(app.means, concurrency=app.settings.send_concurrency, until_idle=True, say=done.append)

    def say() -> None:
        print("\n".join(done) if done else "Nothing is due.")

    answer(done, as_json, say)
