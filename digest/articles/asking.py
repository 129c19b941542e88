"""Asks one feed: fetches it, reads it, stores what it holds, and says in a sentence what came of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from digest.articles import collecting
from digest.articles.collecting import Batch
from digest.articles.feeds import pacing
from digest.articles.feeds.addresses import chooses_its_page, parse_keep, request_url
from digest.articles.feeds.health import GONE, TOO_OFTEN, counted
from digest.articles.feeds.models import Feed, FeedKind
from digest.articles.importing import reading
from digest.articles.importing.data import ArticleData, RowError
from digest.articles.importing.reading import Origin
from digest.articles.pictures.store import PictureStore
from digest.articles.reads.most_read import import_list, most_read
from digest.articles.storing import Import, StoreReport
from digest.database import Database
from digest.errors import BadInput, DigestError, Refused
from digest.fetching import Fetched, Fetcher, masked, shown

OK, NOT_MODIFIED, UNAUTHORISED, FORBIDDEN, NOT_FOUND, GONE_FOR_GOOD, TOO_MANY = 200, 304, 401, 403, 404, 410, 429
SERVER_ERRORS = 500
FIRST_PAGES = 4  # of WordPress, at the first fetch: 200 posts
LONGEST_VALIDATOR = 500  # characters
BROKEN = "feed"  # where a RowError stands that says the feed as a whole is broken
TYPES = "application/atom+xml, application/rss+xml, application/feed+json, application/json, application/xml;q=0.9"
ACCEPT = f"{TYPES}, text/xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of asking a feed. The validators are those of the answer that was stored; None: as they were.

    ``news``: an article was stored anew or changed. ``fresh``, ``wait``: see ``pacing``. ``moved_to``: its address
    from now on.
    """

    sentence: str
    ok: bool
    news: bool = False
    report: StoreReport | None = None
    whole: bool = True  # False: the answer broke off in the middle
    items: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    moved_to: str = ""
    fresh: timedelta = timedelta()
    wait: timedelta = timedelta()


def ask(
    database: Database, fetcher: Fetcher, pictures: PictureStore, feed: Feed, at: datetime, *, anew: bool = False
) -> Outcome:
    """Ask a feed and store what it gives. ``anew``: even what is said to be unchanged.

    What is wrong with the feed is never raised; Refused where the database cannot store, which no feed is to blame for.
    """
    try:
        return _asked(database, fetcher, pictures, feed, at, anew=anew)
    except DigestError as error:
        return _failed(str(error).removeprefix(f"{feed.id}: "))
    except SQLAlchemyError as error:
        raise Refused(
            f"The database could not store what {feed.id} gave: {_cause(error)}. Is the disk full?"
        ) from error
    except Exception as error:  # noqa: BLE001 - whatever one feed does, the others go on
        return _failed(f"It could not be taken in ({type(error).__name__}). This is a fault of ours: please report it.")


def _asked(
    database: Database, fetcher: Fetcher, pictures: PictureStore, feed: Feed, at: datetime, *, anew: bool
) -> Outcome:
    validators = _validators(feed, anew=anew)
    fetched = fetcher.get(request_url(feed.url, feed.kind), {"accept": ACCEPT} | validators)
    if fetched.status == NOT_MODIFIED and validators:
        fresh = pacing.fresh_for(fetched.headers, b"")
        return Outcome(sentence="Unchanged since the last fetch.", ok=True, fresh=fresh)
    if fetched.status != OK:
        return replace(_failed(_refusal(fetched)), wait=pacing.retry_after(fetched.headers, at))
    if feed.kind == FeedKind.most_read:
        return _with_answer(_take_ranks(database, feed, fetched, at), feed, fetched)
    origin = Origin(feed.id, url=fetched.url, content_type=fetched.content_type)
    if reading.is_page(fetched.body, fetched.content_type):
        return _failed(reading.no_feed(fetched.body, origin))
    batch = collecting.read(fetched.body, origin, pictures)
    batch = replace(batch, items=[*batch.items, *_further(fetcher, feed, fetched, batch)])
    return _with_answer(_take_articles(database, feed, batch, at), feed, fetched)


def _validators(feed: Feed, *, anew: bool) -> dict[str, str]:
    """Return the headers of a conditional request (RFC 9110, 13.1)."""
    if anew:
        return {}
    given = {"if-none-match": feed.etag, "if-modified-since": feed.last_modified}
    return {name: value for name, value in given.items() if value}


def _refusal(fetched: Fetched) -> str:
    """Say what a status means that is no success."""
    status = fetched.status
    said = {
        NOT_MODIFIED: "It says that it is unchanged though nothing was had of it before (304).",
        UNAUTHORISED: "It wants a login or a key (401). Ask the site for an address with a key in it.",
        FORBIDDEN: "The site does not let us have it (403). Ask them to let feed readers in, or check its key.",
        NOT_FOUND: "There is nothing at its address any more (404). Look on the site for the new one.",
        GONE_FOR_GOOD: f"{GONE}. Give its new address with `digest feeds change`, or remove it.",
        TOO_MANY: f"{TOO_OFTEN} (429).",
    }
    if status >= SERVER_ERRORS:
        return f"The site has an error of its own ({status}). It is asked again later."
    return said.get(status, f"It answered with status {status}, which is no feed.")


