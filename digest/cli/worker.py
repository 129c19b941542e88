"""``digest worker``: does what is due, until it is told to leave."""

import signal
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.console import opened

if TYPE_CHECKING:
    from digest.bootstrap import App


def worker(
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=64, help="Calls at once. Default: SEND_CONCURRENCY.")
    ] = None,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="Leave when nothing is due any more.")] = False,
) -> None:
    """Draft, send and tidy up what is due. Ctrl+C or SIGTERM: it leaves within ten seconds and loses nothing."""
    from digest.engine import local

    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with opened() as app:
        local.spare_the_collector()
        typer.echo(f"Sending by {app.settings.provider.value}. Ctrl+C to leave.", err=True)
        local.run(
            app.means,
            concurrency=concurrency or app.settings.send_concurrency,
            until_idle=until_idle,
            stop=stop,
            say=lambda sentence: print(sentence, flush=True),
            alarm=app.alarm,
        )
        _say_what_waits(app)


def _say_what_waits(app: "App") -> None:
    from digest.sending import waiting

    with app.database.reading() as session:
        for sentence in waiting.sentences(session, app.database.now(session), app.means.account):
            print(sentence, flush=True)
