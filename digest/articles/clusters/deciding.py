"""What a person says of same stories: these are one, this one is not; logged, and kept by every later comparing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session, col
from sqlmodel import select as select_articles

from digest.articles.changes import find
from digest.articles.clusters.settling import APART, PAIRS, SAME, chunks, settle, take_turn, touching
from digest.articles.models import Article, ArticleLog
from digest.articles.upserting import upsert
from digest.errors import BadInput, Refused

SHOWN = 200  # suggestions, at most


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Two articles whose headlines are alike, the earlier first; nobody said yet whether they tell one story."""

    first: Article
    second: Article
    title: float


def join(session: Session, references: Sequence[str], who: str, at: datetime) -> list[Article]:
    """Say that articles tell one story; what was said apart among them and their clusters is taken back.

    ``references``: ids or addresses. Returns the whole cluster. Raises NotFound; BadInput for fewer than two.
    """
    take_turn(session)
    named = _distinct(find(session, one) for one in references)
    if len(named) < 2:  # noqa: PLR2004
        raise BadInput("It takes two articles to join. Name both: `digest articles join A B`.")
    whole = {mate.id for one in named for mate in (one, *also(session, one))}
    for part in chunks(whole):
        _take_back(session, PAIRS.c.first.in_(part) & (PAIRS.c.verdict == APART), whole, who=who, at=at)
    first = named[0]
    _judge(session, ((first.id, other.id) for other in named[1:]), SAME, who, at)
    _settled(session, named, whole, "join", who=who, at=at)
    return [first, *also(session, first)]


def split(session: Session, reference: str, who: str, at: datetime) -> Article:
    """Say that an article does not tell the story of its cluster: it is apart from every present member.

    Raises NotFound; Refused where it stands alone.
    """
    take_turn(session)
    article = find(session, reference)
    others = [other.id for other in also(session, article)]
    if not others:
        raise Refused(f"{article.headline!r} stands in no cluster, so there is nothing to split it from.")
    _judge(session, ((article.id, other) for other in others), APART, who, at)
    _settled(session, [article], [article.id, *others], "split", who=who, at=at)
    return article


def undo(session: Session, reference: str, who: str, at: datetime) -> Article:
    """Take back all that was said of an article, joins and splits; the texts decide again.

    Raises NotFound; Refused where nothing was said.
    """
    take_turn(session)
    article = find(session, reference)
    said = select(PAIRS.c.first, PAIRS.c.second).where(touching([article.id]), PAIRS.c.verdict != "")
    whole = {one for row in session.execute(said) for one in row}
    if not whole:
        raise Refused(f"Nobody joined or split {article.headline!r}, so there is nothing to take back.")
    _take_back(session, touching([article.id]), whole, who=who, at=at)
    _settled(session, [article], whole, "unjudge", who=who, at=at)
    return article


def also(session: Session, article: Article) -> list[Article]:
    """Return the others of an article's cluster, the earliest first."""
    if article.cluster is None:
        return []
    query = select_articles(Article).where(Article.cluster == article.cluster, Article.id != article.id)
    return list(session.exec(query.order_by(col(Article.published_at), col(Article.id))))


def clusters(session: Session, since: datetime) -> list[list[Article]]:
    """Return the clusters that have a member published since, whole: the latest first, in each the earliest first."""
    name = col(Article.cluster)
    names = select(name).where(col(Article.published_at) >= since, name.is_not(None))
    query = select_articles(Article).where(name.in_(names.distinct()))
    found: dict[str, list[Article]] = {}
    for article in session.exec(query.order_by(col(Article.published_at), col(Article.id))):
        found.setdefault(str(article.cluster), []).append(article)
    whole = [members for members in found.values() if len(members) > 1]
    return sorted(whole, key=lambda members: (members[-1].published_at, members[-1].id), reverse=True)


def suggested(session: Session, since: datetime) -> list[Suggestion]:
    """Return pairs published since whose headlines are alike, but not their texts, and that nobody judged.

    The most alike first, at most 200. What one cluster holds already is no suggestion.
    """
    query = select(PAIRS.c.first, PAIRS.c.second, PAIRS.c.title).where(
        PAIRS.c.title.is_not(None), PAIRS.c.text.is_(None), PAIRS.c.verdict == "", *_both_since(since)
    )
    rows = session.execute(query.order_by(PAIRS.c.title.desc(), PAIRS.c.first, PAIRS.c.second)).all()
    ids = {one for row in rows for one in row[:2]}
    articles = {
        article.id: article
        for part in chunks(ids)
        for article in session.exec(select_articles(Article).where(col(Article.id).in_(part)))
    }
    made = [_suggestion(articles[row.first], articles[row.second], row.title) for row in rows]
    return [one for one in made if one.first.cluster is None or one.first.cluster != one.second.cluster][:SHOWN]


def _suggestion(one: Article, other: Article, title: float) -> Suggestion:
    first, second = sorted((one, other), key=lambda article: (article.published_at, article.id))
    return Suggestion(first, second, title)


def _both_since(since: datetime) -> list[Any]:
    recent = select(col(Article.id)).where(col(Article.published_at) >= since)
    return [PAIRS.c.first.in_(recent), PAIRS.c.second.in_(recent)]


def _distinct(articles: Iterable[Article]) -> list[Article]:
    return list({article.id: article for article in articles}.values())


def _judge(session: Session, pairs: Iterable[tuple[UUID, UUID]], verdict: str, who: str, at: datetime) -> None:
    rows = [
        {"first": min(pair), "second": max(pair), "text": None, "title": None, "verdict": verdict, "at": at, "who": who}
        for pair in pairs
    ]
    upsert(session, PAIRS, rows, key=("first", "second"), update=("verdict", "at", "who"))


def _take_back(session: Session, which: Any, whole: set[UUID], *, who: str, at: datetime) -> None:
    """Take back the verdicts on such pairs within a set of articles."""
    query = select(PAIRS.c.first, PAIRS.c.second).where(which)
    for first, second in session.execute(query).all():
        if first in whole and second in whole:
            one = (PAIRS.c.first == first) & (PAIRS.c.second == second)
            session.execute(update(PAIRS).where(one).values(verdict="", at=at, who=who))


def _settled(
    session: Session, articles: Sequence[Article], whole: Iterable[UUID], what: str, *, who: str, at: datetime
) -> None:
    """Bring the clusters up to date; log for each article which it stood in before, and stands in now."""
    before = {article.id: article.cluster for article in articles}
    settle(session, whole)
    for article in articles:
        values = {"article_id": article.id, "at": at, "who": who, "what": what, "before": before[article.id]}
        session.add(ArticleLog.model_validate(values | {"after": article.cluster}))
    session.flush()
