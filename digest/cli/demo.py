"""``digest demo``: the whole way on a made-up newsroom, in a folder of its own."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.console import Json, answer, progress
from digest.errors import Refused

if TYPE_CHECKING:
    from socket import socket

    from digest.bootstrap import App
    from digest.sample.demo import Shown

MARK = ".digest-demo"


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo lives.")] = Path("demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw the old demo away, and start over.")] = False,
    serve: Annotated[
        bool, typer.Option("--serve", help="Then open the desk, and answer the links in the mails, until stopped.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="With --serve: where; 0 takes a free one.")] = 8000,
    as_json: Json = False,
) -> None:
    """Import, rank, compose, check, approve and send a made-up newsroom's week; a second run sends nothing."""
    from digest import bootstrap
    from digest.sample import demo as sample

    _prepare(folder, fresh)
    on = _listening(port) if serve else None
    given: dict[str, Any] = {"base_url": f"http://127.0.0.1:{on.getsockname()[1]}"} if on else {}
    with bootstrap.opened(folder, **given) as app:
        shown = sample.run(app, (lambda _: None) if as_json else print, progress)
        mails = list(sample.mails(app))
        data = [_as_data(one, app, mails) for one in shown]
        answer(data, as_json, lambda: _say(shown, mails, app))
        if on is not None:
            _serve(app, on)


def _listening(port: int) -> "socket":
    """Return the socket to serve on, before anything else is done: a port that is taken is said at once."""
    from digest.web.serving import listen

    return listen("127.0.0.1", port)


def _serve(app: "App", on: "socket") -> None:
    """Say how one gets into the desk, and serve until stopped. Only this machine can reach it."""
    from digest.sample import desk
    from digest.web.app import create
    from digest.web.serving import run

    made = desk.set_up(app)
    hour = f"{made.issue.send_at:%A %d %B, %H:%M} UTC" if made.issue.send_at else "no hour yet"
    typer.echo(
        f"\nThe desk:    {made.url}\n"
        f"  Address:   {made.address}\n"
        f"  Password:  {made.password}   (for this run; the next one has another)\n"
        f"  To play:   issue {made.issue.number}, a draft in review for {hour}: {made.issue_url}\n\n"
        f"Serving on {app.settings.base_url} (Ctrl-C stops).",
        err=True,
    )
    run(create(app), on)


def _prepare(folder: Path, fresh: bool) -> None:
    """Make the folder with settings and keys of its own; never throws away what is not a demo."""
    from digest.cli.init import write_settings
    from digest.settings import FILE_NAME

    ours = (folder / MARK).exists()
    if folder.exists() and not ours and any(folder.iterdir()):
        raise Refused(f"{folder} is not empty and not a demo. Name another folder: digest demo --folder NAME")
    if fresh and ours:
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")  # a demo is never part of a repository
    if not (folder / FILE_NAME).exists():
        write_settings(folder / FILE_NAME, {"sender_address": "digest@meridian.example"})


def _as_data(one: "Shown", app: "App", mails: list[Path]) -> dict[str, Any]:
    return {
        "issue": str(one.issue.id),
        "publication": one.issue.publication_id,
        "status": str(one.issue.status),
        "ledger": one.counts,
        "audience": one.issue.audience_size,
        "editions": one.editions,
        "preview": str(one.page),
        "html": str(one.html),
        "text": str(one.text),
        "outbox": str(app.settings.outbox_dir),
        "mails": len(mails),
    }


def _say(shown: list["Shown"], mails: list[Path], app: "App") -> None:
    for one in shown:
        print(f"\n{one.plan.publication['name']}: {one.plan.subject}")
        _say_stories("Lead", [one.plan.lead] if one.plan.lead else [])
        for section in one.plan.sections:
            _say_stories(section.heading, [*section.stories, *section.briefs])
        _say_stories("Popular", one.plan.popular)
        states = ", ".join(f"{count:,} {state}" for state, count in one.counts.items() if count)
        print(f"  Ledger: {states}; audience {one.issue.audience_size or 0:,}. {one.editions} editions.")
        print(f"  Look:   {one.page}")
        print(f"  HTML:   {one.html}")
        print(f"  Text:   {one.text}")
    if mails:
        print(f"\n{len(mails):,} mails in {app.settings.outbox_dir}, the first: {mails[0]}")


def _say_stories(heading: str, stories: Iterable[Any]) -> None:
    for number, story in enumerate(stories):
        if not number:
            print(f"  {heading}")
        print(f"    {story.points.total - story.penalty:6.2f}  {story.headline}")
