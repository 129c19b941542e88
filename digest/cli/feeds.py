"""``digest feeds``: where articles come from by themselves, how that goes, and what the tags of each feed mean."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from digest.cli import feed_saying as saying
from digest.cli.console import Json, answer, counted, opened, progress
from digest.errors import BadInput, Conflict

if TYPE_CHECKING:
    from digest.articles.polling import Polled
    from digest.bootstrap import App

commands = typer.Typer(help="The feeds: add, fetch, their health, and what their tags mean.", no_args_is_help=True)
Reference = Annotated[str, typer.Argument(metavar="FEED", help="Its id, its address, or a part of its name.")]
RegionOption = Annotated[str | None, typer.Option(help="Region of articles that carry no other.")]
LanguageOption = Annotated[str | None, typer.Option(help="Language of articles that do not say.")]
KindOption = Annotated[str | None, typer.Option(help="feed, wordpress, ghost or most_read; else the address tells.")]
NameOption = Annotated[str | None, typer.Option(help="What it is called.")]
EveryOption = Annotated[int | None, typer.Option(metavar="MINUTES", help="How often it is asked; 30 by default.")]
KeepOption = Annotated[
    list[str] | None,
    typer.Option("--keep-query", metavar="SITE=KEY", help="A query key that names articles there; repeat it."),
]
MapArguments = Annotated[
    list[str],
    typer.Argument(metavar="'TAG=MEANING'...", help="A region, or badge, evergreen, topic, ignore; empty forgets."),
]


@commands.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="RSS, Atom, JSON Feed, WordPress or Ghost API, our JSON.")],
    *,
    region: RegionOption = None,
    language: LanguageOption = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="'TAG=REGION', or 'Category:Editor's choice=badge'; see digest feeds map."),
    ] = None,
    kind: KindOption = None,
    every: EveryOption = None,
    keep_query: KeepOption = None,
    name: NameOption = None,
    no_fetch: Annotated[bool, typer.Option("--no-fetch", help="Leave the first fetch to the worker.")] = False,
    as_json: Json = False,
) -> None:
    """Add a feed and fetch it: its articles come by themselves from now on; what was out before is not new."""
    from digest.articles import collecting
    from digest.articles.feeds import keeping
    from digest.articles.feeds.meanings import parse_map, region_names
    from digest.regions import all_regions

    given = {"region": region, "language": language, "kind": kind, "every_minutes": every, "name": name}
    values: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    values["keep_query"] = tuple(keep_query or ())
    with opened() as app:
        at = app.clock.now()
        with app.database.writing() as session:
            targets = parse_map(mapping or (), region_names(all_regions(session)))
            feed = keeping.add(session, keeping.FeedData(url=url, **values), at)
        collecting.say_meanings(app.database, feed.id, targets, at)
        polls = [] if no_fetch else _polled(app, [feed.id], quiet=True)
        data = saying.added(app.database, feed.id, polls)
    answer(data, as_json, lambda: saying.say_added(data))
    _exit_if_failed(polls)


@commands.command("list")
def list_(as_json: Json = False) -> None:
    """List the feeds and how each fares."""
    from digest.articles.feeds import keeping

    with opened() as app, app.database.reading() as session:
        data = [saying.as_data(feed) for feed in keeping.all_feeds(session)]
    answer(data, as_json, lambda: saying.say_list(data))


@commands.command()
def show(feed: Reference, as_json: Json = False) -> None:
    """Show all that is known of a feed, and what its tags mean."""
    from digest.articles.feeds import keeping, tags

    with opened() as app, app.database.reading() as session:
        found = keeping.find(session, feed)
        data = saying.as_data(found) | {"tags": [saying.tag_data(one) for one in tags.of_source(session, found.id)]}
    answer(data, as_json, lambda: saying.say_one(data))


@commands.command()
def fetch(
    feeds: Annotated[list[str] | None, typer.Argument(metavar="[FEED]...", help="Which; all by default.")] = None,
    *,
    due: Annotated[bool, typer.Option("--due", help="Only those whose time has come.")] = False,
    as_json: Json = False,
) -> None:
    """Fetch feeds now. Exits 1 where one failed."""
    from digest.articles import polling
    from digest.articles.feeds import keeping

    with opened() as app:
        with app.database.reading() as session:
            known = [keeping.find(session, one) for one in feeds] if feeds else keeping.all_feeds(session)
            late = set(polling.due(session, app.clock.now()))
        ids = [feed.id for feed in known if feed.id in late or not due]
        polls = _polled(app, ids, force=not due, quiet=as_json)
        data = [saying.poll_data(one) for one in polls]
    answer(data, as_json, lambda: saying.say_polls(data, nothing="No feed is due." if due else "There are no feeds."))
    _exit_if_failed(polls)


@commands.command()
def remove(feed: Reference, as_json: Json = False) -> None:
    """Remove a feed: it is asked no more. Its articles stay, with their regions, and so do its tags."""
    from digest.articles.feeds import keeping

    with opened() as app, app.database.writing() as session:
        found = keeping.find(session, feed)
        data = saying.as_data(found) | {"articles": saying.articles_of(session, found.id)}
        keeping.remove(session, found)
    stay = f"What came of it stays: {counted(data['articles'], 'article')}, and what its tags mean."
    answer(data, as_json, lambda: print(f"Removed {data['id']}. {stay}"))


@commands.command()
def change(
    feed: Reference,
    *,
    url: Annotated[str | None, typer.Option(help="Its new address; its id and its articles stay.")] = None,
    region: RegionOption = None,
    language: LanguageOption = None,
    kind: KindOption = None,
    every: EveryOption = None,
    keep_query: KeepOption = None,
    name: NameOption = None,
    as_json: Json = False,
) -> None:
    """Change a feed. A new region ('' is none) moves its stored articles that carry no other."""
    from digest.articles.feeds import keeping
    from digest.articles.places import locating

    given: dict[str, Any] = {"url": url, "region": region, "language": language, "kind": kind}
    given |= {"every_minutes": every, "keep_query": keep_query or None, "name": name}
    changes = {key: value for key, value in given.items() if value is not None}
    if not changes:
        raise BadInput("Say what to change: --url, --region, --language, --kind, --every, --keep-query or --name.")
    with opened() as app:
        with app.database.writing() as session:
            found = keeping.find(session, feed)
            before = found.region
            data = saying.as_data(keeping.change(session, found, changes, app.clock.now()))
        moved = locating.locate(app.database, source=data["id"]) if data["region"] != before else []
    data["moved"] = len(moved)
    answer(data, as_json, lambda: saying.say_changed(data))


@commands.command("map")
def map_(feed: Reference, mapping: MapArguments, as_json: Json = False) -> None:
    """Say what tags of a feed mean; its stored articles follow."""
    from digest.articles import collecting
    from digest.articles.feeds.meanings import parse_map, region_names
    from digest.regions import all_regions

    with opened() as app:
        with app.database.reading() as session:
            source = saying.source_of(session, feed)
            targets = parse_map(mapping, region_names(all_regions(session)))
        moved = collecting.say_meanings(app.database, source, targets, app.clock.now())
    data = {"feed": source, "meanings": dict(targets.values()), "moved": len(moved)}
    answer(data, as_json, lambda: saying.say_mapped(data))


@commands.command()
def tags(
    feed: Annotated[str | None, typer.Argument(metavar="[FEED]", help="Only of this feed.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those that have a meaning.")] = False,
    as_json: Json = False,
) -> None:
    """List the tags that nobody has given a meaning, with the command that does."""
    with opened() as app, app.database.reading() as session:
        source = saying.source_of(session, feed) if feed else None
        data = saying.inbox(session, source, every=every)
    answer(data, as_json, lambda: saying.say_tags(data))


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE.opml", help="OPML; - is stdin.")], as_json: Json = False
) -> None:
    """Add the feeds of an OPML file; groups called like a region give it. The worker fetches them."""
    from digest.articles.feeds import keeping, opml
    from digest.articles.feeds.meanings import region_names
    from digest.errors import DigestError
    from digest.regions import all_regions

    data: dict[str, list[Any]] = {"added": [], "there": [], "errors": []}
    with opened() as app, app.database.writing() as session:
        for one in opml.read(_content(file), region_names(all_regions(session))):
            try:
                data["added"].append(saying.as_data(keeping.add(session, one, app.clock.now())))
            except Conflict as error:
                data["there"].append(str(error))
            except DigestError as error:
                data["errors"].append(str(error))
    answer(data, as_json, lambda: saying.say_imported(data))
    if data["errors"] and not data["added"]:
        raise typer.Exit(1)


@commands.command()
def export(
    *,
    with_keys: Annotated[bool, typer.Option("--with-keys", help="Show the keys in addresses: to move house.")] = False,
    as_json: Json = False,
) -> None:
    """Print all feeds as OPML, a group for each region."""
    from digest.articles.feeds import keeping, opml
    from digest.regions import all_regions

    with opened() as app, app.database.reading() as session:
        feeds = keeping.all_feeds(session)
        text = opml.write(feeds, all_regions(session), app.clock.now(), with_keys=with_keys)
        data = [saying.as_data(feed) | ({"url": feed.url} if with_keys else {}) for feed in feeds]
    answer(data, as_json, lambda: print(text.decode(), end=""))


def _polled(app: "App", ids: Sequence[str], *, quiet: bool, force: bool = True) -> "list[Polled]":
    from digest.articles import polling

    if quiet:
        return polling.fetch(app.database, app.fetcher, app.pictures, ids, app.clock.now, force=force)
    with progress("feeds", len(ids)) as done:
        return polling.fetch(
            app.database, app.fetcher, app.pictures, ids, app.clock.now, force=force, done=lambda _: done(1)
        )


def _exit_if_failed(polls: "Sequence[Polled]") -> None:
    if any(one.state == "failed" for one in polls):
        raise typer.Exit(1)


def _content(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
