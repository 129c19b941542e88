"""Looks at the pages of stored articles: whether they are still published, and what of them is missing here.

Ruling 13: of an article that only feeds tell of, 404, 410 or noindex means unpublished. It must be seen twice, ten
minutes apart (410 once), and not of most pages of a site at the same time: that is a fault of the site.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from urllib.parse import urlsplit
from uuid import UUID

from sqlmodel import Session, col, select

from digest.articles.feeds.models import Feed
from digest.articles.importing.data import ArticleData
from digest.articles.models import Article, ArticleLog, ArticlePage, ArticleSource, ArticleStatus
from digest.articles.page_dues import AGAIN, Pressing, due, not_seen_lately
from digest.articles.page_saying import Saying, Says, heard
from digest.articles.places.locating import relocate
from digest.articles.storing import forget_words
from digest.database import Database
from digest.errors import BadInput
from digest.fetching import Fetcher

__all__ = ["Looked", "Pressing", "due", "look", "not_seen_lately"]

WHO = "page check"
MOST, MOST_OF_HOST = 60, 30  # pages of one pass; a pass is made once a minute
DAILY = timedelta(days=1)
FIRST_WAIT = timedelta(minutes=30)  # after a page that could not be had; doubled each time, up to a day
FAULTY_FROM, FAULTY_SHARE = 10, 0.5  # pages of one site in one pass, and the share of them that says "gone"


@dataclass
class Looked:
    """What came of it: articles by id, and sentences for a person."""

    looked: list[UUID] = field(default_factory=list)
    unpublished: list[UUID] = field(default_factory=list)
    published_again: list[UUID] = field(default_factory=list)
    filled: list[UUID] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Target:
    article: UUID
    url: str

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc.lower()


def look(
    database: Database,
    fetcher: Fetcher,
    at: datetime,
    articles: Collection[UUID],
    *,
    stop: Event | None = None,
    most: int = MOST,
    say: Callable[[int], None] = lambda _: None,
    force: bool = False,
) -> Looked:
    """Look at the pages of articles, one after the other, in their order.

    ``most``: at most so many, and half as many of one host. ``force``: all of them, as before a cut-off or a sending.
    ``say`` is called with 1 for each. Fetches outside any transaction; safe to repeat.
    """
    report = Looked()
    seen: list[tuple[_Target, Saying]] = []
    silent: set[str] = set()
    for target in _targets(database, articles, None if force else most):
        if stop is not None and stop.is_set():
            break
        if target.host not in silent:
            seen.append((target, _asked(fetcher, target, silent)))
        say(1)
    for target, saying in _without_faults(seen, report):
        with database.writing() as session:
            _settle(session, target.article, saying, at, report)
    return report


def _targets(database: Database, articles: Collection[UUID], most: int | None) -> list[_Target]:
    ids = list(dict.fromkeys(articles))
    with database.reading() as session:
        rows = [
            row
            for start in range(0, len(ids), 500)
            for row in session.exec(
                select(Article.id, Article.url).where(col(Article.id).in_(ids[start : start + 500]))
            ).all()
        ]
    urls = dict(rows)
    found = [_Target(one, urls[one]) for one in ids if one in urls]
    return found if most is None else _within(found, most)


def _within(targets: Iterable[_Target], most: int) -> list[_Target]:
    hosts: Counter[str] = Counter()
    kept = []
    for target in targets:
        hosts[target.host] += 1
        if hosts[target.host] <= max(1, most * MOST_OF_HOST // MOST):
            kept.append(target)
    return kept[:most]


def _asked(fetcher: Fetcher, target: _Target, silent: set[str]) -> Saying:
    """Ask for a page. A host that does not answer is not asked again in this pass."""
    try:
        return heard(target.url, fetcher.get(target.url))
    except BadInput as error:
        silent.add(target.host)
        return Saying(Says.nothing, str(error))


def _without_faults(seen: Sequence[tuple[_Target, Saying]], report: Looked) -> list[tuple[_Target, Saying]]:
    """Take what is said of most pages of a site at once for a fault of the site, and say so."""
    all_of = Counter(target.host for target, _ in seen)
    bad = Counter(target.host for target, saying in seen if _is_bad(saying) and not saying.sure)
    faulty = {
        host for host, count in bad.items() if all_of[host] >= FAULTY_FROM and count > FAULTY_SHARE * all_of[host]
    }
    report.sentences += [
        f"{host} says of {bad[host]} of {all_of[host]} articles that they are gone. That looks like a fault of the "
        "site, so none of them was taken for unpublished."
        for host in sorted(faulty)
    ]
    doubted = Saying(Says.nothing, "Most pages of the site say so.")
    return [
        (target, doubted if target.host in faulty and _is_bad(saying) and not saying.sure else saying)
        for target, saying in seen
    ]


def _is_bad(saying: Saying) -> bool:
    return saying.says in (Says.gone, Says.noindex)


def _settle(session: Session, article_id: UUID, saying: Saying, at: datetime, report: Looked) -> None:
    """Write down what a page said, and change the article where that is due."""
    article = session.get(Article, article_id, with_for_update=True)
    if article is None:
        return
    report.looked.append(article_id)
    row = session.get(ArticlePage, article_id)
    before = (
        ArticlePage.model_validate({"article_id": article_id, "looked_at": at, "next_at": at}) if row is None else row
    )
    if saying.says is Says.nothing:
        _failed(before, at)
    elif saying.says is Says.there:
        before.says, before.failures, before.looked_at, before.next_at = Says.there, 0, at, at + DAILY
        _publish_again(session, article, at, report)
        if saying.article is not None:
            _fill(session, article, saying.article, report)
    elif _is_certain(before, saying, at):
        _unpublish(session, article, saying, at, report)
    session.add(before)
    session.flush()


def _failed(row: ArticlePage, at: datetime) -> None:
    row.failures += 1
    row.next_at = at + min(FIRST_WAIT * 2 ** min(row.failures - 1, 10), DAILY)
    if not row.says:
        row.looked_at = at


def _is_certain(row: ArticlePage, saying: Saying, at: datetime) -> bool:
    """Note a page that says its article is gone; tells whether that was seen long enough."""
    since = row.looked_at if row.says else at
    certain = saying.sure or (bool(row.says) and at - since >= AGAIN)
    row.says, row.failures = saying.says, 0
    row.looked_at = at if certain else since  # the first of two sights is waited from
    row.next_at = at + DAILY if certain else since + AGAIN
    return certain


def _unpublish(session: Session, article: Article, saying: Saying, at: datetime, report: Looked) -> None:
    """Take an article for unpublished, unless a person decided on it, or a source tells more than feeds do."""
    judged = article.status == ArticleStatus.published and article.published_at <= at
    if judged and "status" not in article.by_hand and _known_by_feeds_alone(session, article):
        _change(session, article, ArticleStatus.unpublished, saying.reason, at)
        report.unpublished.append(article.id)
        report.sentences.append(f"{article.headline!r} counts as unpublished. {saying.reason}")


def _publish_again(session: Session, article: Article, at: datetime, report: Looked) -> None:
    """Take an article for published that the page check, and nobody since, took for unpublished."""
    if article.status != ArticleStatus.unpublished or "status" in article.by_hand:
        return
    query = select(ArticleLog).where(ArticleLog.article_id == article.id, ArticleLog.what == "status")
    last = session.exec(query.order_by(col(ArticleLog.id).desc()).limit(1)).first()
    if last is not None and last.who == WHO and last.after == ArticleStatus.unpublished:
        _change(session, article, ArticleStatus.published, "Its page is there again.", at)
        report.published_again.append(article.id)
        report.sentences.append(f"{article.headline!r} counts as published again. Its page is there again.")


def _change(session: Session, article: Article, status: ArticleStatus, reason: str, at: datetime) -> None:
    values = {"article_id": article.id, "at": at, "who": WHO, "what": "status", "reason": reason}
    values |= {"before": str(article.status), "after": status.value}
    session.add(ArticleLog.model_validate(values))
    article.status = status
    session.add(article)


def _known_by_feeds_alone(session: Session, article: Article) -> bool:
    """Tell whether only feeds and pages told of an article: a file or an API says itself what is withdrawn."""
    query = select(ArticleSource.source).where(ArticleSource.article_id == article.id)
    sources = set(session.exec(query).all()) or {article.source}
    feeds = set(session.exec(select(Feed.id).where(col(Feed.id).in_(sources))).all())
    host = article.canonical_url.partition("/")[0]
    return all(one in feeds or one == host or "/" in one for one in sources)


def _fill(session: Session, article: Article, data: ArticleData, report: Looked) -> None:
    """Take picture and standfirst from the page where there is none."""
    if not article.image_url and data.image is not None:
        article.image_url, article.image_alt, article.image_credit = data.image.url, data.image.alt, data.image.credit
        article.image_width, article.image_height = data.image.width, data.image.height
        report.filled.append(article.id)
    if not article.standfirst and data.standfirst:
        article.standfirst = data.standfirst
        report.filled += [article.id] if article.id not in report.filled[-1:] else []
        session.add(article)
        session.flush()
        forget_words(session, [article.id])
        relocate(session, [article.id])
    session.add(article)
