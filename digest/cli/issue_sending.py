"""``digest issues schedule|send|pause|resume|cancel|status|resolve``: sending an issue, and keeping an eye on it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from digest.cli.console import Json, answer, opened, parse_time, progress
from digest.cli.issues import WhichIssue, Who

if TYPE_CHECKING:
    from digest.bootstrap import App

commands = typer.Typer(no_args_is_help=True)

Undo = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=30,
        metavar="MINUTES",
        help="How long it can be called back. Default: UNDO_MINUTES; 0 for the outbox.",
    ),
]
BEGUN = ("freezing", "sending")
IN_FLIGHT = ("scheduled", *BEGUN)
SHOWN_ZONES = 3  # of a wave


@commands.command()
def schedule(
    issue: WhichIssue,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="When it leaves (ISO 8601).")],
    who: Who = "operator",
    undo: Undo = None,
    as_json: Json = False,
) -> None:
    """Let an approved issue leave at a time to come. `digest worker` sends it then."""
    from digest.sending import control

    with opened() as app:
        found = _find(app, issue)
        window = _undo(app, undo)
        starts = control.schedule(app.database, found, parse_time(at), who=who, at=app.clock.now(), undo=window)
        data = _state(app, found) | {"starts": starts.isoformat()}
    answer(data, as_json, lambda: print(f"Issue {data['number']} leaves {starts:%Y-%m-%d %H:%M} UTC."))


@commands.command()
def send(
    issue: WhichIssue,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say who would get what; write and send nothing.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Leave the sending to `digest worker`.")] = False,
    who: Who = "operator",
    undo: Undo = None,
    as_json: Json = False,
) -> None:
    """Send an approved issue: into the outbox here and now, by another provider through `digest worker`."""
    from digest.sending import control

    with opened() as app:
        found = _find(app, issue)
        if dry_run:
            _rehearse(app, found, as_json)
            return
        before = _state(app, found)
        if before["status"] not in BEGUN or before["held"]:  # else it was interrupted, and goes on
            control.send(app.database, found, who=who, at=app.clock.now(), undo=_undo(app, undo))
        here = app.settings.provider == "outbox" and not no_wait
        if here:
            _send_here(app, found)
        data = _state(app, found)
    answer(data, as_json, lambda: _say_state(data, data["waiting"] if here else "`digest worker` sends it."))


@commands.command()
def pause(
    issue: WhichIssue,
    reason: Annotated[str, typer.Option(help="Why; stands in the issue's log.")] = "",
    who: Who = "operator",
    as_json: Json = False,
) -> None:
    """Let no further batch of an issue leave. What is on its way is written down."""
    from digest.sending import control

    with opened() as app:
        found = _find(app, issue)
        control.pause(app.database, found, who=who, at=app.clock.now(), reason=reason)
        data = _state(app, found)
    answer(data, as_json, lambda: _say_state(data))


@commands.command()
def resume(issue: WhichIssue, who: Who = "operator", as_json: Json = False) -> None:
    """Let a paused or held issue go on, once what stopped it is mended."""
    from digest.sending import control

    with opened() as app:
        found = _find(app, issue)
        control.resume(app.database, found, who=who, at=app.clock.now(), account=app.settings.provider.value)
        data = _state(app, found)
    answer(data, as_json, lambda: _say_state(data, "`digest worker` goes on with it."))


@commands.command()
def cancel(issue: WhichIssue, who: Who = "operator", as_json: Json = False) -> None:
    """Send nothing more of an issue, for good. Before it has begun this leaves no trace at any reader."""
    from digest.sending import control

    with opened() as app:
        found = _find(app, issue)
        control.cancel(app.database, found, who=who, at=app.clock.now())
        data = _state(app, found)
    answer(data, as_json, lambda: _say_state(data))


@commands.command()
def status(
    issue: WhichIssue,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again every second until it is done, with rate and forecast.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the ledger of an issue: how many deliveries stand where. The sum is always the frozen audience."""
    with opened() as app:
        if watch:
            from digest.cli import issue_watching

            issue_watching.watch(app, _find(app, issue), as_json=as_json)
            return
        data = _state(app, _find(app, issue))
    answer(data, as_json, lambda: _say_state(data))


@commands.command()
def resolve(
    issue: WhichIssue,
    decision: Annotated[
        str, typer.Argument(metavar="accepted|rejected|again", help="They have it; they do not; send it again.")
    ],
    batch: Annotated[int | None, typer.Option(help="Only this batch, see `digest issues status`.")] = None,
    who: Who = "operator",
    as_json: Json = False,
) -> None:
    """Decide by hand what became of deliveries whose fate is uncertain. `again` may bring a mail twice."""
    from digest.errors import BadInput
    from digest.sending import control

    if decision not in set(control.Resolution):
        raise BadInput(f"{decision!r} is no decision. Write accepted, rejected or again.")
    with opened() as app:
        found, chosen = _find(app, issue), control.Resolution(decision)
        moved = control.resolve(app.database, found, chosen, who=who, at=app.clock.now(), batch=batch)
        data = _state(app, found) | {"resolved": moved}
    answer(data, as_json, lambda: _say_state(data, f"{moved:,} uncertain deliveries were settled: {decision}."))


