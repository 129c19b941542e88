"""``digest articles locate``: where articles belong, by the rules or by hand."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.console import Json, answer, opened, parse_time, progress
from digest.errors import BadInput

if TYPE_CHECKING:
    from datetime import datetime

    from digest.articles.models import Article

Reference = Annotated[str, typer.Argument(metavar="ARTICLE", help="Its id, or its web address.")]
Who = Annotated[str, typer.Option("--as", help="Who does this; it is logged.")]
SOMEBODY = "the command line"


def register(commands: typer.Typer) -> None:
    """Give the noun ``articles`` this command."""
    commands.command()(locate)


def locate(
    article: Annotated[str | None, typer.Argument(metavar="[ARTICLE]", help="Its id, or its web address.")] = None,
    *,
    region: Annotated[list[str] | None, typer.Option(help="It belongs to this region; repeat it.")] = None,
    nowhere: Annotated[bool, typer.Option("--nowhere", help="It belongs to no region.")] = False,
    source: Annotated[str | None, typer.Option(help="Only articles of this source.")] = None,
    since: Annotated[str | None, typer.Option(help="Only those published at or after this time.")] = None,
    who: Who = SOMEBODY,
    as_json: Json = False,
) -> None:
    """Work regions out anew by tags, feeds and texts; or say where one article belongs, which no import changes."""
    if article is None and (region or nowhere):
        raise BadInput("Name the article that belongs there: digest articles locate ARTICLE --region REGION.")
    if region and nowhere:
        raise BadInput("--region and --nowhere cannot both be meant.")
    if article is None:
        _locate_all(source, parse_time(since) if since else None, as_json)
    else:
        _locate_one(article, region or ([] if nowhere else None), who, as_json)


def _locate_all(source: str | None, since: "datetime | None", as_json: bool) -> None:
    from digest.articles import changes
    from digest.articles.places.locating import locate as locate_stored

    with opened() as app:
        with progress("Articles", None) as done:
            moved = locate_stored(app.database, source=source, since=since, done=done)
        with app.database.reading() as session:
            inbox = len(changes.list_articles(session, placed=False, source=source, since=since, limit=10_000))
    data = {"moved": [str(one) for one in moved], "without_region": inbox}

    def say() -> None:
        print(f"{len(moved)} articles have other regions, topics or badges now.")
        if inbox:
            print(f"{inbox} belong to no region: digest articles list --no-region")

    answer(data, as_json, say)


def _locate_one(article: str, regions: list[str] | None, who: str, as_json: bool) -> None:
    from digest.articles import changes

    with opened() as app, app.database.writing() as session:
        now = app.clock.now()
        if regions is None:
            found = changes.place_by_rules(session, article, who=who, at=now)
        else:
            found = changes.place(session, article, regions, who=who, at=now)
        data = brief(found)
    words = ", ".join(f"{region} ({kind})" for region, kind in data["regions"].items()) or "no region"
    answer(data, as_json, lambda: print(f"“{data['headline']}” belongs to {words}."))


def brief(article: "Article") -> dict[str, Any]:
    """Return what a list of articles shows of one."""
    fields = {"id", "url", "headline", "published_at", "refreshed_at", "status", "language", "source"}
    fields |= {"editors_choice", "evergreen", "regions", "topics"}
    return article.model_dump(mode="json", include=fields, warnings=False)  # the status is loaded as a plain string
