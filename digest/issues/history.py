"""What earlier issues of a publication told which set of lists, and what they had no room for.

Editions and their stories belong to a later stage (proofs), whose models this stage may not import. They are read
here by the names of their columns; a test compares these with the models.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import JSON, Integer, String, Uuid, and_, case, column, exists, func, or_, select, table
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, col

from digest.articles.models import Article
from digest.issues.models import Issue, IssueCandidate

EDITION = table(
    "edition",
    column("number", Integer),
    column("set_key", String),
    column("losers", JSON),
    column("issue_id", Uuid),
)
STORY = table(
    "editionstory",
    column("edition_number", Integer),
    column("issue_number", Integer),
    column("article_id", Uuid),
    column("story_key", String),
    column("block", String),
)
DELIVERY = table(
    "delivery",
    column("issue_number", Integer),
    column("subscriber_id", Integer),
    column("edition_number", Integer),
    column("state", String),
)
# Who has it, or may have it: those on their way count, they will have arrived before the next issue does.
GONE_OUT = ("accepted", "uncertain", "claimed", "queued", "freezing")
REMEMBERED = timedelta(days=366)  # a story may come back after 365 days
LOST_WITHIN = timedelta(days=28)
THIS_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class History:
    """What was told. Keys of ``sent``, ``popular`` and ``daily`` are story keys, clusters and article ids alike.

    Clusters change: ask under the ids of all present members, too, and it counts who was sent before it joined.
    """

    sent: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)  # key -> set key -> when last
    popular: Mapping[str, frozenset[str]] = field(default_factory=dict)  # key -> set keys
    losers: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)  # article id -> set key -> cut-off
    last_cutoff: datetime | None = None  # of the last regular issue that went out
    daily: frozenset[str] = frozenset()  # told this week by the daily whose stories may stand here again

    def sent_to(self, keys: Iterable[str]) -> dict[str, datetime]:
        """Return set key -> when a story was last sent to it, under any of its keys."""
        found: dict[str, datetime] = {}
        for key in keys:
            for set_key, at in self.sent.get(key, {}).items():
                found[set_key] = max(at, found.get(set_key, at))
        return found

    def popular_for(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Return the set keys that a story was printed in Popular for."""
        return tuple(sorted({set_key for key in keys for set_key in self.popular.get(key, ())}))


def sent_to_sets(session: Session, publication_id: str, before: datetime, apart: UUID | None = None) -> History:
    """Return what the issues cut off, or first accepted, before an instant told each set of lists.

    A story counts as sent from the first accepted delivery of its issue. ``apart``: an issue not to count.
    """
    earlier = _earlier(publication_id, before, apart)
    sent, popular = _told(session, earlier, before)
    return History(
        sent=sent,
        popular=popular,
        losers=_losers(session, earlier, before),
        last_cutoff=_last_cutoff(session, publication_id, before, apart),
    )


def told_this_week(session: Session, publication_id: str, before: datetime) -> frozenset[str]:
    """Return the keys of the stories that a publication told anybody in the seven days before an instant."""
    lately = and_(col(Issue.first_accepted_at) >= before - THIS_WEEK, col(Issue.first_accepted_at) < before)
    sent, _popular = _told(session, and_(col(Issue.publication_id) == publication_id, lately), before)
    return frozenset(sent)


def corrections_told(
    session: Session, publication_id: str, articles: Iterable[UUID], before: datetime, apart: UUID | None = None
) -> dict[tuple[UUID, str], frozenset[str]]:
    """Return (article, correction) -> the sets it went out to: in a block of its own, or with the story itself."""
    statement = (
        select(col(IssueCandidate.article_id), col(IssueCandidate.inputs), EDITION.c.set_key)
        .select_from(STORY)
        .join(EDITION, EDITION.c.number == STORY.c.edition_number)
        .join(Issue, col(Issue.number) == STORY.c.issue_number)
        .join(
            IssueCandidate,
            and_(col(IssueCandidate.issue_id) == Issue.id, col(IssueCandidate.article_id) == STORY.c.article_id),
        )
        .where(_earlier(publication_id, before, apart), _went_out(), STORY.c.article_id.in_(list(articles)))
    )
    told: dict[tuple[UUID, str], set[str]] = {}
    for article_id, inputs, set_key in session.execute(statement):
        told.setdefault((article_id, inputs.get("correction", "")), set()).add(set_key)
    return {what: frozenset(sets) for what, sets in told.items()}


