"""What the checks must know besides the editions: read from the database before they run."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from digest.articles.feeds.addresses import called
from digest.articles.feeds.health import dead, words
from digest.articles.models import Article
from digest.issues import source_changes
from digest.issues.history import sent_to_sets
from digest.issues.models import Issue, IssueLog
from digest.issues.recipe import Recipe
from digest.proofs.check import Asked, Check, Surroundings
from digest.proofs.links import saying
from digest.proofs.models import ProofRecord
from subscribers import lists

_CHUNK = 5_000  # ids a statement
_ARTICLE: Any = Article.__table__  # type: ignore[attr-defined]
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
    now = source_changes.sources(session, [UUID(one.id) for one in recipe.candidates])
    changes = source_changes.found(recipe, now)
    corrected = {key: change.texts["correction"][1] for key, change in changes.items() if "correction" in change.texts}
    return Surroundings(
        recipe=recipe,
        statuses={key: str(one.row.status) for key, one in now.items()},
        corrections=corrected,
        changes=changes,
        sent=sent_by_now(session, issue),
        list_names=_names(session, issue, recipe),
        last_readers=last_readers(session, issue),
        nothing_new=nothing_new,
        unknown_lists=unknown_lists,
        dead_feeds=[f"{called(feed)}: {words(feed)}" for feed in dead(session)],
        asked=answers(session, issue),
        relaxed=relaxed,
    )


def _names(session: Session, issue: Issue, recipe: Recipe) -> dict[str, str]:
    """Return what the lists are called: as the draft has it, and those added since."""
    now = {one.id: one.name for one in lists(session, issue.publication_id)}
    return now | {one.id: one.name for one in recipe.frame.lists}


def answers(session: Session, issue: Issue) -> dict[str, Asked]:
    """Return what the links of an issue's last proof answered, by address; nothing where it has none."""
    record = session.get(ProofRecord, (issue.id, issue.revision))
    return saying.kept(Check.from_json(one) for one in record.checks) if record else {}


def statuses(session: Session, articles: Iterable[UUID]) -> dict[str, str]:
    """Return article id -> its status now; those that are gone are missing."""
    held, found = list(articles), {}
    for start in range(0, len(held), _CHUNK):
        query = select(_ARTICLE.c.id, _ARTICLE.c.status).where(_ARTICLE.c.id.in_(held[start : start + _CHUNK]))
        found.update({str(key): str(status) for key, status in session.execute(query)})
    return found


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
    """Return how many readers the last regular issue of the publication was frozen for, or had a weekly instead."""
    last = session.execute(
        select(col(Issue.id), col(Issue.audience_size))
        .where(col(Issue.publication_id) == issue.publication_id, col(Issue.id) != issue.id)
        .where(col(Issue.first_accepted_at).is_not(None), col(Issue.audience_size).is_not(None))
        .where(col(Issue.once).is_(False))
        .order_by(col(Issue.as_of).desc())
        .limit(1)
    ).first()
    if last is None:
        return None
    frozen = select(col(IssueLog.after)).where(col(IssueLog.issue_id) == last.id, col(IssueLog.what) == "open")
    first: dict[str, Any] = session.execute(frozen.order_by(col(IssueLog.id)).limit(1)).scalar() or {}
    instead: dict[str, int] = first.get("instead", {})
    return int(last.audience_size) + sum(instead.values())
