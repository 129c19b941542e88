"""``digest users``: who works at the desk, and as what."""

import secrets
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.console import Json, answer, opened

if TYPE_CHECKING:
    from digest.users import User

commands = typer.Typer(help="Who works at the desk: editors, approvers, operators.", no_args_is_help=True)
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The person's email address.")]
RoleOption = Annotated[str, typer.Option("--role", help="editor, approver (may approve and send), or operator.")]


@commands.command()
def add(address: Address, role: RoleOption = "editor", as_json: Json = False) -> None:
    """Add a person. The password is asked for, unless OPENID_ONLY is set; it may come as a line on standard input."""
    from digest import users

    with opened() as app:
        password = secrets.token_urlsafe(32) if app.settings.openid_only else _password()
        with app.database.writing() as session:
            data = _data(users.add(session, address, role, password, app.clock.now()))
        door = f"{app.settings.base_url}/desk"
    answer(data, as_json, lambda: print(f"{data['address']} may sign in as {data['role']}: {door}"))


@commands.command("list")
def list_(as_json: Json = False) -> None:
    """List who works at the desk."""
    from digest import users

    with opened() as app, app.database.reading() as session:
        data = [_data(one) for one in users.all_users(session)]

    def say() -> None:
        for one in data:
            print(f"{one['address']}  {one['role']}")
        if not data:
            print("Nobody yet. `digest users add ADDRESS --role approver` adds somebody.")

    answer(data, as_json, say)


@commands.command()
def role(address: Address, new: Annotated[str, typer.Argument(metavar="ROLE")], as_json: Json = False) -> None:
    """Give a person another role; it holds at once."""
    from digest import users

    with opened() as app, app.database.writing() as session:
        data = _data(users.set_role(session, address, new))
    answer(data, as_json, lambda: print(f"{data['address']} is {data['role']} now."))


@commands.command()
def password(address: Address, as_json: Json = False) -> None:
    """Give a person another password; they are signed out everywhere."""
    from digest import users

    given = _password()
    with opened() as app, app.database.writing() as session:
        data = _data(users.set_password(session, address, given))
    answer(data, as_json, lambda: print(f"{data['address']} has a new password, and must sign in again."))


@commands.command("second-factor")
def second_factor(
    address: Address,
    off: Annotated[bool, typer.Option("--off", help="Ask for none any more: the telephone is lost.")] = False,
    as_json: Json = False,
) -> None:
    """Say whether a person signs in with a second factor; ``--off`` takes it away. They set it up at the desk."""
    from digest import users

    with opened() as app, app.database.writing() as session:
        user = users.without_second(session, address) if off else users.get(session, address)
        data = _data(user) | {"second_factor": bool(user.second)}
    words = "with" if data["second_factor"] else "without"
    answer(data, as_json, lambda: print(f"{data['address']} signs in {words} a second factor."))


@commands.command()
def openid(
    address: Address,
    off: Annotated[bool, typer.Option("--off", help="Forget it: the next sign-in links them anew.")] = False,
    as_json: Json = False,
) -> None:
    """Say who a person is to the identity provider; ``--off`` forgets it, and signs them out."""
    from digest import users

    with opened() as app, app.database.writing() as session:
        user = users.without_openid(session, address) if off else users.get(session, address)
        data = _data(user) | {"openid": user.openid}
    words = f"is {data['openid']} to the identity provider" if data["openid"] else "was not linked yet"
    answer(data, as_json, lambda: print(f"{data['address']} {words}."))


@commands.command()
def remove(address: Address, as_json: Json = False) -> None:
    """Let a person in no more, at once. What they did stays in the logs."""
    from digest import users

    with opened() as app, app.database.writing() as session:
        data = _data(users.remove(session, address, app.clock.now()))
    answer(data, as_json, lambda: print(f"{data['address']} cannot sign in any more."))


def _password() -> str:
    """Ask for a password, twice; take one line where nobody sits at a keyboard."""
    if sys.stdin.isatty():
        asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    return sys.stdin.readline().rstrip("\r\n")


def _data(user: "User") -> dict[str, Any]:
    return {"address": user.address, "role": str(user.role), "created_at": user.created_at.isoformat()}
