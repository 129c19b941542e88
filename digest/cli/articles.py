"""``digest articles``: import what the newsroom published, look at it, and change what a person may change."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli import article_places, clusters
from digest.cli.article_places import SOMEBODY, Reference, Who, brief
from digest.cli.console import Json, answer, opened, parse_time, progress
from digest.errors import BadInput, DigestError

if TYPE_CHECKING:
    from digest.articles.storing import Import, StoreReport
    from digest.bootstrap import App

MOST_SHOWN = 20  # errors, and warnings, of one import; --json has all
MANY = 200  # articles from which on a progress bar is shown
commands = typer.Typer(help="The articles: import, list, show, and the editor's badge.", no_args_is_help=True)


@commands.command("import")
def import_(
    origins: Annotated[
        list[str], typer.Argument(metavar="FILE-or-URL...", help="Feeds, web pages, JSON or CSV; - is stdin.")
    ],
    *,
    source: Annotated[str | None, typer.Option(help="Key of the source; guids count within it.")] = None,
    region: Annotated[str | None, typer.Option(help="Region of articles that carry none.")] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="CATEGORY=REGION or CATEGORY=badge|evergreen|topic|ignore; kept for the source."),
    ] = None,
    language: Annotated[str, typer.Option(help="Language of articles that do not say.")] = "en",
    backlog: Annotated[
        bool | None,
        typer.Option(
            "--backlog/--no-backlog",
            help="Old articles are not new. Default: at the first import of a feed, or into an empty database.",
        ),
    ] = None,
    keep_query: Annotated[
        list[str] | None,
        typer.Option("--keep-query", help="SITE=KEY: a query key that names articles there; repeat it."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Import articles from feeds, an article's own web page, JSON or CSV; again, to bring them up to date."""
    from digest.articles.clusters import comparing
    from digest.articles.feeds.addresses import parse_keep
    from digest.articles.feeds.meanings import parse_map, region_names
    from digest.articles.storing import Import
    from digest.fetching import masked
    from digest.regions import all_regions, get_region

    with opened() as app:
        with app.database.reading() as session:
            names = region_names(all_regions(session))
            if region is not None:
                get_region(session, region)
        targets = parse_map(mapping or (), names)
        terms = Import(
            source=source or "", at=app.clock.now(), language=language, region=region, keep=parse_keep(keep_query or ())
        )
        reports = [(origin, _import_one(app, origin, terms, targets, backlog, quiet=as_json)) for origin in origins]
        comparing.compare(app.database, app.clock.now())
    data = [{"origin": masked(origin)} | _as_data(report) for origin, report in reports]
    answer(data, as_json, lambda: _say_imported(data))
    if not any(report.stored for _, report in reports):
        raise typer.Exit(1)


