"""``digest publications``: the recurring newsletters."""

from typing import Annotated, Any

import typer

from digest.cli.article_places import SOMEBODY, Who
from digest.cli.console import Json, answer, opened
from digest.errors import BadInput

commands = typer.Typer(help="The recurring newsletters: name, sender, cadence, schedule.", no_args_is_help=True)

ListAccount = Annotated[
    list[str] | None,
    typer.Option(metavar="LIST=ACCOUNT", help="A list that is sent by an account of its own; may be repeated."),
]
Tester = Annotated[
    list[str] | None, typer.Option(metavar="ADDRESS", help="Who may get tests of an issue; may be repeated, up to 10.")
]
Identifier = Annotated[str, typer.Argument(metavar="ID", help="A slug: weekly, morning-brief.")]


@commands.command()
def add(
    id: Identifier,  # noqa: A002 - it is the publication's id
    *,
    name: Annotated[str, typer.Option(help="What readers know it as.")],
    sender_address: Annotated[str, typer.Option(help="The From address. Default: DIGEST_SENDER_ADDRESS.")] = "",
    sender_name: Annotated[str, typer.Option(help="The From name. Default: the name.")] = "",
    postal_address: Annotated[str, typer.Option(help="The law asks for one. Default: DIGEST_POSTAL_ADDRESS.")] = "",
    reply_to: Annotated[str, typer.Option(help="Where answers go.")] = "",
    language: Annotated[str, typer.Option(help="Of its own words: en, ar, ru.")] = "en",
    cadence: Annotated[str, typer.Option(help="weekly or daily.")] = "weekly",
    zone: Annotated[str, typer.Option(help="IANA time zone: Europe/Brussels.")] = "UTC",
    cutoff: Annotated[str, typer.Option(help="Cron line of the cut-off, wall time in the zone.")] = "0 6 * * 1",
    send: Annotated[str, typer.Option(help="Cron line of the sending.")] = "0 8 * * 1",
    every: Annotated[int, typer.Option(help="2: every second week (or day), counted from --starts-on.")] = 1,
    starts_on: Annotated[str, typer.Option(help="Date of the first sending, or before it: 2026-11-30.")] = "",
    skip_date: Annotated[list[str] | None, typer.Option(help="A date without a sending; may be repeated.")] = None,
    review: Annotated[str, typer.Option(help="Cron line of the end of the review. Default: the sending.")] = "",
    remind_minutes: Annotated[int, typer.Option(help="Remind editors so long before the review ends.")] = 60,
    reader_zones: Annotated[
        bool, typer.Option("--reader-zones/--one-zone", help="Send at the wall time of each reader's own zone.")
    ] = False,
    companion: Annotated[str, typer.Option(help="The daily that its readers do not get on its day.")] = "",
    repeats_daily: Annotated[
        bool, typer.Option("--repeats-daily/--no-repeats", help="The companion's stories may stand here again.")
    ] = False,
    website: Annotated[str, typer.Option(help="The newsroom's site.")] = "",
    logo_url: Annotated[str, typer.Option(help="Logo on a light ground.")] = "",
    logo_dark_url: Annotated[str, typer.Option(help="Its twin on a dark ground.")] = "",
    editor_name: Annotated[str, typer.Option(help="Who signs the note.")] = "",
    editor_role: Annotated[str, typer.Option(help="What they are.")] = "",
    editor: Annotated[list[str] | None, typer.Option(help="Address that gets the draft; may be repeated.")] = None,
    stories: Annotated[int, typer.Option(help="Full stories a section.")] = 4,
    briefs: Annotated[int, typer.Option(help="Brief ones a section.")] = 3,
    minimum_stories: Annotated[int, typer.Option(help="Fewer than this is thin.")] = 1,
    empty: Annotated[
        str, typer.Option(help="A thin issue: skip, send, hold, or borrow (from the parent region).")
    ] = "skip",
    unapproved: Annotated[str, typer.Option(help="Unapproved at its time: hold, or send if all is green.")] = "hold",
    house_byline: Annotated[list[str] | None, typer.Option(help="A byline that is no author; may be repeated.")] = None,
    account: Annotated[str, typer.Option(help="The provider account it is sent by. Default: that of PROVIDER.")] = "",
    list_account: ListAccount = None,
    tester: Tester = None,
    four_eyes: Annotated[
        bool, typer.Option("--four-eyes/--two-eyes", help="Who changed an issue last does not approve it.")
    ] = False,
    test_required: Annotated[
        bool, typer.Option("--test-required/--no-test", help="No approval before a test of that very content.")
    ] = False,
    clicks: Annotated[
        str, typer.Option(help="Counted clicks: off, anonymous, or personal (of readers who agreed).")
    ] = "anonymous",
    as_json: Json = False,
) -> None:
    """Add a publication."""
    from digest.issues import publications, sending_accounts

    given = {
        "id": id, "name": name, "sender_name": sender_name, "reply_to": reply_to, "language": language,
        "cadence": cadence, "every": every, "starts_on": starts_on, "skip_dates": skip_date or [], "zone": zone,
        "cutoff": cutoff, "review": review, "remind_minutes": remind_minutes, "send": send,
        "reader_zones": reader_zones, "companion": companion, "repeats_daily": repeats_daily,
        "website": website, "logo_url": logo_url, "logo_dark_url": logo_dark_url,
        "editor_name": editor_name, "editor_role": editor_role,
        "editors": editor or [], "section_stories": stories, "section_briefs": briefs,
        "minimum_stories": minimum_stories, "empty": empty, "unapproved": unapproved,
        "house_bylines": house_byline or [], "clicks": clicks,
        "account": account, "list_accounts": sending_accounts.pairs(list_account or []),
        "testers": tester or [], "four_eyes": four_eyes, "test_required": test_required,
    }  # fmt: skip
    with opened() as app:
        data = publications.checked(
            **given,
            sender_address=sender_address or app.settings.sender_address,
            postal_address=postal_address or app.settings.postal_address,
        )
        sending_accounts.check_known([data.account, *data.list_accounts.values()], app.settings.account_names)
        with app.database.writing() as session:
            added = publications.add(session, data).model_dump(mode="json")
    answer(
        added, as_json, lambda: print(f"Added publication {data.id}. Next: digest lists add ID --publication {data.id}")
    )


