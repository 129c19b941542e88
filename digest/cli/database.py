"""``digest database``: bring the database to the newest revision, and say where it is."""

import typer

from digest.cli.console import Json, answer

commands = typer.Typer(help="The database: upgrade it, see its state.", no_args_is_help=True)


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

    answer(done, as_json, say)


@commands.command()
def status(as_json: Json = False) -> None:
    """Say at which revision the database is, and which one this release needs."""
    from digest import bootstrap, migrating

    with bootstrap.opened() as app:
        state = {"here": migrating.current(app.database), "newest": migrating.newest()}

    def say() -> None:
        if state["here"] == state["newest"]:
            print(f"The database is at the newest revision ({state['here']}).")
        else:
            print(f"The database is at {state['here'] or 'no revision'}; this release needs {state['newest']}.")
            print("Run `digest database upgrade`.")

    answer(state, as_json, say)
