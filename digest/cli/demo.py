"""``digest demo``: the whole way on a made-up newsroom, in a folder of its own."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.console import Json, answer, progress
from digest.errors import Refused

if TYPE_CHECKING:
    from digest.bootstrap import App
    from digest.sample.demo import Shown

MARK = ".digest-demo"


def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo lives.")] = Path("demo"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Throw the old demo away, and start over.")] = False,
    serve: Annotated[bool, typer.Option("--serve", help="Then answer the links in the mails, until stopped.")] = False,
    as_json: Json = False,
) -> None:
    """Import, rank, compose, check, approve and send a made-up newsroom's week; a second run sends nothing."""
    from digest import bootstrap
    from digest.sample import demo as sample

    _prepare(folder, fresh)
    with bootstrap.opened(folder) as app:
        shown = sample.run(app, (lambda _: None) if as_json else print, progress)
        mails = list(sample.mails(app))
        data = [_as_data(one, app, mails) for one in shown]
        answer(data, as_json, lambda: _say(shown, mails, app))
    if serve:
        from digest.cli.serve import serve as answer_readers

        os.chdir(folder)
        answer_readers()


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