def _take_articles(database: Database, feed: Feed, batch: Batch, at: datetime) -> Outcome:
    """Store the articles of an answer; until a feed was had once, all it brings is backlog."""
    first = feed.succeeded_at is None
    terms = Import(source=feed.id, at=at, language=feed.language, region=feed.region, keep=parse_keep(feed.keep_query))
    report = collecting.store(database, batch, terms, backlog=first)
    if report.errors and not report.stored:
        return replace(_failed(f"None of its items could be read. {_one(report.errors[0])}"), report=report)
    items = sum(isinstance(item, ArticleData) for item in batch.items)
    news = bool(report.new or report.updated)
    return Outcome(sentence=_said(feed, report, items), ok=True, news=news, report=report, items=items)


def _said(feed: Feed, report: StoreReport, items: int) -> str:
    if not items:
        return f"It holds no articles; it had {feed.items} before." if feed.items else "It holds no articles yet."
    parts = [f"{report.new} new"] if report.new else []
    parts += [f"{report.updated} changed"] if report.updated else []
    parts += [f"{report.unchanged} as before"] if report.unchanged else []
    backlog = ", all backlog: what was out before counts as old" if feed.succeeded_at is None else ""
    bad = f" {len(report.errors)} could not be read. {_one(report.errors[0])}" if report.errors else ""
    return f"{counted(items, 'article')}: {', '.join(parts) or 'nothing stored'}{backlog}.{bad}"


def _take_ranks(database: Database, feed: Feed, fetched: Fetched, at: datetime) -> Outcome:
    """Store the places of a "most read" list."""
    rows = most_read(fetched.body, fetched.url)
    with database.writing() as session:
        report = import_list(session, rows, source=feed.id, at=at, keep=parse_keep(feed.keep_query))
    if report.errors and not (report.articles or report.unknown):
        raise BadInput(f"None of its places could be read. {_one(report.errors[0])}")
    unknown = f"; {len(report.unknown)} are no articles of ours" if report.unknown else ""
    places = report.articles + len(report.unknown)
    sentence = f"{counted(places, 'place')} of the most read: {report.articles} known{unknown}."
    return Outcome(sentence=sentence, ok=True, news=bool(report.articles), items=places)


def _further(fetcher: Fetcher, feed: Feed, fetched: Fetched, batch: Batch) -> Iterator[ArticleData | RowError]:
    """Yield the next pages of WordPress at the first fetch, so that the backlog of a busy site is had, too.

    https://developer.wordpress.org/rest-api/using-the-rest-api/pagination/
    """
    total = fetched.headers.get("x-wp-totalpages", "")
    if feed.kind != FeedKind.wordpress or feed.succeeded_at or chooses_its_page(feed.url) or not total.isdecimal():
        return
    for page in range(2, min(int(total[:9]), FIRST_PAGES) + 1):
        try:
            more = fetcher.get(request_url(feed.url, feed.kind, page), {"accept": ACCEPT})
            if more.status != OK:
                return
            yield from collecting.read(more.body, replace(batch.origin, url=more.url)).items
        except DigestError as error:
            yield RowError(f"page {page}", masked(str(error)), kept=True)
            return


def _with_answer(outcome: Outcome, feed: Feed, fetched: Fetched) -> Outcome:
    """Note what the answer says of itself, once what it holds is stored.

    A feed that broke off in the middle is had anew the next time, so its validators are not kept.
    """
    if not outcome.ok:
        return outcome
    whole = outcome.report is None or all(one.where != BROKEN for one in outcome.report.warnings)
    downgraded = feed.url.startswith("https://") and not fetched.url.startswith("https://")
    return replace(
        outcome,
        whole=whole,
        etag=_validator(fetched, "etag") if whole else "",
        last_modified=_validator(fetched, "last-modified") if whole else "",
        fresh=pacing.fresh_for(fetched.headers, fetched.body),
        moved_to=fetched.url if fetched.moved_for_good and not downgraded else "",
    )


def _validator(fetched: Fetched, name: str) -> str:
    """Return a validator that can be sent back as it came; "" for one that no header may hold."""
    value = fetched.headers.get(name, "")
    fit = value.isascii() and value.isprintable() and len(value) <= LONGEST_VALIDATOR
    return value if fit else ""


def _failed(sentence: str) -> Outcome:
    return Outcome(sentence=masked(sentence), ok=False)


def _one(error: RowError) -> str:
    where = shown(error.where) if error.where.startswith("http") else f"{error.where[:1].upper()}{error.where[1:]}"
    return f"{where}: {error.sentence}"


def _cause(error: SQLAlchemyError) -> str:
    """Return what the database itself says, in one line."""
    return str(getattr(error, "orig", None) or error).splitlines()[0].rstrip(".")