@commands.command("list")
def list_(
    *,
    region: Annotated[str | None, typer.Option(help="Only of this region and those below it.")] = None,
    status: Annotated[str | None, typer.Option(help="published, embargoed, unpublished or retracted.")] = None,
    chosen: Annotated[bool | None, typer.Option("--chosen/--not-chosen", help="With the badge, or without.")] = None,
    source: Annotated[str | None, typer.Option(help="Only from this source.")] = None,
    since: Annotated[str | None, typer.Option(help="Published at or after this time.")] = None,
    text: Annotated[str, typer.Option(help="Part of the headline.")] = "",
    no_region: Annotated[bool, typer.Option("--no-region", help="The inbox: those that belong to no region.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """List the newest articles."""
    from digest.articles import changes

    wanted: dict[str, Any] = {"region": region, "chosen": chosen, "source": source, "text": text, "limit": limit}
    wanted |= {"status": _status(status) if status else None, "since": parse_time(since) if since else None}
    wanted |= {"placed": False if no_region else None}
    with opened() as app, app.database.reading() as session:
        found = changes.list_articles(session, **wanted)
        data = [brief(article) for article in found]

    def say() -> None:
        for one in data:
            marks = "".join((" [choice]" if one["editors_choice"] else "", _unless_published(one["status"])))
            print(f"{one['published_at'][:16]}  {one['headline']}{marks}")
            print(f"    {one['id']}  {', '.join(one['regions']) or 'no region'}  {one['url']}")
        if not data:
            print("No article fits.")

    answer(data, as_json, say)


@commands.command()
def show(article: Reference, as_json: Json = False) -> None:
    """Show all that is stored of an article, and what people changed."""
    from digest.articles import changes
    from digest.articles.models import Article

    with opened() as app, app.database.reading() as session:
        found = changes.find(session, article)
        data = found.model_dump(mode="json", warnings=False)  # the status is loaded as a plain string
        data["log"] = [
            one.model_dump(mode="json", exclude={"id", "article_id"}) for one in changes.log_of(session, found)
        ]
        data["also"] = clusters.also(session, found)

    def say() -> None:
        for name in Article.model_fields:  # a stored row has no order of its own
            if name != "body" and data[name] not in (None, "", [], {}):
                print(f"{name + ':':16}{data[name]}")
        clusters.say_also(data["also"])
        for one in data["log"]:
            change = f"{one['what']} {one['before']} -> {one['after']} {one['reason']}"
            print(f"{one['at'][:16]} {one['who']}: {change.rstrip()}")

    answer(data, as_json, say)


article_places.register(commands)
clusters.register(commands)


@commands.command()
def choose(article: Reference, who: Who = SOMEBODY, as_json: Json = False) -> None:
    """Give an article the editors' badge; no import takes it away."""
    from digest.articles import changes

    _change(lambda session, at: changes.choose(session, article, who=who, at=at), "has the badge", as_json)


@commands.command()
def unchoose(article: Reference, who: Who = SOMEBODY, as_json: Json = False) -> None:
    """Take the editors' badge from an article; no import gives it again."""
    from digest.articles import changes

    _change(lambda session, at: changes.choose(session, article, who=who, at=at, chosen=False), "has no badge", as_json)


@commands.command()
def withdraw(
    article: Reference,
    *,
    retracted: Annotated[bool, typer.Option("--retracted", help="It was wrong, not only taken down.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="It is published again.")] = False,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    who: Who = SOMEBODY,
    as_json: Json = False,
) -> None:
    """Say that an article is no longer published: it goes into no issue."""
    from digest.articles import changes
    from digest.articles.models import ArticleStatus

    if retracted and undo:
        raise BadInput("--retracted and --undo cannot both be meant.")
    gone = ArticleStatus.retracted if retracted else ArticleStatus.unpublished
    status = ArticleStatus.published if undo else gone
    _change(
        lambda session, at: changes.withdraw(session, article, status=status, who=who, at=at, reason=reason),
        f"is {status}",
        as_json,
    )


@commands.command()
def update(
    article: Reference,
    reason: Annotated[str, typer.Option(help="What is new in it.")],
    who: Who = SOMEBODY,
    as_json: Json = False,
) -> None:
    """Mark a substantive update: the article counts as new, and may be sent once more."""
    from digest.articles import changes

    _change(
        lambda session, at: changes.mark_update(session, article, who=who, at=at, reason=reason),
        "counts as updated now",
        as_json,
    )


def _import_one(
    app: "App",
    name: str,
    terms: "Import",
    targets: Mapping[str, tuple[str, str]],
    backlog: bool | None,
    *,
    quiet: bool,
) -> "StoreReport":
    """Import one file or address; what is wrong with it as a whole is an error of its report."""
    from digest.articles import collecting
    from digest.articles.importing.data import RowError
    from digest.articles.storing import StoreReport

    try:
        origin, content = (
            collecting.given("standard input", sys.stdin.buffer.read())
            if name == "-"
            else collecting.open_origin(name, app.fetcher)
        )
        batch = collecting.read(content, origin, app.pictures)
        if quiet or len(batch.items) < MANY:
            return collecting.store(app.database, batch, terms, backlog=backlog, targets=targets)
        with progress(name, len(batch.items)) as done:
            return collecting.store(app.database, batch, terms, backlog=backlog, targets=targets, done=done)
    except DigestError as error:
        return StoreReport(errors=[RowError(name, str(error).removeprefix(f"{name}: "))])


def _as_data(report: "StoreReport") -> dict[str, Any]:
    return {
        "new": report.new,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "undated": report.undated,
        "errors": [{"where": one.where, "sentence": one.sentence} for one in report.errors],
        "warnings": [{"where": one.where, "sentence": one.sentence} for one in report.warnings],
    }


def _say_imported(data: Sequence[dict[str, Any]]) -> None:
    for one in data:
        print(f"{one['origin']}: {one['new']} new, {one['updated']} updated, {one['unchanged']} unchanged.")
        if one["undated"]:
            print(f"{one['origin']}: {one['undated']} without a date count as published now.", file=sys.stderr)
        for kind in ("errors", "warnings"):
            for row in one[kind][:MOST_SHOWN]:
                place = row["where"] if row["where"] == one["origin"] else f"{one['origin']}, {row['where']}"
                print(f"{place}: {row['sentence']}", file=sys.stderr)
            if len(one[kind]) > MOST_SHOWN:
                print(f"{one['origin']}: {len(one[kind]) - MOST_SHOWN} more {kind}; --json has all.", file=sys.stderr)


def _change(change: Any, result: str, as_json: bool) -> None:
    with opened() as app, app.database.writing() as session:
        article = change(session, app.clock.now())
        data = brief(article)
    answer(data, as_json, lambda: print(f"“{data['headline']}” {result}."))


def _unless_published(status: str) -> str:
    return "" if status == "published" else f" [{status}]"


def _status(text: str) -> Any:
    from digest.articles.models import ArticleStatus

    try:
        return ArticleStatus(text)
    except ValueError as error:
        raise BadInput(f"There is no status {text!r}. Statuses: {', '.join(ArticleStatus)}.") from error
