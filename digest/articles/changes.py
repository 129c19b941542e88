"""What a person does to an article: find it, give it the badge, withdraw it, mark an update; all changes are logged."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast
from sqlmodel import Session, col, select

from digest.articles.canonical import canonical_url
from digest.articles.identity import articles_at
from digest.articles.models import Article, ArticleLog, ArticleStatus
from digest.articles.places.locating import relocate
from digest.errors import BadInput, NotFound, Refused
from digest.regions import RegionTree, all_regions, get_region

WITHDRAWN = (ArticleStatus.unpublished, ArticleStatus.retracted)


def find(session: Session, reference: str) -> Article:
    """Return the article with an id or at an address. Raises NotFound with a sentence."""
    try:
        article = session.get(Article, UUID(reference))
    except ValueError:
        article = _at_address(session, reference)
    if article is None:
        raise NotFound(f"There is no article {reference!r}. `digest articles list` shows those there are.")
    return article


def _at_address(session: Session, url: str) -> Article | None:
    try:
        found = list(articles_at(session, [canonical_url(url)]).values())
    except BadInput:
        return None
    return session.get(Article, found[0]) if found else None


def choose(session: Session, reference: str, *, who: str, at: datetime, chosen: bool = True) -> Article:
    """Give an article the editors' badge, or take it away; imports leave that as it is from now on."""
    return _decide(session, find(session, reference), "editors_choice", chosen, who=who, at=at)


def place(session: Session, reference: str, regions: Sequence[str], *, who: str, at: datetime) -> Article:
    """Say which regions an article belongs to, none included; imports leave that as it is from now on."""
    known = [get_region(session, region).id for region in regions]
    return _decide(session, find(session, reference), "regions", dict.fromkeys(known, "tag"), who=who, at=at)


def place_by_rules(session: Session, reference: str, *, who: str, at: datetime) -> Article:
    """Take back what a person said of an article's regions: tags, feeds and its text decide again."""
    article = find(session, reference)
    before = article.regions
    article.by_hand = {name: value for name, value in article.by_hand.items() if name != "regions"}
    session.add(article)
    session.flush()
    relocate(session, [article.id])
    session.refresh(article)
    _log(session, article, "regions", before, article.regions, who=who, at=at, reason="")
    return article


def withdraw(
    session: Session, reference: str, *, status: ArticleStatus, who: str, at: datetime, reason: str = ""
) -> Article:
    """Say that an article is unpublished or retracted, or published again; imports leave that as it is from now on."""
    if status is ArticleStatus.embargoed:
        raise BadInput("An embargo is set by the date of publication, not by hand.")
    return _decide(session, find(session, reference), "status", status.value, who=who, at=at, reason=reason)


def mark_update(session: Session, reference: str, *, who: str, at: datetime, reason: str) -> Article:
    """Mark a substantive update: the article counts as new once more, and may be sent once more.

    Raises BadInput without a reason, Refused for a withdrawn article.
    """
    article = find(session, reference)
    if not reason.strip():
        raise BadInput("An update needs a reason: what is new in the article?")
    if article.status in WITHDRAWN:
        raise Refused(f"{article.headline!r} is {article.status}; what is withdrawn cannot be updated.")
    before = article.refreshed_at
    article.refreshed_at = at
    _log(session, article, "refreshed_at", before, at, who=who, at=at, reason=reason)
    return article


def list_articles(
    session: Session,
    *,
    region: str | None = None,
    status: ArticleStatus | None = None,
    chosen: bool | None = None,
    source: str | None = None,
    since: datetime | None = None,
    text: str = "",
    placed: bool | None = None,
    limit: int = 50,
) -> list[Article]:
    """Return the newest articles that fit all that is asked; ``region`` takes in the regions below it.

    ``placed``: with any region, or (the inbox) without one.
    """
    query = select(Article).order_by(col(Article.published_at).desc(), col(Article.id))
    if status is not None:
        query = query.where(Article.status == status)
    if chosen is not None:
        query = query.where(Article.editors_choice == chosen)
    if source is not None:
        query = query.where(Article.source == source)
    if since is not None:
        query = query.where(Article.published_at >= since)
    if text:
        query = query.where(col(Article.headline).icontains(text, autoescape=True))
    if placed is not None:
        nowhere = cast(col(Article.regions), String) == "{}"
        query = query.where(~nowhere if placed else nowhere)
    if region is None:
        return list(session.exec(query.limit(limit)))
    return list(_in_region(session, query, region, limit))


def log_of(session: Session, article: Article) -> list[ArticleLog]:
    """Return what people changed of an article, oldest first."""
    query = select(ArticleLog).where(ArticleLog.article_id == article.id).order_by(col(ArticleLog.id))
    return list(session.exec(query))


def _in_region(session: Session, query: Any, region: str, limit: int) -> Iterator[Article]:
    get_region(session, region)
    tree = RegionTree.of(all_regions(session))
    left = limit
    for article in session.exec(query.execution_options(yield_per=200)):
        if left and any(region in (place, *tree.ancestors(place)) for place in article.regions):
            left -= 1
            yield article


def _decide(
    session: Session, article: Article, name: str, value: Any, *, who: str, at: datetime, reason: str = ""
) -> Article:
    before = getattr(article, name)
    setattr(article, name, value)
    article.by_hand = article.by_hand | {name: value}
    _log(session, article, name, before, value, who=who, at=at, reason=reason)
    return article


def _log(
    session: Session, article: Article, what: str, before: Any, after: Any, *, who: str, at: datetime, reason: str
) -> None:
    session.add(article)
    values = {"article_id": article.id, "at": at, "who": who, "what": what, "reason": reason.strip()}
    plain = {"before": _plain(before), "after": _plain(after)}
    session.add(ArticleLog.model_validate(values | plain))
    session.flush()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
