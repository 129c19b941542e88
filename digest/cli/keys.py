"""``digest keys``: let other systems hand in articles and reads, and stop them."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.console import Json, answer, opened

if TYPE_CHECKING:
    from digest.api_keys import ApiKey

commands = typer.Typer(help="Keys by which other systems hand in articles and reads.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="NAME", help="Of the system that uses it, such as cms.")]


@commands.command()
def add(name: Name, as_json: Json = False) -> None:
    """Make a key; it is shown this once."""
    from digest import api_keys

    with opened() as app:
        with app.database.writing() as session:
            key = api_keys.add(session, name, app.clock.now())
        base_url = app.settings.base_url
    plain = " ".join(name.split())

    def say() -> None:
        print(f"The key of {plain}, shown this once: keep it where {plain} finds it, and nobody else.")
        print(f"    {key}")
        print(f"It goes with each request to {base_url}/api/articles and {base_url}/api/reads, in the header")
        print(f"    Authorization: Bearer {key}")

    answer({"name": plain, "key": key}, as_json, say)


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
            print(f"{one['name']}  made {one['made_at'][:16]}, {used}{revoked}")
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


def _data(key: "ApiKey") -> dict[str, Any]:
    return key.model_dump(mode="json", include={"name", "made_at", "used_at", "revoked_at"})
