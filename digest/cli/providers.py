"""``digest providers``: the email APIs there are, what each can do, and which accounts are set up."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.console import Json, answer, counted, opened

if TYPE_CHECKING:
    from digest.bootstrap import App
    from digest.sending.provider import Features

commands = typer.Typer(help="The email APIs, what each can do, and the accounts that are set up.")

HEADS = ("provider", "readers a call", "bytes a call", "merges", "keeps keys", "partial failure", "webhook proof")
FOR_EVER = timedelta(days=3_650)  # longer than this no key is ever forgotten


@commands.callback(invoke_without_command=True)
def providers(
    context: typer.Context,
    *,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table of the README, and no accounts.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List what every provider can do, then the accounts of the settings and what is sent by each."""
    from digest.providers.registry import FEATURES

    if context.invoked_subcommand:
        return
    features = [FEATURES[name] for name in sorted(FEATURES)]
    if markdown:
        print(_markdown([_cells(one) for one in features]))
        return
    with opened() as app:
        accounts = _accounts(app)
    data = {"providers": [_plain(one) for one in features], "accounts": accounts}
    answer(data, as_json, lambda: _say([_cells(one) for one in features], accounts))


@commands.command()
def check(as_json: Json = False) -> None:
    """Say of each account whether it can send, and take webhooks, as the settings are; nothing is called."""
    with opened() as app:
        found = [_checked(app, name) for name in app.settings.account_names]

    def say() -> None:
        for one in found:
            print(f"Account {one['name']} ({one['provider']}): {one['says']}")

    answer(found, as_json, say)
    if any(one["trouble"] for one in found):
        raise typer.Exit(1)


def _checked(app: "App", name: str) -> dict[str, Any]:
    from digest.errors import DigestError
    from digest.providers import registry

    provider = app.settings.account(name).provider
    try:
        app.provider_of(name)
        told = registry.webhook(app.settings, name) is not None
    except DigestError as error:
        return {"name": name, "provider": provider.value, "trouble": str(error), "says": f"WRONG: {error}"}
    heard = (
        "it can send, and take webhooks." if told else "it can send; it takes no webhooks, no secret for them is set."
    )
    return {"name": name, "provider": provider.value, "trouble": "", "says": heard}


def _plain(features: "Features") -> dict[str, Any]:
    window = features.idempotency
    return {
        "name": features.name,
        "max_recipients": features.max_recipients,
        "max_bytes": features.max_bytes,
        "merges": features.merges,
        "idempotency_seconds": int(window.total_seconds()) if window else None,
        "per_recipient": features.per_recipient,
        "proof": features.proof,
        "pulls": features.pulls,
    }


def _cells(features: "Features") -> tuple[str, ...]:
    """Return a line of the table, as HEADS names it."""
    return (
        features.name,
        f"{features.max_recipients:,}",
        f"{features.max_bytes / 1_000_000:,g} MB",
        "yes" if features.merges else "no",
        _window(features.idempotency),
        "told for each reader" if features.per_recipient else "all or nothing",
        (features.proof or "no webhooks") + (", can be asked" if features.pulls else ""),
    )


def _window(window: timedelta | None) -> str:
    if window is None:
        return "no"
    if window > FOR_EVER:
        return "for ever"
    hours = window / timedelta(hours=1)
    return f"{hours:g} h" if hours >= 1 else f"{window / timedelta(minutes=1):g} min"


def _markdown(rows: list[tuple[str, ...]]) -> str:
    lines = [HEADS, ("---",) * len(HEADS), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _accounts(app: "App") -> list[dict[str, Any]]:
    """Return each account with what is sent by it; those that are named but not set up come last."""
    from digest.issues import publications, sending_accounts

    default = app.settings.provider.value
    used: dict[str, dict[str, list[str]]] = {name: {} for name in app.settings.account_names}
    with app.database.reading() as session:
        for publication in publications.all_publications(session):
            for account, lists in sending_accounts.named_by(publication).items():
                named = used.setdefault(account or default, {})
                named[publication.id] = sorted({*named.get(publication.id, []), *lists})
    return [_account(app, name, publications_) | _limits(app, name) for name, publications_ in used.items()]


def _limits(app: "App", name: str) -> dict[str, Any]:
    """Return what an account may send today, and how much of that is sent."""
    from digest.sending import pacing

    limits = app.limits.get(name)
    if limits is None:
        return {"per_hour": None, "per_day": None, "warm_up": None, "used_today": None, "allowed": ""}
    with app.database.reading() as session:
        now = app.database.now(session)
        day, used = pacing.day_of(now), pacing.used_today(session, name, now)
    plan = limits.warm_up
    warm_up = {"day": plan.number(day), "allows": plan.allows(day)} if plan else None
    return {
        "per_hour": limits.per_hour,
        "per_day": limits.per_day,
        "warm_up": warm_up,
        "used_today": used,
        "allowed": limits.in_words(day) or "the warm-up is over",
    }


def _account(app: "App", name: str, used: dict[str, list[str]]) -> dict[str, Any]:
    known = name in app.settings.account_names
    account = app.settings.account(name) if known else None
    return {
        "name": name,
        "provider": account.provider.value if account else None,
        "default": name == app.settings.provider.value,
        "rate": (account.rate or app.settings.send_rate) if account else None,
        "publications": [
            {"id": publication, "lists": [one for one in lists if one], "whole": "" in lists}
            for publication, lists in sorted(used.items())
        ],
    }


def _say(rows: list[tuple[str, ...]], accounts: list[dict[str, Any]]) -> None:
    widths = [max(len(line[column]) for line in [HEADS, *rows]) for column in range(len(HEADS))]
    for line in [HEADS, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    print()
    for one in accounts:
        print(f"Account {one['name']}{_of(one)}: {_uses(one['publications'])}.")
        if one["allowed"]:
            print(f"  Limits: {one['allowed']}; {one['used_today']:,} sent today (UTC) so far.")


def _of(account: dict[str, Any]) -> str:
    if account["provider"] is None:
        return " is NOT IN THE SETTINGS"
    which = "the default one, " if account["default"] else ""
    return f" ({which}with {account['provider']}, {account['rate']:g} calls a second)"


def _uses(publications: list[dict[str, Any]]) -> str:
    said = []
    for one in publications:
        lists = f"{counted(len(one['lists']), 'list')} of it: {', '.join(one['lists'])}" if one["lists"] else ""
        said.append(
            " and ".join(
                part for part in (one["id"] if one["whole"] else "", lists and f"{one['id']}, {lists}") if part
            )
        )
    return "sends " + "; ".join(said) if said else "nothing is sent by it"
