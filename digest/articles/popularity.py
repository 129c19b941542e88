"""How much an article is read: human clicks and page views, against what an average story would have got."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, or_, select, update
from sqlmodel import Session

from digest.articles.identity import ARTICLES
from digest.articles.models import Article, Exposure, Reads
from digest.articles.upserting import upsert

READS = Reads.__table__  # type: ignore[attr-defined]
EXPOSURES = Exposure.__table__  # type: ignore[attr-defined]
SITE_DAYS = timedelta(days=28)  # over which the site's mean views per article are taken
AGE_HALF_HOURS = 24.0  # half of its views an average story has in its first day, ranking.md 1.2
DEFAULT_RATE = 0.03  # clicks per delivery at place 1, until there are ENOUGH_ISSUES
ENOUGH_ISSUES, LAST_ISSUES = 3, 8
LEAST_INSIDE = 0.5  # of what a story had by the end of the counted periods
CHUNK = 1_000  # ids of one query


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of an article's reading: ``clicks`` against ``expected``, and its place in a "most read" list."""

    clicks: float = 0.0  # human mail clicks plus page views
    expected: float = 0.0  # what an average story would have got in its places and at its age
    popular_rank: tuple[int, int] | None = None  # (rank, length of the list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """One article at one place of one edition: how many got it, and how many clicks that place should bring."""

    article_id: UUID
    list_id: str
    edition_number: int
    place: int  # from the top of the whole mail, the lead is 1
    sent_at: datetime  # of the issue: the same for all its editions
    delivered: int
    expected: float  # delivered * base_rate(list) * theta(place)


def reading(session: Session, articles: Iterable[Article], *, as_of: datetime, since: datetime) -> dict[UUID, Reading]:
    """Return what is known at ``as_of`` of the reading of each article (ranking.md 1.2, and rule 4 of 1.7).

    Page views count from periods that ended after ``since`` and by ``as_of``, mail clicks from mails sent
    between them. Expected of the web is Vbar * (1 - 2^(-age/24 h)), for articles whose views are known; Vbar is
    the mean of all views per article, over those published in the 28 days before ``as_of`` whose views are known.
    The age is that at the end of the last period counted, and what came before the first one is taken off: see
    ``share``. A rank is of the newest list of its source by then: who has left that list has no rank.
    """
    wanted = {article.id: article for article in articles}
    newest = _newest_lists(session, as_of=as_of, since=since)
    by_article = _reads(session, wanted, newest, as_of=as_of, after=min(since, as_of - SITE_DAYS))
    mean = _site_mean(session, by_article, as_of)
    mail = _mail(session, as_of=as_of, since=since)
    found = {}
    for key, article in wanted.items():
        out = article.published_at
        rows = [row for row in by_article.get(key, ()) if row.period_end > since]
        counted = _counted([row for row in rows if row.period_end > out])  # nobody reads what is not out
        clicks, expected = mail.get(key, (0.0, 0.0))
        web = mean * share(counted, out) if counted else 0.0
        views = _views(counted)
        found[key] = Reading(clicks + views, expected + web, _rank(rows, newest))
    return found


def share(counted: Sequence[Row[Any]], published_at: datetime) -> float:
    """Return which share of all its views an average story has in periods that are counted.

    Up to the end of the last period, by ``at_age``; less what it had before the first one and between them, but at
    most half of it: the curve says that nobody reads a story of last month, and some do.
    """
    until = at_age(max(row.period_end for row in counted) - published_at)
    inside = sum(at_age(row.period_end - published_at) - at_age(row.period_start - published_at) for row in counted)
    return max(inside, until * LEAST_INSIDE)


def at_age(age: timedelta) -> float:
    """Return which share of all its views an average story has at an age."""
    hours = max(0.0, age / timedelta(hours=1))
    return 1.0 - float(2.0 ** (-hours / AGE_HALF_HOURS))


def seen(rows: Sequence[Row[Any]]) -> int | None:
    """Return the views that rows of one article come to, or None where none has any.

    Periods of one source add up, each stretch of time once: of two that overlap the longer counts, or the newer.
    Two sources that watch one site saw the same readers: the greater counts.
    """
    counted = _counted(rows)
    return _views(counted) if counted else None


