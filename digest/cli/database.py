"""``digest database``: upgrade it, see its state, make it safe after a restore, move it to PostgreSQL."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.console import Json, answer, counted, opened, progress
from digest.errors import Refused

if TYPE_CHECKING:
    from digest.bootstrap import App
    from digest.engine.restored import Restored

commands = typer.Typer(
    help="The database: upgrade it, see its state, restore it, move it to PostgreSQL.", no_args_is_help=True
)
QUEUE = {
    "ready": "The job queue is ready.",
    "missing": "The job queue is missing. Run `digest database upgrade`.",
    "outdated": "The job queue is of an older Procrastinate. Run `digest database upgrade`.",
    "not installed": "There is no job queue: Procrastinate is not installed (extra `postgres`).",
}


@commands.command()
def upgrade(as_json: Json = False) -> None:
    """Bring the database to the newest revision (makes an empty one); safe to repeat."""
    from digest import bootstrap, migrating

    with bootstrap.opened() as app:
        done = migrating.upgrade(app.database)

    def say() -> None:
        if done["before"] == done["after"]:
            print(f"The database is at the newest revision ({done['after']}).")
        else:
            print(f"The database went from {done['before'] or 'empty'} to revision {done['after']}.")
        if "jobs" in done:
            print(QUEUE[done["jobs"]])

    answer(done, as_json, say)


@commands.command()
def status(as_json: Json = False) -> None:
    """Say at which revision the database is, which one this release needs, and who is at work on it."""
    from digest import bootstrap

    with bootstrap.opened() as app:
        state = _state(app)

    def say() -> None:
        print(state["sentence"])
        if state["jobs"]:
            print(QUEUE[state["jobs"]])
        for one in state["at_work"]:
            print(f"At work: {one['name']}, process {one['process']}, {one['what']}, release {one['release']}.")

    answer(state, as_json, say)


def _state(app: "App") -> dict[str, Any]:
    from digest import migrating
    from digest.engine import heartbeat, jobs

    here, newest = migrating.current(app.database), migrating.newest()
    sentence, at_work = f"The database is at the newest revision ({here}).", []
    try:
        migrating.require_current(app.database)
    except Refused as error:
        sentence = f"The database is at {here or 'no revision'}; this release needs {newest}.\n{error}"
    else:
        with app.database.reading() as session:
            rows = heartbeat.at_work(session, app.database.now(session))
        at_work = [dict(row) for row in rows]
        if here != newest:
            sentence = f"The database is at revision {here}, of a newer release, beside which this one may work."
    return {
        "here": here,
        "newest": newest,
        "oldest": migrating.oldest(app.database),
        "jobs": jobs.state(app.database),
        "at_work": at_work,
        "sentence": sentence,
    }


@commands.command()
def restored(
    yes: Annotated[bool, typer.Option("--yes", help="The database was restored from a backup: do it.")] = False,
    as_json: Json = False,
) -> None:
    """After a restore: let nothing go out twice. Run it before any worker; safe to repeat."""
    from digest.engine import restored as engine

    with opened() as app:
        unsettled = engine.open_deliveries(app.database)
        if not yes:
            raise Refused(
                f"{counted(unsettled, 'delivery').replace('deliverys', 'deliveries')} would become uncertain, issues "
                "under way would stop, and runs that are due would not be drafted. That is right after a restore "
                "from a backup, and only then. Stop all workers, and say: digest database restored --yes"
            )
        with progress("Making uncertain", unsettled) as step:
            done = engine.restored(app.database, who="operator", at=app.clock.now(), progress=step)
    answer(
        {"paused": done.paused, "held": done.held, "uncertain": done.uncertain, "runs": done.runs},
        as_json,
        lambda: _say_restored(done),
    )


def _say_restored(done: "Restored") -> None:
    for number in done.paused:
        print(f"Issue {number} is paused.")
    for number in done.held:
        print(f"Issue {number} is held: its hour does not send it.")
    for sentence in done.runs:
        print(sentence)
    if done.uncertain:
        print(
            f"{done.uncertain:,} deliveries are uncertain: they were open when the backup was made, and may have been "
            "sent since. Ask the provider (digest events pull), then decide what is left: digest issues resolve ISSUE."
        )
    if not (done.paused or done.held or done.runs or done.uncertain):
        print("Nothing was under way, and nothing is due: nothing had to be changed.")
    print(
        "Readers who left since the backup was made are on their lists again: suppress those the provider names "
        "(digest subscribers suppress ADDRESS) before you let anything go on."
    )


@commands.command()
def copy(
    to: Annotated[str, typer.Option(help="An empty PostgreSQL database: postgresql://user@host:5432/name.")],
    as_json: Json = False,
) -> None:
    """Move from SQLite to PostgreSQL: everything is copied, ids and keys too, and each table compared."""
    with opened() as app:
        from digest import copying
        from digest.database import Database

        target = Database(to)
        try:
            with progress("Copying", copying.rows(app.database)) as step:
                sums = copying.copy(app.database, target, now=app.clock.now(), progress=lambda _table, rows: step(rows))
        finally:
            target.close()
    total = sum(one.rows for one in sums.values())
    data = {name: {"rows": one.rows, "checksum": one.checksum} for name, one in sums.items()}

    def say() -> None:
        print(f"{counted(total, 'row')} in {len(sums)} tables were copied; counts and checksums agree.")
        print(
            "Now set DIGEST_DATABASE_URL (or database_url in digest.toml) to the new address, keep the keys as they "
            "are, and start serve and worker again. The SQLite file is as it was; nothing reads it any more."
        )

    answer(data, as_json, say)
