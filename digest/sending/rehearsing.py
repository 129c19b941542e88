"""What a sending would do now, without doing it: who would get which edition. Writes nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from digest.issues.models import Issue, Publication
from digest.proofs import instead
from digest.proofs.instead import Instead
from digest.proofs.models import Edition, EditionAudience
from digest.sending import waves
from digest.sending.models import table
from digest.sending.revising import editions_of
from digest.sending.waves import LOG, Wave

EDITION, MADE = table(Edition), table(EditionAudience)


@dataclass(frozen=True, slots=True)
class Share:
    """The readers of one set of lists, and the edition they would get."""

    lists: tuple[str, ...]
    readers: int
    edition_number: int | None  # None: made at the freeze, if there is anything new for them
    subject: str = ""


def who_would_get(session: Session, issue: Issue, at: datetime) -> list[Share]:
    """Return the editions of an issue with their readers of ``at``, most first; then sets that have none yet.

    Readers who would be moved to a sibling edition, because they had a story before, count with its elder.
    """
    less = instead.look(session, issue, at)
    found = editions_of(issue.number, issue.revision, less.readers(issue.publication_id, at)).subquery()
    counted = select(found.c.edition_number, func.count().label("readers")).group_by(found.c.edition_number).subquery()
    query = select(EDITION.c.number, EDITION.c.lists, EDITION.c.subject, counted.c.readers).join(
        counted, counted.c.edition_number == EDITION.c.number
    )
    rows = session.execute(query.order_by(counted.c.readers.desc(), EDITION.c.number)).all()
    shares = [Share(tuple(row.lists), row.readers, row.number, row.subject) for row in rows]
    return shares + _new_sets(session, issue, less, at)


def instead_of(session: Session, issue: Issue, at: datetime) -> dict[str, int]:
    """Return weekly -> how many readers get it instead of an issue of its daily, and are not of its audience.

    Of an issue that was frozen, what held then; else what holds at that instant.
    """
    if issue.audience_size is None:
        return instead.look(session, issue, at).nothing_left
    opened = select(LOG.c.after).where(LOG.c.issue_id == issue.id, LOG.c.what == "open").order_by(LOG.c.id)
    first: dict[str, Any] = session.execute(opened.limit(1)).scalar() or {}
    return dict(first.get("instead", {}))


def _new_sets(session: Session, issue: Issue, less: Instead, at: datetime) -> list[Share]:
    made = select(MADE.c.audience_id).where(MADE.c.issue_number == issue.number, MADE.c.revision == issue.revision)
    known = set(session.execute(made).scalars())
    sets = less.sets(session, issue.publication_id, at)
    return [Share(one.lists, one.readers, None) for one in sets if one.audience_id not in known]


def waves_of(session: Session, issue: Issue, at: datetime) -> list[Wave]:
    """Return when an issue would reach its readers of ``at``, if it left then or at its later hour; the first first.

    Nothing where its publication sends to all at once.
    """
    publication = session.get_one(Publication, issue.publication_id)
    return waves.ahead(session, issue, max(at, issue.undo_until or at)) if publication.reader_zones else []