def _find(app: "App", text: str) -> UUID:
    from digest.issues import finding

    with app.database.reading() as session:
        return finding.issue(session, text).id


def _undo(app: "App", minutes: float | None) -> timedelta:
    """Return the undo window: what was asked for; none for the outbox, whose mail does not leave this machine."""
    if minutes is None:
        minutes = 0.0 if app.settings.provider == "outbox" else app.settings.undo_minutes
    return timedelta(minutes=minutes)


def _send_here(app: "App", issue_id: UUID) -> None:
    from digest.engine import local
    from digest.issues.drafting import find
    from digest.sending import rehearsing

    with app.database.reading() as session:
        shares = rehearsing.who_would_get(session, find(session, issue_id), app.clock.now())
    with progress("Sending", sum(one.readers for one in shares)) as advance:
        local.drain(app.means, issue_id, concurrency=app.settings.send_concurrency, on_progress=advance)


def _rehearse(app: "App", issue_id: UUID, as_json: bool) -> None:
    from digest.issues.drafting import find
    from digest.sending import rehearsing, starting

    at = app.clock.now()
    with app.database.reading() as session:
        issue = find(session, issue_id)
        number, shares = issue.number, rehearsing.who_would_get(session, issue, at)
        ahead = [one.to_json() for one in rehearsing.waves_of(session, issue, at)]
        instead = rehearsing.instead_of(session, issue, at)
    reasons = starting.reasons_to_hold(app.database, issue_id, at)
    data: dict[str, Any] = {
        "issue": str(issue_id),
        "number": number,
        "readers": sum(one.readers for one in shares),
        "editions": [
            {"edition": one.edition_number, "lists": list(one.lists), "readers": one.readers, "subject": one.subject}
            for one in shares
        ],
        "instead": instead,
        "waves": ahead,
        "held": reasons,
    }
    answer(data, as_json, lambda: _say_rehearsal(data))


def _say_rehearsal(data: dict[str, Any]) -> None:
    print(f"Issue {data['number']} would go to {data['readers']:,} readers. Nothing was written.")
    for one in data["editions"]:
        name = f"edition {one['edition']}" if one["edition"] else "made at the freeze, if anything is new"
        print(f"{one['readers']:>9,}  {' + '.join(one['lists'])}: {name}  {one['subject']}".rstrip())
    _say_instead(data["instead"])
    _say_waves(data["waves"])
    for reason in data["held"]:
        print(f"It would be held: {reason}")


def _say_instead(instead: dict[str, int]) -> None:
    for weekly, readers in instead.items():
        print(f"{readers:>11,}  get {weekly} instead, this day; they are not in the audience")


def _say_waves(waves: list[dict[str, Any]]) -> None:
    for one in waves:
        zones = [f"{zone or 'no zone'} {count:,}" for zone, count in one["zones"].items()]
        more = " …" if len(zones) > SHOWN_ZONES else ""
        print(
            f"{one['readers']:>11,}  at {one['at'][:16].replace('T', ' ')} UTC: {', '.join(zones[:SHOWN_ZONES])}{more}"
        )


def _state(app: "App", issue_id: UUID) -> dict[str, Any]:
    """Return where an issue and its ledger stand, as data."""
    from digest.editors.standing import standing
    from digest.issues.drafting import find

    with app.database.reading() as session:
        return standing(app.database, session, find(session, issue_id), app.settings.provider.value, app.limits)


def _say_state(data: dict[str, Any], then: str | None = None) -> None:
    from digest.issues import lifecycle

    print(f"Issue {data['number']} is {lifecycle.in_words(data['status'])}.")
    if data["held"]:
        print(f"HELD: {data['held']}")
    if then and data["status"] in (*IN_FLIGHT, "sent"):
        print(then)
    for state, count in data["deliveries"].items():
        if count:
            print(f"{count:>11,}  {state}")
    if data["audience"] is not None:
        print(f"{data['sum']:>11,}  in all, of an audience of {data['audience']:,}")
    _say_instead(data["instead"])
    _say_waves(data["waves"])
    for one in data["warm_up"]:
        most = "the warm-up is over" if one["allows"] is None else f"{one['allows']:,} are allowed"
        at = one["at"][:16].replace("T", " ")
        print(f"{one['readers']:>11,}  at {at} UTC: warm-up day {one['day']}, {most}")
    _say_trouble(data)


def _say_trouble(data: dict[str, Any]) -> None:
    if not data["whole"]:
        print("THE SUM IS NOT THE AUDIENCE. This must never be: stop all workers and look at the ledger.")
    for batch in data["uncertain_batches"]:
        print(f"Batch {batch['batch']}: {batch['deliveries']:,} uncertain: {batch['error']}")
    if data["uncertain_batches"]:
        print(f"Settle them by hand: digest issues resolve {data['number']} accepted|rejected|again [--batch N]")
