"""``digest articles clusters | join | split``: which articles tell one story, and what a person says of it."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli.console import Json, answer, opened

if TYPE_CHECKING:
    from sqlmodel import Session

    from digest.articles.models import Article

SHOWN = timedelta(days=14)
SOMEBODY = "the command line"
Who = Annotated[str, typer.Option("--as", help="Who does this; it is logged.")]


def register(commands: typer.Typer) -> None:
    """Add these commands to the noun ``articles``."""
    commands.command("clusters")(clusters)
    commands.command("join")(join)
    commands.command("split")(split)


def also(session: "Session", article: "Article") -> list[dict[str, Any]]:
    """Return the others that tell an article's story, as ``articles show`` names them."""
    from digest.articles.clusters import deciding

    return [_brief(other) for other in deciding.also(session, article)]


def say_also(others: list[dict[str, Any]]) -> None:
    """Print the others that tell a story."""
    for one in others:
        print(f"{'also:':16}{one['headline']}  {one['url']}")


def clusters(as_json: Json = False) -> None:
    """Show which articles of the last 14 days tell one story, and which may."""
    from digest.articles.clusters import comparing, deciding

    with opened() as app, app.database.reading() as session:
        now = app.clock.now()
        data: dict[str, Any] = {
            "clusters": [
                {"cluster": members[0].cluster, "articles": [_brief(one) for one in members]}
                for members in deciding.clusters(session, now - SHOWN)
            ],
            "suggestions": [
                {"first": _brief(one.first), "second": _brief(one.second), "headlines_alike": round(one.title, 2)}
                for one in deciding.suggested(session, now - SHOWN)
            ],
            "not_compared_yet": len(comparing.waiting(session, now)),
        }
    answer(data, as_json, lambda: _say(data))


def join(
    articles: Annotated[list[str], typer.Argument(metavar="ARTICLE...", help="Ids or web addresses, at least two.")],
    who: Who = SOMEBODY,
    as_json: Json = False,
) -> None:
    """Say that articles tell one story; no import and no comparing parts them again."""
    from digest.articles.clusters import deciding

    with opened() as app, app.database.writing() as session:
        members = deciding.join(session, articles, who, app.clock.now())
        data: dict[str, Any] = {"cluster": members[0].cluster, "articles": [_brief(one) for one in members]}
    fate = f"is one story with {_count(len(members) - 1)}"
    answer(data, as_json, lambda: print(f"“{members[0].headline}” {fate}."))


def split(
    article: Annotated[str, typer.Argument(metavar="ARTICLE", help="Its id, or its web address.")],
    *,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what was said of it; the texts decide.")] = False,
    who: Who = SOMEBODY,
    as_json: Json = False,
) -> None:
    """Say that an article does not tell the story of the others in its cluster."""
    from digest.articles.clusters import deciding

    with opened() as app, app.database.writing() as session:
        found = (deciding.undo if undo else deciding.split)(session, article, who, app.clock.now())
        others = also(session, found)
        data: dict[str, Any] = {"article": _brief(found), "cluster": found.cluster, "also": others}
    fate = f"is one story with {_count(len(others))}" if others else "is by itself"
    answer(data, as_json, lambda: print(f"“{found.headline}” {fate}."))


def _brief(article: "Article") -> dict[str, Any]:
    fields = {"id", "url", "headline", "published_at", "status", "source", "language"}
    return article.model_dump(mode="json", include=fields, warnings=False)  # the status is loaded as a plain string


def _count(others: int) -> str:
    return "1 other" if others == 1 else f"{others} others"


def _say(data: dict[str, Any]) -> None:
    for cluster in data["clusters"]:
        print(f"One story, {len(cluster['articles'])} articles:")
        for one in cluster["articles"]:
            print(_line(one))
    for one in data["suggestions"]:
        print("Perhaps one story; `digest articles join` if so:")
        print(f"{_line(one['first'])}\n{_line(one['second'])}")
    if not data["clusters"] and not data["suggestions"]:
        print("No two articles of the last 14 days tell one story.")
    if data["not_compared_yet"]:
        print(f"{data['not_compared_yet']} are not compared yet.")


def _line(one: dict[str, Any]) -> str:
    mark = "" if one["status"] == "published" else f" [{one['status']}]"
    return f"  {one['published_at'][:16]}  {one['headline']}{mark}\n      {one['id']}  {one['url']}"
