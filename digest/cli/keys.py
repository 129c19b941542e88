"""``digest keys``: let other systems hand in articles, read and change issues or send them; and stop them."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.console import Json, answer, opened

if TYPE_CHECKING:
    from digest.api_keys import ApiKey

commands = typer.Typer(help="Keys of other systems, and what each may do.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the system that uses it, such as cms.")]


Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope",
        metavar="intake|read|edit|send",
        help="What it may do; may be repeated: hand in articles and reads; read; change issues; approve and send. "
        "None holds another. Default: intake.",
    ),
]


@commands.command()
def add(name: Name, scope: Scopes = None, as_json: Json = False) -> None:
    """Make a key; it is shown this once."""
    from digest import api_keys

    with opened() as app:
        with app.database.writing() as session:
            key = api_keys.add(session, name, app.clock.now(), scope or api_keys.USUAL)
        base_url = app.settings.base_url
    plain = " ".join(name.split())
    scopes = [one.value for one in api_keys.Scope if one in (scope or api_keys.USUAL)]

    def say() -> None:
        print(f"The key of {plain}, shown this once: keep it where {plain} finds it, and nobody else.")
        print(f"    {key}")
        print(f"It may: {', '.join(scopes)}.")
        print(f"It goes with each request to {base_url}/api{_where(scopes)}, in the header")
        print(f"    Authorization: Bearer {key}")
        print(f"What there is to ask: {base_url}/api/docs")

    answer({"name": plain, "key": key, "scopes": scopes}, as_json, say)


@commands.command("list")
def list_(as_json: Json = False) -> None:
    """List every key that was made, and when it was used last."""
    from digest import api_keys

    with opened() as app, app.database.reading() as session:
        data = [_data(key) for key in api_keys.all_keys(session)]

    def say() -> None:
        for one in data:
            used = f"used {one['used_at'][:16]}" if one["used_at"] else "never used"
            revoked = f", revoked {one['revoked_at'][:16]}" if one["revoked_at"] else ""
            print(f"{one['name']}  {' '.join(one['scopes'])}  made {one['made_at'][:16]}, {used}{revoked}")
        if not data:
            print("No keys yet. `digest keys add NAME` makes one.")

    answer(data, as_json, say)


@commands.command()
def revoke(name: Name, as_json: Json = False) -> None:
    """Let a key open nothing any more, at once and for good."""
    from digest import api_keys

    with opened() as app, app.database.writing() as session:
        data = _data(api_keys.revoke(session, name, app.clock.now()))
    answer(data, as_json, lambda: print(f"The key {data['name']} opens nothing any more."))


def _where(scopes: list[str]) -> str:
    """Return the address of what a key is made for, where it is one."""
    return "/articles and /api/reads" if scopes == ["intake"] else ""


def _data(key: "ApiKey") -> dict[str, Any]:
    return key.model_dump(mode="json", include={"name", "scopes", "made_at", "used_at", "revoked_at"})
