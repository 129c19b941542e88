"""What the checks must know besides the editions: read from the database before they run."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from digest.articles.models import Article
from digest.issues.history import sent_to_sets
from digest.issues.models import Issue
from digest.issues.recipe import Recipe
from digest.proofs.check import Surroundings

_CHUNK = 5_000  # ids a statement
_A_MOMENT = timedelta(seconds=1)


def surroundings(
    session: Session,
    issue: Issue,
    recipe: Recipe,
    *,
    nothing_new: Mapping[str, int],
    unknown_lists: Mapping[str, int],
    relaxed: frozenset[str],
) -> Surroundings:
    """Read how the issue's articles stand now, what its sets were sent by now, and the last issue's readers."""
    now = _articles(session, [UUID(one.id) for one in recipe.candidates])
    return Surroundings(
        recipe=recipe,
        statuses={key: status for key, (status, _correction) in now.items()},
        corrections={key: correction for key, (_status, correction) in now.items()},
        sent=sent_by_now(session, issue),
        last_readers=last_readers(session, issue),
        nothing_new=nothing_new,
        unknown_lists=unknown_lists,
        relaxed=relaxed,
    )


def statuses(session: Session, articles: Iterable[UUID]) -> dict[str, str]:
    """Return article id -> its status now; those that are gone are missing."""
    return {key: status for key, (status, _correction) in _articles(session, list(articles)).items()}


def sent_by_now(session: Session, issue: Issue) -> Mapping[str, Mapping[str, datetime]]:
    """Return what all other issues of the publication that went out told which set, whenever they were cut off."""
    latest = session.execute(
        select(col(Issue.first_accepted_at))
        .where(col(Issue.publication_id) == issue.publication_id, col(Issue.first_accepted_at).is_not(None))
        .order_by(col(Issue.first_accepted_at).desc())
        .limit(1)
    ).scalar()
    if latest is None:
        return {}
    return sent_to_sets(session, issue.publication_id, max(latest, issue.as_of) + _A_MOMENT, issue.id).sent


def last_readers(session: Session, issue: Issue) -> int | None:
    """Return how many readers the last regular issue of the publication was frozen for."""
    size: int | None = session.execute(
        select(col(Issue.audience_size))
        .where(col(Issue.publication_id) == issue.publication_id, col(Issue.id) != issue.id)
        .where(col(Issue.first_accepted_at).is_not(None), col(Issue.audience_size).is_not(None))
        .where(col(Issue.once).is_(False))
        .order_by(col(Issue.as_of).desc())
        .limit(1)
    ).scalar()
    return size


def _articles(session: Session, ids: Collection[UUID]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    articles: Any = Article.__table__.c  # type: ignore[attr-defined]
    held = list(ids)
    for start in range(0, len(held), _CHUNK):
        rows = select(articles.id, articles.status, articles.correction).where(
            articles.id.in_(held[start : start + _CHUNK])
        )
        found.update({str(key): (str(status), correction) for key, status, correction in session.execute(rows)})
    return found
