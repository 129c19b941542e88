"""``digest worker``: does what is due, until it is told to leave."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from digest.cli.console import logging_of, opened
from digest.errors import BadInput, Refused

AT_LAST = 9.5  # seconds after which a worker that was told to leave goes, whoever does not answer it

if TYPE_CHECKING:
    from digest.bootstrap import App
    from digest.sending.work import Kind


def worker(
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=64, help="Calls at once. Default: SEND_CONCURRENCY.")
    ] = None,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="Leave when nothing is due any more.")] = False,
    queues: Annotated[
        str | None,
        typer.Option(help="PostgreSQL: take jobs of these queues, as one of many: drain,tick,refresh or some of them."),
    ] = None,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="SQLite: the machine that worked on this file crashed or is gone.")
    ] = False,
) -> None:
    """Draft, send and tidy up what is due. Ctrl+C or SIGTERM: it leaves within ten seconds and loses nothing."""
    kinds = _kinds(queues, until_idle)
    with _stopped_by_signals() as stop, opened() as app:
        from digest import migrating
        from digest.engine import heartbeat, jobs, local

        if kinds is not None:
            jobs.require(app.database)
        why: list[str] = []

        def lost(sentence: str) -> None:
            why.append(sentence)
            stop.set()

        local.spare_the_collector()
        check = partial(migrating.require_current, app.database)
        with heartbeat.beating(app.database, what=queues or "worker", lost=lost, take_over=take_over, check=check):
            typer.echo(f"Sending by {app.settings.provider.value}. Ctrl+C to leave.", err=True)
            _work(app, kinds, concurrency or app.settings.send_concurrency, stop, until_idle=until_idle)
        if why:
            raise Refused(why[0])
        _say_what_waits(app)


@contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """Yield what tells all to leave; what hangs then, a database that went silent, say, is left behind in time."""
    stop, at_last = threading.Event(), threading.Timer(AT_LAST, _go)
    at_last.daemon = True

    def leave(*_: object) -> None:
        if not stop.is_set():
            stop.set()
            at_last.start()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, leave)
    try:
        yield stop
    finally:
        at_last.cancel()


def _go() -> None:
    print("Left without waiting any longer: something does not answer. Nothing is lost by that.", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _kinds(queues: str | None, until_idle: bool) -> "tuple[Kind, ...] | None":
    """Return the kinds of work that --queues names; None without it."""
    if queues is None:
        return None
    from digest.sending.work import Kind

    names = dict.fromkeys(one.strip() for one in queues.split(",") if one.strip())
    unknown = [name for name in names if name not in Kind.__members__]
    if unknown or not names:
        raise BadInput(f"--queues names {', '.join(unknown) or 'nothing'}. Queues: {', '.join(Kind)}.")
    if until_idle:
        raise BadInput("--until-idle does not go with --queues: others may put jobs there at any time.")
    return tuple(Kind(name) for name in names)


def _work(
    app: "App", kinds: "tuple[Kind, ...] | None", concurrency: int, stop: threading.Event, *, until_idle: bool
) -> None:
    say = logging_of(app)
    if kinds is None:
        from digest.engine import local

        local.run(app.means, concurrency=concurrency, until_idle=until_idle, stop=stop, say=say, alarm=app.alarm)
    else:
        from digest.engine import queued

        queued.run(app.means, kinds=kinds, concurrency=concurrency, stop=stop, say=say, alarm=app.alarm)


def _say_what_waits(app: "App") -> None:
    from digest.sending import waiting

    with app.database.reading() as session:
        for sentence in waiting.sentences(session, app.database.now(session), app.means.account, app.limits):
            print(sentence, flush=True)
