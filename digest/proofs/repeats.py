"""Which readers of an edition would get a story again, because another edition brought it to them before.

An edition leaves out what its own set of lists was sent. Readers who changed their lists since, or who also get the
companion of the publication (the daily of a weekly, the weekly of a daily), may have had more: their deliveries tell.
These belong to a later stage (sending), so they are read as ``issues/history.py`` reads them.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select
from sqlmodel import Session, col

from digest.articles.clusters import members
from digest.articles.models import Article
from digest.issues import companions
from digest.issues.history import DELIVERY, GONE_OUT
from digest.issues.models import Issue
from digest.proofs.models import EditionStory
from digest.ranking.formula import WEEKLY

COMES_BACK = timedelta(days=WEEKLY.resend_days)
PAGE = 5_000  # subscribers


@dataclass(frozen=True, slots=True)
class Told:
    """A story of the new edition, under every name it may have been sent before."""

    story_key: str
    article_id: UUID
    refreshed_at: datetime | None = None  # an update after the last send lifts "sent before"
    also: tuple[UUID, ...] = ()  # the others in its cluster, when the issue was drafted
    repeats_daily: bool = False  # the companion told it, and it may stand here again, labelled


def clashes(session: Session, issue: Issue, stories: Collection[Told]) -> dict[tuple[int, int], frozenset[str]]:
    """Return (issue number, edition number) -> story keys that this earlier edition brought already.

    Editions of the companion count, too, but for a story that may stand here again, labelled. A story was brought if
    any member of its cluster was: of the cluster as drafted, and as it is now.
    """
    story: Any = EditionStory.__table__.c  # type: ignore[attr-defined]
    by_key = {one.story_key: one for one in stories}
    by_id = _by_id(session, stories)
    family = (issue.publication_id, *companions.beside(session, issue.publication_id))
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
            col(Issue.publication_id),
        )
        .join(Issue, col(Issue.number) == story.issue_number)
        .outerjoin(Article, col(Article.id) == story.article_id)
        .where(col(Issue.publication_id).in_(family), col(Issue.id) != issue.id)
        .where(story.block != "correction", same, recent)
    )
    found: dict[tuple[int, int], set[str]] = {}
    for issue_number, edition_number, key, article_id, cluster, at, publication in session.execute(statement):
        met = {*by_id.get(article_id, ()), by_key.get(key), by_key.get(cluster)} - {None}  # one old, two new ones
        own = publication == issue.publication_id
        again = {one.story_key for one in met if one and _is_again(one, at, own=own)}
        found.setdefault((issue_number, edition_number), set()).update(again)
    return {where: frozenset(keys) for where, keys in found.items() if keys}


def _is_again(story: Told, sent_at: datetime | None, *, own: bool) -> bool:
    if story.repeats_daily and not own:
        return False
    return not (story.refreshed_at and sent_at and story.refreshed_at > sent_at)


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
    earlier: Mapping[tuple[int, int], frozenset[str]],
    mine: Select[Any] | None,
    *,
    after_subscriber: int = 0,
    limit: int = PAGE,
) -> list[tuple[int, frozenset[str]]]:
    """Return up to ``limit`` (subscriber, story keys they had) of those in ``mine``, by subscriber number.

    ``mine``: a select of subscriber_id, see ``of_audiences`` and ``written``; None: nobody.
    """
    if not earlier or mine is None:
        return []
    some, old = mine.subquery(), DELIVERY.c
    met = and_(
        old.issue_number.in_(sorted({issue for issue, _edition in earlier})),
        old.edition_number.in_(sorted({edition for _issue, edition in earlier})),
        old.state.in_(GONE_OUT),
    )
    found = (
        select(old.subscriber_id, old.issue_number, old.edition_number)
        .join(some, some.c.subscriber_id == old.subscriber_id)
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


def of_audiences(who: Select[Any], audiences: Sequence[int]) -> Select[Any] | None:
    """Return a select of the subscribers that ``who`` (subscriber_id, audience_id) has in these audiences."""
    found = who.subquery()
    return select(found.c.subscriber_id).where(found.c.audience_id.in_(list(audiences))) if audiences else None


def written(issue_number: int, edition_number: int) -> Select[Any]:
    """Return a select of the subscribers whose delivery of an edition is being written, whatever lists they have."""
    row = DELIVERY.c
    return select(row.subscriber_id).where(
        row.issue_number == issue_number,
        row.edition_number == edition_number,
        row.state.in_(("freezing", "queued")),
    )


def all_readers(
    session: Session, earlier: Mapping[tuple[int, int], frozenset[str]], mine: Select[Any] | None
) -> Iterator[tuple[int, frozenset[str]]]:
    """Yield every such reader, page by page."""
    after = 0
    while page := readers(session, earlier, mine, after_subscriber=after):
        yield from page
        after = page[-1][0]
