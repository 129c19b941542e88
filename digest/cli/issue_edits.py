"""``digest issues edit ISSUE ...``: changing an issue. Every change is logged, and takes an approval back."""

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from digest.cli.console import Json, answer, opened, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from digest.bootstrap import App
    from digest.issues.models import Issue
    from digest.issues.source_changes import Settled

commands = typer.Typer(
    help="Change an issue: pin, unpin, exclude, include, replace, lead, move, add, set, take, keep, refresh.",
    no_args_is_help=True,
)

Article = Annotated[str, typer.Argument(metavar="ARTICLE", help="An article's id, the start of it, or its address.")]
Changed = Annotated[
    str, typer.Argument(metavar="ARTICLE|all", help="An article's id, the start of it, or its address; or all.")
]
OneList = Annotated[str, typer.Option("--list", help="The list whose section is meant.")]
MaybeList = Annotated[str | None, typer.Option("--list", help="Only in this list's section. Default: everywhere.")]
Who = Annotated[str, typer.Option("--as", help="Who does it; stands in the issue's log.")]
EDITOR = "editor"
ALL = "all"


@commands.callback()
def edit(
    context: typer.Context,
    issue: Annotated[str, typer.Argument(metavar="ISSUE", help="Number, id, start of the id, or a publication.")],
) -> None:
    """Name the issue first, then what to do with it."""
    context.obj = issue


@commands.command()
def pin(
    context: typer.Context,
    article: Article,
    *,
    list_id: OneList,
    place: Annotated[int, typer.Option(help="Place in the section, from 1.")] = 1,
    who: Who = EDITOR,
    as_json: Json = False,
) -> None:
    """Let a story stand at this place of a list's section, whatever its age."""
    from digest.issues import editing

    _edit(context, as_json, article, lambda app, issue, id_: editing.pin(
        app.database, issue, id_, list_id=list_id, place=place, who=who, at=app.clock.now()))  # fmt: skip


@commands.command()
def unpin(
    context: typer.Context, article: Article, list_id: MaybeList = None, who: Who = EDITOR, as_json: Json = False
) -> None:
    """Take a pin back."""
    from digest.issues import editing

    _edit(context, as_json, article, lambda app, issue, id_: editing.unpin(
        app.database, issue, id_, list_id=list_id, who=who, at=app.clock.now()))  # fmt: skip


@commands.command()
def exclude(
    context: typer.Context, article: Article, list_id: MaybeList = None, who: Who = EDITOR, as_json: Json = False
) -> None:
    """Take a story out of the issue, or out of one list's section."""
    from digest.issues import editing

    _edit(context, as_json, article, lambda app, issue, id_: editing.exclude(
        app.database, issue, id_, list_id=list_id, who=who, at=app.clock.now()))  # fmt: skip


@commands.command()
def include(
    context: typer.Context, article: Article, list_id: MaybeList = None, who: Who = EDITOR, as_json: Json = False
) -> None:
    """Take an exclusion back: the story is weighed again."""
    from digest.issues import editing

    _edit(context, as_json, article, lambda app, issue, id_: editing.include(
        app.database, issue, id_, list_id=list_id, who=who, at=app.clock.now()))  # fmt: skip


@commands.command()
def replace(
    context: typer.Context,
    article: Article,
    by: Annotated[str, typer.Argument(metavar="WITH", help="The article that takes its place.")],
    *,
    list_id: MaybeList = None,
    who: Who = EDITOR,
    as_json: Json = False,
) -> None:
    """Put another story where this one stands."""
    from digest.issues import editing

    def change(app: "App", issue: UUID, id_: UUID) -> "Issue":
        other = _article(app, issue, by)
        return editing.replace(app.database, issue, id_, other, list_id=list_id, who=who, at=app.clock.now())

    _edit(context, as_json, article, change)


@commands.command()
def lead(
    context: typer.Context,
    article: Annotated[str, typer.Argument(metavar="ARTICLE", help='The lead; "" leaves it to the ranking again.')],
    who: Who = EDITOR,
    as_json: Json = False,
) -> None:
    """Make a story the lead, in every edition it stands in."""
    from digest.issues import editing

    if not article:
        _edit(context, as_json, None, lambda app, issue, _id: editing.lead(
            app.database, issue, None, who=who, at=app.clock.now()))  # fmt: skip
        return
    _edit(context, as_json, article, lambda app, issue, id_: editing.lead(
        app.database, issue, id_, who=who, at=app.clock.now()))  # fmt: skip


@commands.command()
def move(context: typer.Context, article: Article, list_id: OneList, who: Who = EDITOR, as_json: Json = False) -> None:
    """Move a story to a list's section, and so out of the others."""
    from digest.issues import editing

    _edit(context, as_json, article, lambda app, issue, id_: editing.move(
        app.database, issue, id_, list_id=list_id, who=who, at=app.clock.now()))  # fmt: skip


