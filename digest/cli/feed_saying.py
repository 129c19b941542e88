"""How ``digest feeds`` speaks of feeds, fetches and tags: as data for machines, and as lines for people."""

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from digest.cli.console import counted
from digest.errors import NotFound

if TYPE_CHECKING:
    from sqlmodel import Session

    from digest.articles.feeds.models import Feed, SourceTag
    from digest.articles.polling import Polled
    from digest.database import Database

MOST_SHOWN = 10  # things that were wrong with one feed
PLAIN = ("id", "kind", "name", "region", "language", "keep_query", "every_minutes", "failures", "error", "items")
TIMES = ("added_at", "tried_at", "succeeded_at", "next_at")


def as_data(feed: "Feed") -> dict[str, Any]:
    """Return a feed as it may be printed: the key in its address is masked."""
    from digest.articles.feeds import health
    from digest.fetching import masked

    plain = {name: getattr(feed, name) for name in PLAIN}
    times = {name: moment.isoformat() if (moment := getattr(feed, name)) else None for name in TIMES}
    return plain | times | {"url": masked(feed.url), "health": health.health(feed).value, "words": health.words(feed)}


def poll_data(polled: "Polled") -> dict[str, Any]:
    """Return what came of a fetch."""
    report = polled.report
    counts = {name: getattr(report, name) if report else 0 for name in ("new", "updated", "unchanged", "undated")}
    wrong = [*report.errors, *report.warnings] if report else []
    said = {"feed": polled.feed_id, "state": polled.state.value, "sentence": polled.sentence, "alarm": polled.alarm}
    return said | counts | {"problems": [str(one) for one in wrong]}


def tag_data(tag: "SourceTag") -> dict[str, Any]:
    """Return a tag of a source, with the command that gives it a meaning."""
    given = shlex.quote(f"{tag.label}=REGION")
    command = f"digest feeds map {shlex.quote(tag.source)} {given}"
    plain = {"feed": tag.source, "tag": tag.label, "meaning": tag.target or None, "articles": tag.articles}
    return plain | {"command": command}


def source_of(session: "Session", reference: str) -> str:
    """Return the key of a feed, or of another source of articles whose tags are known."""
    from digest.articles.feeds import keeping, tags

    try:
        return keeping.find(session, reference).id
    except NotFound:
        if tags.of_source(session, reference):
            return reference
        raise


def inbox(session: "Session", source: str | None, *, every: bool) -> list[dict[str, Any]]:
    """Return the tags without a meaning, or all of them."""
    from digest.articles.feeds import keeping, tags

    if not every:
        return [tag_data(one) for one in tags.unmapped(session, source)]
    sources = [source] if source else [feed.id for feed in keeping.all_feeds(session)]
    return [tag_data(one) for key in sources for one in tags.of_source(session, key)]


def articles_of(session: "Session", source: str) -> int:
    """Return how many articles a source has said something of."""
    from sqlalchemy import func, select

    from digest.articles.identity import SOURCES

    return int(session.execute(select(func.count()).where(SOURCES.c.source == source)).scalar_one())


def added(database: "Database", feed_id: str, polls: "Sequence[Polled]") -> dict[str, Any]:
    """Return a feed that was just added: how its first fetch went, and how many tags wait."""
    from digest.articles.feeds import keeping, tags

    with database.reading() as session:
        feed = keeping.find(session, feed_id)
        waiting = len(tags.unmapped(session, feed_id))
    return as_data(feed) | {"fetched": [poll_data(one) for one in polls], "unmapped": waiting}


def say_added(data: dict[str, Any]) -> None:
    """Tell of a feed that was just added."""
    print(f"Added {data['id']} ({data['kind']}, every {data['every_minutes']} minutes).")
    for one in data["fetched"]:
        say_polls([one])
    if not data["fetched"]:
        print("The worker fetches it; or `digest feeds fetch`.")
    if any(one["state"] == "failed" for one in data["fetched"]):
        name = shlex.quote(data["id"])
        print(f"It is asked again all the same. Mend it: digest feeds change {name} --url URL", file=sys.stderr)
    if data["unmapped"]:
        verb = "is" if data["unmapped"] == 1 else "are"
        print(f"{counted(data['unmapped'], 'tag')} {verb} not mapped: digest feeds tags {shlex.quote(data['id'])}")


def say_polls(data: Sequence[dict[str, Any]], nothing: str = "") -> None:
    """Tell what came of fetches: failures on standard error."""
    for one in data:
        failed = one["state"] == "failed"
        print(f"{one['feed']}: {one['sentence']}", file=sys.stderr if failed else sys.stdout)
        for problem in one["problems"][:MOST_SHOWN]:
            print(f"    {problem}", file=sys.stderr)
        if len(one["problems"]) > MOST_SHOWN:
            print(f"    {len(one['problems']) - MOST_SHOWN} more; --json has all.", file=sys.stderr)
        if one["alarm"]:
            print(one["alarm"], file=sys.stderr)
    if not data:
        print(nothing)


def say_list(data: Sequence[dict[str, Any]]) -> None:
    """List feeds, how each fares first."""
    for one in data:
        print(f"{one['name'] or one['id']}: {one['words']}")
        named = f"{one['id']}  " if one["name"] else ""
        print(f"    {named}{one['kind']}, {one['region'] or 'no region'}, every {one['every_minutes']} minutes")
    if not data:
        print("There are no feeds yet. Add one: digest feeds add URL --region REGION")


def say_one(data: dict[str, Any]) -> None:
    """Show a feed and its tags."""
    for name, value in data.items():
        if name not in ("tags", "health", "error") and value not in (None, "", []):
            print(f"{name + ':':16}{', '.join(value) if isinstance(value, list) else value}")
    for tag in data["tags"]:
        print(f"    {tag['tag']} = {tag['meaning'] or 'not mapped'}  ({tag['articles']})")


def say_changed(data: dict[str, Any]) -> None:
    """Tell of a feed that was changed."""
    moved = f" {counted(data['moved'], 'article')} moved." if data["moved"] else ""
    print(f"Changed {data['id']}: {data['url']}, {data['region'] or 'no region'}, {data['language']}.{moved}")


def say_mapped(data: dict[str, Any]) -> None:
    """Tell what tags mean now."""
    for label, target in data["meanings"].items():
        print(f"{data['feed']}: {label} means {target or 'nothing yet'}.")
    print(f"{counted(data['moved'], 'article')} moved.")


def say_tags(data: Sequence[dict[str, Any]]) -> None:
    """List tags, each with the command that gives it a meaning."""
    for one in data:
        count = counted(one["articles"], "article")
        print(f"{one['tag']}: {one['meaning'] or 'not mapped'}, {count} of {one['feed']}")
        if one["meaning"] is None:
            print(f"    {one['command']}")
    if not data:
        print("No tag waits for a meaning.")


def say_imported(data: dict[str, Any]) -> None:
    """Tell of an OPML file that was taken in."""
    for one in data["added"]:
        print(f"Added {one['name'] or one['id']}: {one['region'] or 'no region'}.")
    there = f", {len(data['there'])} there already" if data["there"] else ""
    print(
        f"{counted(len(data['added']), 'feed')} added{there}. The worker fetches them; or `digest feeds fetch --due`."
    )
    for sentence in data["errors"]:
        print(sentence, file=sys.stderr)