@commands.command("list")
def list_(as_json: Json = False) -> None:
    """List all publications."""
    from digest.issues import publications

    with opened() as app, app.database.reading() as session:
        found = [one.model_dump(mode="json") for one in publications.all_publications(session)]

    def say() -> None:
        for one in found:
            cadence = one["cadence"] + (f" (every {one['every']})" if one["every"] > 1 else "")
            print(f"{one['id']}\t{one['name']}\t{cadence}\t{one['send']} {one['zone']}")
        if not found:
            print("There is no publication yet. Add one: digest publications add ID --name NAME")

    answer(found, as_json, say)


@commands.command()
def show(
    id: Identifier,  # noqa: A002 - it is the publication's id
    as_json: Json = False,
) -> None:
    """Show one publication."""
    from digest.issues import publications

    with opened() as app, app.database.reading() as session:
        found: dict[str, Any] = publications.get(session, id).model_dump(mode="json")

    def say() -> None:
        for field in publications.PublicationData.model_fields:  # a stored row has no order of its own
            print(f"{field}: {found[field]}")

    answer(found, as_json, say)


@commands.command()
def edit(
    id: Identifier,  # noqa: A002 - it is the publication's id
    values: Annotated[
        list[str] | None, typer.Argument(metavar="FIELD=VALUE...", help="As in sender_name='The River'.")
    ] = None,
    list_account: ListAccount = None,
    tester: Tester = None,
    who: Who = SOMEBODY,
    as_json: Json = False,
) -> None:
    """Change a publication. Issues that are drafted keep what they had: digest issues edit ISSUE refresh.

    Provider accounts hold at once, also for what is queued of an issue under way. LIST= takes a list's own away.
    Each changed field is logged with who changed it, for the desk.
    --tester names all who may get tests, in place of those there were; so does testers=ADDRESS,ADDRESS.
    """
    from digest.issues import publications, sending_accounts
    from digest.proofs import mail_templates

    given, lists = dict(_pair(text) for text in values or []), sending_accounts.pairs(list_account or [])
    given |= {"testers": ",".join(tester)} if tester else {}
    if not given and not lists:
        raise BadInput("Say what to change: FIELD=VALUE, or --list-account LIST=ACCOUNT.")
    with opened() as app, app.database.writing() as session:
        sending_accounts.check_known([given.get("account", ""), *lists.values()], app.settings.account_names)
        if "template" in given:
            mail_templates.check_known(session, given["template"])
        by: dict[str, Any] = {"who": who, "at": app.clock.now()}
        publications.change(session, id, given, **by)
        changed: dict[str, Any] = sending_accounts.change(session, id, lists, **by).model_dump(mode="json")
    said = [*given, *(["list_accounts"] if lists else [])]
    answer(changed, as_json, lambda: print("\n".join(f"{name}: {changed[name]}" for name in said)))


def _pair(text: str) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not given:
        raise BadInput(f"{text!r} says no value. Write FIELD=VALUE, as in zone=Europe/Brussels.")
    return name.strip().replace("-", "_"), value.strip()