@commands.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Address of an article that is stored already.")],
    who: Who = EDITOR,
    as_json: Json = False,
) -> None:
    """Bring a stored article in as a candidate, however old."""
    from digest.issues import editing

    _edit(context, as_json, None, lambda app, issue, _id: editing.add(
        app.database, issue, url, who=who, at=app.clock.now(), pictures=app.cut_pictures))  # fmt: skip


@commands.command("set")
def set_(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="subject, preheader, note; or headline, standfirst, kicker, alt.")],
    text: Annotated[str, typer.Argument(help='The text; "" gives the original back.')],
    *,
    article: Annotated[str | None, typer.Option(help="The story whose text it is.")] = None,
    list_id: Annotated[str | None, typer.Option("--list", help="Only for editions of this list.")] = None,
    who: Who = EDITOR,
    as_json: Json = False,
) -> None:
    """Set a text of the issue or of a story; the article itself is untouched."""
    from digest.issues import editing

    def change(app: "App", issue: UUID, id_: UUID) -> "Issue":
        named = id_ if article else None
        return editing.set_text(
            app.database, issue, what, text, article=named, list_id=list_id, who=who, at=app.clock.now()
        )

    _edit(context, as_json, article, change)


@commands.command()
def take(context: typer.Context, article: Changed, who: Who = EDITOR, as_json: Json = False) -> None:
    """Take over what the newsroom changed in an article since it was drafted; its place and points stay."""
    from digest.issues import source_changes

    _settle(context, as_json, article, "Took over", lambda app, issue, id_: source_changes.take(
        app.database, issue, id_, who=who, at=app.clock.now(), pictures=app.cut_pictures))  # fmt: skip


@commands.command()
def keep(context: typer.Context, article: Changed, who: Who = EDITOR, as_json: Json = False) -> None:
    """Leave a story as it was drafted, though the newsroom changed it since; a later change asks again."""
    from digest.issues import source_changes

    _settle(context, as_json, article, "Left as drafted", lambda app, issue, id_: source_changes.keep(
        app.database, issue, id_, who=who, at=app.clock.now()))  # fmt: skip


@commands.command()
def refresh(
    context: typer.Context,
    at: Annotated[str | None, typer.Option(help="The new cut-off. Default: now.")] = None,
    who: Who = EDITOR,
    as_json: Json = False,
) -> None:
    """Gather the candidates anew at another cut-off, keeping every edit."""
    from digest.issues import drafting

    def change(app: "App", issue: UUID, _id: UUID) -> "Issue":
        as_of = parse_time(at) if at else app.clock.now().replace(microsecond=0)
        pictures = app.cut_pictures
        return drafting.refresh(app.database, issue, as_of, app.clock.now(), who, pictures=pictures)

    _edit(context, as_json, None, change)


def _edit(
    context: typer.Context, as_json: bool, article: str | None, change: "Callable[[App, UUID, UUID], Issue]"
) -> None:
    from digest.issues import finding

    with opened() as app:
        with app.database.reading() as session:
            found = finding.issue(session, context.obj)
        named = _article(app, found.id, article) if article else found.id
        changed = change(app, found.id, named)
    data: dict[str, Any] = {
        "issue": str(changed.id),
        "number": changed.number,
        "version": changed.version,
        "status": str(changed.status),
        "edits": changed.edits,
    }
    answer(data, as_json, lambda: print(_said(changed, found.version)))


def _settle(
    context: typer.Context,
    as_json: bool,
    article: str,
    done: str,
    settle: "Callable[[App, UUID, UUID | None], Settled]",
) -> None:
    """Take or keep what the source changed, and say what that was."""
    from digest.issues import finding

    with opened() as app:
        with app.database.reading() as session:
            found = finding.issue(session, context.obj).id
        settled = settle(app, found, None if article == ALL else _article(app, found, article))
    issue, changes = settled.issue, [one.as_json() for one in settled.changes]
    data: dict[str, Any] = {"issue": str(issue.id), "number": issue.number, "version": issue.version}
    data |= {"status": str(issue.status), "edits": issue.edits, "changes": changes}
    answer(data, as_json, lambda: _say_settled(data, done))


def _say_settled(data: dict[str, Any], done: str) -> None:
    for one in data["changes"]:
        print(f"{done}: {', '.join(one['changed'])} of “{one['headline']}”.")
        for own in one["own"]:
            text = "alt" if own == "picture" else own
            print(f'  Your own {text} stays on top; `set {text} "" --article {one["article_id"]}` takes it off.')
    if not data["changes"]:
        print("Nothing was changed by the newsroom that waits for an answer.")


def _said(issue: "Issue", before: int) -> str:
    from digest.issues.lifecycle import in_words

    state = f"ssue {issue.number} is {in_words(issue.status)}, version {issue.version}."
    return f"Nothing changed: i{state}" if issue.version == before else f"I{state}"


def _article(app: "App", issue: UUID, text: str) -> UUID:
    from digest.issues import drafting, finding

    with app.database.reading() as session:
        recipe = drafting.recipe(session, drafting.find(session, issue))
    return UUID(finding.candidate(recipe, text).id)
