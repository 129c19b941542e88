"""``digest subscribers``: look after the people who get mail."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli import reader_files
from digest.cli.console import Json, answer, opened
from digest.errors import NotFound

if TYPE_CHECKING:
    from subscribers import PersonData

commands = typer.Typer(help="The readers: import, export, show, erase, suppress.", no_args_is_help=True)
commands.registered_commands += reader_files.commands.registered_commands

Address = Annotated[str, typer.Argument(help="The email address.")]


@commands.command()
def show(address: Address, as_json: Json = False) -> None:
    """Show everything that is kept about one person, their own clicks too, where they agreed to those."""
    import subscribers
    from digest.events import own_clicks

    with opened() as app, app.database.reading() as session:
        person = subscribers.find(session, app.keys, address)
        clicks = own_clicks.of_person(session, person.ref) if person else []
    if person is None:
        raise NotFound(f"Nobody is known by the address {address}.")
    answer(person.model_dump(mode="json") | {"clicks": clicks}, as_json, lambda: _say_person(person, clicks))


@commands.command()
def erase(
    address: Address,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Forget a person for good; what keeps mail from their address stays, as a hash."""
    import subscribers

    if not yes:
        typer.confirm(f"Erase {address} for good?", abort=True, err=True)
    with opened() as app, app.database.writing() as session:
        subscribers.erase(session, app.keys, address, app.clock.now())
    answer({"erased": True}, as_json, lambda: print("Erased. The address will not be mailed again."))


@commands.command()
def unsuppress(address: Address, as_json: Json = False) -> None:
    """Allow mail to an address again; refused after a complaint."""
    import subscribers

    with opened() as app, app.database.writing() as session:
        lifted = subscribers.unsuppress(session, app.keys, address)
    words = "Mail may go there again." if lifted else "The address was not suppressed."
    answer({"lifted": lifted}, as_json, lambda: print(words))


def _say_person(person: "PersonData", clicks: list[dict[str, Any]]) -> None:
    ways = ", ".join(filter(None, (person.language, person.zone)))
    print(f"{person.address}  {person.name}  ({ways}), known since {person.created_at:%Y-%m-%d}")
    if person.suppressed:
        print(f"Suppressed: {person.suppressed}. No mail goes there.")
    for one in person.lists:
        print(f"  {one.list_id:24} {one.state:12} since {one.changed_at:%Y-%m-%d %H:%M}")
    for said in person.consents:
        print(f"  {said.at:%Y-%m-%d %H:%M}  {said.action:10} {said.list_id:24} {said.source}  {said.wording}")
    for click in clicks:
        where = f"issue {click['issue']}, place {click['place']}"
        print(f"  {click['at']}  clicked    {where}  {click['state']:8} {click['url']}")
