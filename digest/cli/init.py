"""``digest init``: ask the few things a newsroom must say, make keys, publication and lists, name the next command."""

import re
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.errors import BadInput, Refused

if TYPE_CHECKING:
    from digest.bootstrap import App

KEY_BYTES = 36


def init(
    name: Annotated[str | None, typer.Option(help="Name of the newsletter.")] = None,
    sender: Annotated[str | None, typer.Option(help="Sender address (From).")] = None,
    postal_address: Annotated[str | None, typer.Option(help="Postal address; the law wants one in every mail.")] = None,
    zone: Annotated[str | None, typer.Option(help="Time zone, as in Europe/Brussels.")] = None,
    language: Annotated[str | None, typer.Option(help="Language, two letters.")] = None,
    preset: Annotated[str | None, typer.Option(help="Regions to start from.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Public address of this installation.")] = None,
    regions: Annotated[list[str] | None, typer.Option("--list", help="A region to make a list for; repeat it.")] = None,
) -> None:
    """Set up a new installation in this folder: settings, keys, database, regions, one publication, its lists.

    Asks for what the options do not say.
    """
    from digest import bootstrap, migrating
    from digest.settings import FILE_NAME

    if Path(FILE_NAME).exists():
        raise Refused(f"{FILE_NAME} is here already, so this folder is set up. Remove it to start over.")
    first = {
        "name": _ask(name, "--name", "Name of the newsletter"),
        "sender_address": _ask(sender, "--sender", "Sender address (From)"),
        "postal_address": _ask(postal_address, "--postal-address", "Postal address (the law wants one in every mail)"),
        "zone": _ask(zone, "--zone", "Time zone", "Europe/Brussels"),
        "language": _ask(language, "--language", "Language (two letters)", "en"),
    }
    start = _ask(preset, "--preset", "Regions to start from (a preset)", "starter")
    public = _ask(base_url, "--base-url", "Public address of this installation", "http://127.0.0.1:8000")
    settings = {"base_url": public, "sender_address": first["sender_address"]}
    write_settings(Path(FILE_NAME), settings | {"postal_address": first["postal_address"]})
    try:
        with bootstrap.opened() as app:
            migrating.upgrade(app.database)
            made = _first_publication(app, first, start, regions or [])
    except Exception:
        Path(FILE_NAME).unlink()  # nothing half-made stays; the next try asks again
        raise
    print(f"{FILE_NAME} holds your settings and keys: keep it secret, and back it up.")
    print(f"Publication {made['publication']}, with lists {', '.join(made['lists'])}.")
    if made["first"]:
        print(f"First cut-off: {made['first']['cutoff_local']}; it sends {made['first']['send_local']}.")
    print("Next: digest feeds add YOUR-FEED-URL --region REGION")


def _ask(given: str | None, option: str, question: str, default: str | None = None) -> str:
    """Return what an option said, else the answer to a question, else (nobody is there to answer) the default."""
    if given is not None:
        return given
    try:
        return str(typer.prompt(question, default=default))
    except typer.Abort:
        if sys.stdin.isatty():  # a person pressed Ctrl-C
            raise
        if default is None:
            raise BadInput(f"Nobody is there to answer {question!r}. Say {option}.") from None
        return default


def write_settings(file: Path, values: dict[str, str]) -> None:
    """Write a new settings file with fresh keys, readable by its owner only."""
    keys = {name: secrets.token_urlsafe(KEY_BYTES) for name in ("secret_key", "address_key")}
    lines = [f"{name} = {_toml(value)}" for name, value in (keys | values).items()]
    text = "# Settings of digest-mailer. Each can be overridden by DIGEST_<NAME> in the environment.\n"
    file.touch(mode=0o600)
    file.write_text(text + "\n".join(lines) + "\n", encoding="utf-8")


def _toml(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _first_publication(app: "App", first: dict[str, str], preset: str, chosen: list[str]) -> dict[str, Any]:
    from digest import regions
    from digest.issues import publications
    from digest.schedule import next_runs
    from subscribers import ListData, add_list

    slug = re.sub(r"[^a-z0-9]+", "-", first["name"].lower()).strip("-") or "digest"
    with app.database.writing() as session:
        publication = publications.add(session, publications.checked(id=slug, **first))
        added = regions.apply_preset(session, preset)
        parents = {region.parent_id for region in added}
        for region_id in chosen:
            regions.get_region(session, region_id)
        listed = [region for region in regions.all_regions(session) if _has_list(region.id, chosen, parents)]
        for position, region in enumerate(listed):
            name = region.name(first["language"])
            data = {"family": publication.id, "topic": region.id, "language": first["language"], "position": position}
            add_list(session, ListData(id=f"{slug}-{region.id}", name=name, **data))
        first_run = [run.as_row() for run in next_runs(publication, app.clock.now(), 1)]
    return {
        "publication": slug,
        "lists": [f"{slug}-{region.id}" for region in listed],
        "first": first_run[0] if first_run else None,
    }


def _has_list(region: str, chosen: list[str], parents: set[str | None]) -> bool:
    """Without a choice, the regions at the ends of the tree get a list each."""
    return region in chosen if chosen else region not in parents
