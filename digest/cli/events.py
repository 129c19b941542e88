"""``digest events``: what providers told us after the sending, and what came of it."""

from typing import Annotated, Any

import typer

from digest.cli.console import Json, answer, opened, parse_time

commands = typer.Typer(help="What providers told us after the sending.", no_args_is_help=True)


@commands.command("list")
def list_(
    *,
    state: Annotated[str, typer.Option(help="Only those new, waiting, applied, without_effect or unknown.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 20,
    as_json: Json = False,
) -> None:
    """List the newest events, and count how many stand where."""
    from sqlalchemy import select

    from digest.errors import BadInput
    from digest.events import intake
    from digest.events.models import EventState

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
    account: Annotated[str, typer.Argument(metavar="[ACCOUNT]", help="Of which account; default: PROVIDER's.")] = "",
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
    data = {"account": name, "stored": done.stored, "known": done.known}
    answer(data, as_json, lambda: print(f"{done.stored:,} events are new, {done.known:,} were known."))


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: row[name].isoformat() for name in ("occurred_at", "received_at")}
    return row | times