def _earlier(publication_id: str, before: datetime, apart: UUID | None) -> ColumnElement[bool]:
    came_first = or_(col(Issue.as_of) < before, col(Issue.first_accepted_at) < before)
    conditions = [
        col(Issue.publication_id) == publication_id,
        col(Issue.first_accepted_at).is_not(None),
        came_first,
    ]
    return and_(*conditions, *([] if apart is None else [col(Issue.id) != apart]))


def _went_out() -> ColumnElement[bool]:
    """Whether anybody has, or may have, an edition: of an issue cancelled half-way, some may have reached nobody."""
    return exists().where(DELIVERY.c.edition_number == EDITION.c.number, DELIVERY.c.state.in_(GONE_OUT))


def _told(
    session: Session, earlier: ColumnElement[bool], before: datetime
) -> tuple[dict[str, dict[str, datetime]], dict[str, frozenset[str]]]:
    story, edition = STORY.c, EDITION.c
    in_popular = func.max(case((story.block == "popular", 1), else_=0))
    statement = (
        select(
            story.story_key,
            story.article_id,
            col(Article.cluster),
            edition.set_key,
            func.max(col(Issue.first_accepted_at)),
            in_popular,
        )
        .select_from(STORY)
        .join(EDITION, edition.number == story.edition_number)
        .join(Issue, col(Issue.number) == story.issue_number)
        .outerjoin(Article, col(Article.id) == story.article_id)
        .where(earlier, _went_out(), story.block != "correction", col(Issue.first_accepted_at) >= before - REMEMBERED)
        .group_by(story.story_key, story.article_id, col(Article.cluster), edition.set_key)
    )
    sent: dict[str, dict[str, datetime]] = {}
    popular: dict[str, set[str]] = {}
    for story_key, article_id, cluster, set_key, at, was_popular in session.execute(statement):
        for key in {story_key, str(article_id), cluster} - {None}:
            at_set = sent.setdefault(key, {})
            at_set[set_key] = max(at, at_set.get(set_key, at))
            if was_popular:
                popular.setdefault(key, set()).add(set_key)
    return sent, {key: frozenset(sets) for key, sets in popular.items()}


def _losers(session: Session, earlier: ColumnElement[bool], before: datetime) -> dict[str, dict[str, datetime]]:
    """Return article id -> the sets whose newest issue had no room for it -> the cut-off of that issue."""
    edition = EDITION.c
    statement = (
        select(edition.set_key, col(Issue.number), col(Issue.as_of), edition.losers)
        .select_from(EDITION)
        .join(Issue, col(Issue.id) == edition.issue_id)
        .where(earlier, _went_out(), col(Issue.as_of) >= before - LOST_WITHIN)
        .order_by(col(Issue.as_of).desc(), col(Issue.number).desc(), edition.number)
    )
    newest: dict[str, int] = {}
    found: dict[str, dict[str, datetime]] = {}
    for set_key, number, as_of, losers in session.execute(statement):
        if newest.setdefault(set_key, number) == number:
            for article in losers or ():
                found.setdefault(article, {})[set_key] = as_of
    return found


def _last_cutoff(session: Session, publication_id: str, before: datetime, apart: UUID | None) -> datetime | None:
    statement = select(func.max(col(Issue.as_of))).where(
        _earlier(publication_id, before, apart), col(Issue.once).is_(False), col(Issue.as_of) < before
    )
    latest: datetime | None = session.execute(statement).scalar_one()
    return latest
