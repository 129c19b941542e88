"""``digest events``: what providers told us after the sending, and what came of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.console import Json, answer, opened, parse_time

if TYPE_CHECKING:
    from digest.events.intake import Received

commands = typer.Typer(help="What providers told us after the sending.", no_args_is_help=True)

Of = Annotated[str, typer.Option("--account", metavar="ACCOUNT", help="Of which account; default: PROVIDER's.")]


@commands.command("list")
def list_(
    *,
    state: Annotated[str, typer.Option(help="Only those new, waiting, applied, without_effect or unknown.")] = "",
    unknown: Annotated[bool, typer.Option("--unknown", help="Short for --state unknown: no word of ours.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """List the newest events, and count how many stand where."""
    from sqlalchemy import select

    from digest.errors import BadInput
    from digest.events import intake
    from digest.events.models import EventState

    state = "unknown" if unknown else state
    if state and state not in EventState.__members__:
        raise BadInput(f"{state!r} is no state of an event. States: {', '.join(EventState)}.")
    event = intake.EVENT.c
    columns = (event.account, event.event_id, event.kind, event.state, event.occurred_at, event.received_at, event.note)
    query = select(*columns, event.fields).order_by(event.id.desc()).limit(limit)
    with opened() as app:
        counts = intake.counts(app.database)
        with app.database.reading() as session:
            rows = session.execute(query.where(event.state == state) if state else query).mappings().all()
    data: dict[str, Any] = {"counts": counts, "events": [_plain(dict(row)) for row in rows]}

    def say() -> None:
        print(", ".join(f"{count:,} {name}" for name, count in counts.items()))
        for one in data["events"]:
            about = one["fields"].get("delivery") or one["fields"].get("address") or "no delivery"
            note = f" ({one['note']})" if one["note"] else ""
            print(f"{one['occurred_at'][:19]}  {one['account']}  {one['kind']:12} {about}  {one['state']}{note}")

    answer(data, as_json, say)


@commands.command()
def pull(
    *,
    account: Of = "",
    since: Annotated[str, typer.Option(metavar="TIME", help="From when on (ISO 8601); default: a day ago.")] = "",
    as_json: Json = False,
) -> None:
    """Ask a provider for its events, as if it had told them: where its webhooks were not heard."""
    from datetime import timedelta

    from digest.events import intake
    from digest.providers import registry

    with opened() as app:
        now = app.clock.now()
        start = parse_time(since) if since else now - timedelta(days=1)
        name = account or app.settings.provider.value
        done = intake.store(app.database, name, registry.puller(app.settings, name).pull(start, now), now)
    _say(name, done, as_json=as_json)


@commands.command("import")
def import_(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A Maildir (a folder) or an mbox (a file).")],
    *,
    account: Of = "",
    as_json: Json = False,
) -> None:
    """Read the mails that came back (delivery reports, complaints) from a mailbox, as if the provider had told them.

    Safe to repeat: what was read before is known.
    """
    from digest.errors import BadInput
    from digest.events import intake
    from digest.providers import registry

    if not path.exists():
        raise BadInput(f"{path} is not there. Give the path of a Maildir (a folder) or an mbox (a file).")
    with opened() as app:
        name = account or app.settings.provider.value
        done = intake.store(app.database, name, registry.mailbox(app.settings, name, path), app.clock.now())
    _say(name, done, as_json=as_json)


def _say(account: str, done: "Received", *, as_json: bool) -> None:
    data = {"account": account, "stored": done.stored, "known": done.known, "unknown": done.unknown}
    strange = f", {done.unknown:,} are of a kind that we have no word for" if done.unknown else ""
    answer(data, as_json, lambda: print(f"{done.stored:,} events are new, {done.known:,} were known{strange}."))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: row[name].isoformat() for name in ("occurred_at", "received_at")}
    return row | times
