"""Keeps the newsroom's feeds: adds, finds, changes and removes them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from digest.articles.canonical import SCHEME
from digest.articles.feeds import pacing
from digest.articles.feeds.addresses import as_options, called, feed_id, is_masked, kind_of, listed, parse_keep
from digest.articles.feeds.meanings import folded, region_names
from digest.articles.feeds.models import Feed, FeedKind
from digest.articles.identity import ARTICLES, SOURCES
from digest.articles.importing import plain
from digest.articles.importing.data import LANGUAGE, SCRIPT, web_url
from digest.errors import BadInput, Conflict, NotFound
from digest.fetching import shown
from digest.regions import all_regions, get_region

OFTENEST, RAREST = 5, 7 * 24 * 60  # minutes
LONGEST_NAME = 120
REREAD = frozenset({"url", "kind", "region", "language", "keep_query"})  # changes that an unchanged feed must see


@dataclass(frozen=True, kw_only=True)
class FeedData:
    """A feed to be added. ``kind``: None is told from the address. ``region``: of articles that carry no other."""

    url: str
    kind: FeedKind | str | None = None
    name: str = ""
    region: str | None = None
    language: str = "en"
    keep_query: tuple[str, ...] = ()  # SITE=KEY
    every_minutes: int = 30


def add(session: Session, data: FeedData, at: datetime) -> Feed:
    """Add a feed; it is due at once. Raises BadInput or NotFound with a sentence, and Conflict where it is there."""
    url = _url(data.url)
    key = feed_id(url)
    _refuse_second(session, key, url)
    values = {
        "kind": _kind(data.kind or kind_of(url)),
        "name": _name(data.name),
        "region": _region(session, data.region),
        "language": language_tag(data.language),
        "keep_query": as_options(parse_keep(data.keep_query)),
        "every_minutes": _every(data.every_minutes),
    }
    feed = Feed.model_validate(values | {"id": key, "url": url, "added_at": at, "next_at": at})
    session.add(feed)
    session.flush()
    return feed


def find(session: Session, reference: str) -> Feed:
    """Return the feed with an id, an address, or a part of its name that no other has. Raises NotFound or BadInput."""
    exact = session.get(Feed, reference) or session.exec(select(Feed).where(Feed.url == reference)).first()
    exact = exact or session.get(Feed, _id_or_nothing(reference))
    if exact is not None:
        return exact
    part = reference.strip().casefold()
    feeds = all_feeds(session)
    named = [feed for feed in feeds if feed.name.casefold() == part and part]
    found = named or [feed for feed in feeds if part and part in f"{feed.name}\n{feed.id}".casefold()]
    if len(found) > 1:
        raise BadInput(f"{reference!r} may be several feeds: {listed([feed.id for feed in found])}. Say which.")
    if not found:
        known = listed([called(feed) for feed in feeds]) or "none yet; add one with `digest feeds add URL`"
        raise NotFound(f"There is no feed {shown(reference)!r}. Feeds: {known}.")
    return found[0]


def all_feeds(session: Session) -> list[Feed]:
    """Return every feed, by what they are called."""
    return sorted(session.exec(select(Feed)), key=lambda feed: (called(feed).casefold(), feed.id))


def change(session: Session, feed: Feed, changes: Mapping[str, Any], at: datetime) -> Feed:
    """Change a feed: url, kind, name, region ("" is none), language, keep_query, every_minutes. Raises as ``add``.

    Its id stays, and with it what it said of articles. A new region is that of its stored articles, too, once they
    are located anew (see ``locating.locate``). A new address is fetched at once, and its backlog is not new.
    """
    checked = {name: _checked(session, name, value) for name, value in changes.items()}
    news = {name: value for name, value in checked.items() if getattr(feed, name) != value}
    if "url" in news:
        _refuse_second(session, feed_id(news["url"]), news["url"], but=feed.id)
        news |= {"succeeded_at": None, "failures": 0, "error": "", "next_at": at}
        news |= {"kind": kind_of(news["url"])} if "kind" not in checked and feed.kind != FeedKind.most_read else {}
    if REREAD & news.keys():
        news |= {"etag": "", "last_modified": ""}
    if "every_minutes" in news and not pacing.claimed(feed.tried_at, feed.next_at, at):
        news.setdefault("next_at", min(feed.next_at, at + timedelta(minutes=news["every_minutes"])))
    if feed.next_at == pacing.PAUSED:
        news.pop("next_at", None)
    for name, value in news.items():
        setattr(feed, name, value)
    if "region" in news:
        session.execute(update(SOURCES).where(SOURCES.c.source == feed.id).values(region=feed.region))
    session.add(feed)
    session.flush()
    return feed


def pause(session: Session, feed: Feed, at: datetime, *, resume: bool = False) -> Feed:
    """Let a feed not be asked until somebody resumes it; resumed, it is due at once. Safe to repeat."""
    if resume == (feed.next_at == pacing.PAUSED):
        feed.next_at = at if resume else pacing.PAUSED
        session.add(feed)
        session.flush()
    return feed


def remove(session: Session, feed: Feed) -> None:
    """Remove a feed: it is asked no more. Its articles stay, and its tags and what it said of them.

    Articles that another source tells of are that one's from now on: somebody must be able to change their texts.
    """
    others = select(func.min(SOURCES.c.source)).where(
        SOURCES.c.article_id == ARTICLES.c.id, SOURCES.c.source != feed.id
    )
    heir = others.scalar_subquery()
    session.execute(update(ARTICLES).where(ARTICLES.c.source == feed.id, heir.is_not(None)).values(source=heir))
    session.delete(feed)
    session.flush()


def language_tag(text: str) -> str:
    """Return the language of articles that do not say, as articles have it: en-GB is en. Raises BadInput."""
    tag = text.strip().lower().replace("_", "-")
    if not LANGUAGE.match(tag):
        raise BadInput(f"{text!r} is no language. Write a tag such as en, ar or zh-hant.")
    first, *rest = tag.split("-")
    return "-".join((first, *(part for part in rest[:1] if SCRIPT.match(part))))


def _checked(session: Session, name: str, value: Any) -> Any:
    checks: dict[str, Callable[[Any], Any]] = {
        "url": _url,
        "kind": _kind,
        "name": _name,
        "region": lambda region: _region(session, region),
        "language": language_tag,
        "every_minutes": _every,
        "keep_query": lambda options: as_options(parse_keep(options)),
    }
    return checks[name](value)


def _url(text: str) -> str:
    whole = text.strip() if SCHEME.match(text.strip()) else f"https://{text.strip()}"
    try:
        url = web_url(whole)
    except ValueError as error:
        raise BadInput(f"{shown(text)!r} is no address of a feed: it {str(error) or 'cannot be read'}.") from error
    if "@" in url.split("/")[2]:
        raise BadInput("An address with a login in it is not fetched. Use one without, or one with a key in it.")
    if is_masked(url):
        raise BadInput(f"The key in {shown(url)} is masked. Write the whole address, with its key.")
    feed_id(url)
    return url.partition("#")[0]


def _refuse_second(session: Session, key: str, url: str, but: str = "") -> None:
    query = select(Feed).where((col(Feed.id) == key) | (col(Feed.url) == url), col(Feed.id) != but)
    there = session.exec(query).first()
    if there is not None:
        name = f"{there.name} ({there.id})" if there.name else there.id
        raise Conflict(f"This feed is there already: {name}. `digest feeds change` changes it.")


def _kind(value: FeedKind | str) -> FeedKind:
    try:
        return FeedKind(value)
    except ValueError as error:
        raise BadInput(f"{str(value)!r} is no kind of feed. Kinds: {', '.join(FeedKind)}.") from error


def _name(text: str) -> str:
    return plain.line(text, LONGEST_NAME)


def _region(session: Session, region: str | None) -> str | None:
    if not region:
        return None
    return region_names(all_regions(session)).get(folded(region)) or get_region(session, region).id


def _every(minutes: int) -> int:
    if not OFTENEST <= minutes <= RAREST:
        raise BadInput(f"A feed is asked every {OFTENEST} to {RAREST:,} minutes (a week), not every {minutes}.")
    return minutes


def _id_or_nothing(reference: str) -> str:
    try:
        return feed_id(reference)
    except BadInput:
        return ""
