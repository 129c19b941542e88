"""Which readers of an edition would get a story again, because another edition brought it to them before.

An edition leaves out what its own set of lists was sent. Readers who changed their lists since may have had more:
their deliveries tell: they belong to a later stage (sending), so they are read as ``issues/history.py`` reads them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, or_, select, union
from sqlmodel import Session, col

from digest.articles.clusters import members
from digest.articles.models import Article
from digest.issues.history import DELIVERY, GONE_OUT
from digest.issues.models import Issue
from digest.proofs.models import EditionStory
from digest.ranking.formula import WEEKLY
from subscribers import recipients

COMES_BACK = timedelta(days=WEEKLY.resend_days)
PAGE = 5_000  # subscribers
_NOBODY_PAUSED = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """A story of the new edition, under every name it may have been sent before."""

    story_key: str
    article_id: UUID
    refreshed_at: datetime | None = None  # an update after the last send lifts "sent before"
    also: tuple[UUID, ...] = ()  # the others in its cluster, when the issue was drafted


def clashes(session: Session, issue: Issue, stories: Collection[Told]) -> dict[tuple[int, int], frozenset[str]]:
    """Return (issue number, edition number) -> story keys that this earlier edition brought already.

    A story was brought if any member of its cluster was: of the cluster as drafted, and as it is now.
    """
    story: Any = EditionStory.__table__.c  # type: ignore[attr-defined]
    by_key = {one.story_key: one for one in stories}
    by_id = _by_id(session, stories)
    same = or_(story.story_key.in_(by_key), story.article_id.in_(by_id), col(Article.cluster).in_(by_key))
    recent = or_(col(Issue.first_accepted_at).is_(None), col(Issue.first_accepted_at) >= issue.as_of - COMES_BACK)
    statement = (
        select(
            story.issue_number,
            story.edition_number,
            story.story_key,
            story.article_id,
            col(Article.cluster),
            col(Issue.first_accepted_at),
        )
        .join(Issue, col(Issue.number) == story.issue_number)
        .outerjoin(Article, col(Article.id) == story.article_id)
        .where(col(Issue.publication_id) == issue.publication_id, col(Issue.id) != issue.id)
        .where(story.block != "correction", same, recent)
    )
    found: dict[tuple[int, int], set[str]] = {}
    for issue_number, edition_number, key, article_id, cluster, at in session.execute(statement):
        met = {*by_id.get(article_id, ()), by_key.get(key), by_key.get(cluster)} - {None}  # one old, two new ones
        again = {one.story_key for one in met if one and not (one.refreshed_at and at and one.refreshed_at > at)}
        found.setdefault((issue_number, edition_number), set()).update(again)
    return {where: frozenset(keys) for where, keys in found.items() if keys}


def _by_id(session: Session, stories: Collection[Told]) -> dict[UUID, list[Told]]:
    """Return the stories by the id of every article that tells them."""
    now = members.mates(session, [one.article_id for one in stories])
    found: dict[UUID, list[Told]] = {}
    for one in stories:
        for article in {one.article_id, *one.also, *now.get(one.article_id, ())}:
            found.setdefault(article, []).append(one)
    return found


def readers(
    session: Session,
    family: str,
    earlier: Mapping[tuple[int, int], frozenset[str]],
    audiences: Sequence[int],
    *,
    after_subscriber: int = 0,
    limit: int = PAGE,
    now: datetime | None = None,
    frozen: tuple[int, int] | None = None,
) -> list[tuple[int, frozenset[str]]]:
    """Return up to ``limit`` (subscriber, story keys they had) of these audiences, by subscriber number.

    ``frozen``: an (issue, edition) whose deliveries are being written; who has one counts, too, whatever lists they
    changed to since.
    """
    if not earlier or not (audiences or frozen):
        return []
    mine = _readers(family, audiences, now or _NOBODY_PAUSED, frozen).subquery()
    old = DELIVERY.c
    met = and_(
        old.issue_number.in_(sorted({issue for issue, _edition in earlier})),
        old.edition_number.in_(sorted({edition for _issue, edition in earlier})),
        old.state.in_(GONE_OUT),
    )
    found = (
        select(old.subscriber_id, old.issue_number, old.edition_number)
        .join(mine, mine.c.subscriber_id == old.subscriber_id)
        .where(met, old.subscriber_id > after_subscriber)
    )
    ids = found.with_only_columns(old.subscriber_id).distinct().order_by(old.subscriber_id).limit(limit)
    page = list(session.execute(ids).scalars())
    if not page:
        return []
    had: dict[int, set[str]] = {}
    for subscriber, issue, edition in session.execute(found.where(old.subscriber_id <= page[-1])):
        had.setdefault(subscriber, set()).update(earlier.get((issue, edition), ()))
    return [(subscriber, frozenset(had[subscriber])) for subscriber in page]


def _readers(family: str, audiences: Sequence[int], now: datetime, frozen: tuple[int, int] | None) -> Any:
    found = recipients(family, now).subquery()
    now_in = select(found.c.subscriber_id).where(found.c.audience_id.in_(list(audiences)))
    if frozen is None:
        return now_in
    row = DELIVERY.c
    written = select(row.subscriber_id).where(
        row.issue_number == frozen[0], row.edition_number == frozen[1], row.state.in_(("freezing", "queued"))
    )
    return union(now_in, written)


def all_readers(
    session: Session,
    family: str,
    earlier: Mapping[tuple[int, int], frozenset[str]],
    audiences: Sequence[int],
    now: datetime,
) -> Iterator[tuple[int, frozenset[str]]]:
    """Yield every such reader, page by page."""
    after = 0
    while page := readers(session, family, earlier, audiences, after_subscriber=after, now=now):
        yield from page
        after = page[-1][0]
