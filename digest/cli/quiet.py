"""``digest subscribers quiet``: who was silent for long, and asking them whether the mail is still wanted."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.console import Json, answer, opened

if TYPE_CHECKING:
    from digest.events.quiet import Numbers


def quiet(
    publication: Annotated[str, typer.Argument(help="A publication's id; without it: all of them.")] = "",
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count; write to nobody.")] = False,
    as_json: Json = False,
) -> None:
    """Count the readers who were silent for long, and write to those who are due; `digest worker` does so by itself.

    Only of publications with quiet_days, and of readers who agreed that their clicks are counted; never by opens.
    """
    from digest.events import quiet as readers
    from digest.issues import publications

    with opened() as app:
        said = [] if dry_run else readers.run(app.means)
        with app.database.reading() as session:
            everyone = publications.all_publications(session)
            some = [publications.get(session, publication)] if publication else everyone
            found = [readers.numbers(session, one, app.clock.now()) for one in some]
    data = {"done": said, "publications": [asdict(one) for one in found]}
    answer(data, as_json, lambda: print("\n".join([*said, *(_line(one) for one in found)])))


def _line(one: "Numbers") -> str:
    if not one.days:
        return f"{one.publication}: nobody is asked (digest publications edit {one.publication} quiet_days=180)."
    return (
        f"{one.publication}: {one.due:,} silent for {one.days} days, {one.today:,} to be asked today; so far "
        f"{one.asked:,} asked, {one.answered:,} of them there, {one.paused:,} paused."
    )