def _counted(rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Return the rows whose views count: see ``seen``."""
    by_source: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        if row.views is not None:
            by_source[row.source].append(row)
    return max((_apart(of_source) for of_source in by_source.values()), key=_views, default=[])


def _views(rows: Sequence[Row[Any]]) -> int:
    return sum(row.views for row in rows)


def _apart(rows: list[Row[Any]]) -> list[Row[Any]]:
    taken: list[Row[Any]] = []
    for row in sorted(rows, key=lambda one: (one.period_end - one.period_start, one.period_end), reverse=True):
        if all(row.period_end <= other.period_start or row.period_start >= other.period_end for other in taken):
            taken.append(row)
    return taken


def _rank(rows: Sequence[Row[Any]], newest: Mapping[str, datetime]) -> tuple[int, int] | None:
    """Return the best rank in the newest "most read" list of each source."""
    ranked = (row for row in rows if row.rank is not None and row.period_end == newest.get(row.source))
    return min(((row.rank, row.rank_of or row.rank) for row in ranked), default=None)


def _newest_lists(session: Session, *, as_of: datetime, since: datetime) -> dict[str, datetime]:
    """Return when the newest "most read" list of each source ended."""
    table = READS.c
    query = (
        select(table.source, func.max(table.period_end))
        .where(table.rank.is_not(None), table.period_end > since, table.period_end <= as_of)
        .group_by(table.source)
    )
    return {source: end for source, end in session.execute(query)}  # noqa: C416 - rows are no pairs to mypy


def _reads(
    session: Session, wanted: Collection[UUID], newest: Mapping[str, datetime], *, as_of: datetime, after: datetime
) -> dict[UUID, list[Row[Any]]]:
    """Return the reads of articles that are wanted or young enough for the site's mean: archives have many more.

    Of "most read" lists only the newest of each source: one that is pulled on schedule leaves thousands of old ones.
    """
    table = READS.c
    telling = or_(
        table.views.is_not(None),
        *(and_(table.source == source, table.period_end == end) for source, end in newest.items()),
    )
    query = select(
        table.article_id, table.source, table.period_start, table.period_end, table.views, table.rank, table.rank_of
    ).where(table.period_end > after, table.period_end <= as_of, telling)
    young = select(ARTICLES.c.id).where(ARTICLES.c.published_at > as_of - SITE_DAYS)
    found: dict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in session.execute(query.where(table.article_id.in_(young))):
        found[row.article_id].append(row)
    others = [key for key in wanted if key not in found]
    for start in range(0, len(others), CHUNK):
        for row in session.execute(query.where(table.article_id.in_(others[start : start + CHUNK]))):
            found[row.article_id].append(row)
    return found


def _site_mean(session: Session, by_article: dict[UUID, list[Row[Any]]], as_of: datetime) -> float:
    query = select(ARTICLES.c.id).where(ARTICLES.c.published_at > as_of - SITE_DAYS, ARTICLES.c.published_at <= as_of)
    recent = session.execute(query).scalars()
    views = [found for key in recent if (found := seen(by_article.get(key, ()))) is not None]
    return fmean(views) if views else 0.0


def _mail(session: Session, *, as_of: datetime, since: datetime) -> dict[UUID, tuple[float, float]]:
    """Return clicks and expectation by article, of lists that brought any click.

    A list without a single one is a list whose clicks are not counted: it says nothing about its stories, and must
    not make them look unread to the readers of other lists.
    """
    table = EXPOSURES.c
    when = (table.sent_at > since, table.sent_at <= as_of)
    counted = select(table.list_id).where(*when).group_by(table.list_id).having(func.sum(table.clicks) > 0)
    query = (
        select(table.article_id, func.sum(table.clicks), func.sum(table.expected))
        .where(*when, table.list_id.in_(counted))
        .group_by(table.article_id)
    )
    return {article: (float(clicks), float(expected)) for article, clicks, expected in session.execute(query)}


def record_exposure(session: Session, rows: Iterable[Exposed]) -> None:
    """Note how often articles stood where. Numbers are absolute: noting them again replaces them, clicks stay."""
    values = [asdict(row) | {"clicks": 0} for row in rows]
    key = ("article_id", "edition_number", "place")
    upsert(session, EXPOSURES, values, key=key, update=("list_id", "sent_at", "delivered", "expected"))


def record_click(session: Session, article_id: UUID, edition_number: int, place: int, n: int = 1) -> bool:
    """Add human clicks to a place of an edition. False where its exposure is not noted yet: come again later."""
    table = EXPOSURES.c
    here = (table.article_id == article_id) & (table.edition_number == edition_number) & (table.place == place)
    statement = update(EXPOSURES).where(here).values(clicks=table.clicks + n)
    return bool(session.connection().execute(statement).rowcount)


def base_rate(session: Session, list_id: str, as_of: datetime) -> float:
    """Return the mean rate of human clicks at place 1 over a list's last 8 issues; 0.03 until there are 3.

    Editions sent on one day (UTC) are one issue. 0.03 also where none of them brought a click: nobody counts them.
    """
    table = EXPOSURES.c
    query = select(table.sent_at, table.delivered, table.clicks).where(
        table.list_id == list_id, table.place == 1, table.sent_at < as_of, table.delivered > 0
    )
    issues: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for sent_at, delivered, clicks in session.execute(query):
        day = sent_at.strftime("%Y-%m-%d")
        issues[day] = (issues[day][0] + clicks, issues[day][1] + delivered)
    last = [issues[day] for day in sorted(issues)[-LAST_ISSUES:]]
    rate = fmean(clicks / delivered for clicks, delivered in last) if len(last) >= ENOUGH_ISSUES else 0.0
    return rate or DEFAULT_RATE
