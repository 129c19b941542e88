"""Revisions: which edition of an issue as it is now each reader gets, so that none of an older revision leaves."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, select, update
from sqlmodel import Session

from digest.issues.models import Issue
from digest.proofs import instead
from digest.proofs.models import Edition, EditionAudience
from digest.sending.bulk import among
from digest.sending.ledger import DELIVERY, ISSUE, QUEUED
from digest.sending.models import DeliveryState, table

EDITION, MADE = table(Edition), table(EditionAudience)
CHUNK: Final = 20_000  # readers moved at once
_NO_READER: Final = "no reader when the new revision was frozen"


def editions_of(issue_number: int, revision: int, who: Select[Any]) -> Select[Any]:
    """Return a select of (subscriber_id, edition_number): which edition each reader would get.

    ``who``: a select of the readers (subscriber_id, audience_id), see ``proofs.instead``.
    """
    readers = who.subquery()
    mine = and_(
        MADE.c.audience_id == readers.c.audience_id,
        MADE.c.issue_number == issue_number,
        MADE.c.revision == revision,
    )
    return select(readers.c.subscriber_id, MADE.c.edition_number).join(MADE, mine)


def is_outdated(session: Session, issue_number: int, edition_number: int) -> bool:
    """Return whether an edition is of an older revision than its issue: then it must not leave any more."""
    return session.execute(_OUTDATED, {"edition": edition_number, "issue": issue_number}).first() is not None


_OUTDATED: Final = select(EDITION.c.number).where(
    EDITION.c.number == bindparam("edition"),
    ISSUE.c.number == bindparam("issue"),
    EDITION.c.revision < ISSUE.c.revision,
)


def reassign(
    session: Session, issue_number: int, revision: int, readers: Select[Any], *, who: ColumnElement[bool], at: datetime
) -> None:
    """Give queued readers of an issue the editions of a revision; who is no reader any more is withdrawn.

    ``who``: the condition that chooses among the issue's deliveries; ``readers``: as for ``editions_of``.
    """
    found = editions_of(issue_number, revision, readers).subquery()
    edition = select(found.c.edition_number).where(found.c.subscriber_id == DELIVERY.c.subscriber_id)
    gone = {"state": DeliveryState.withdrawn, "settled_at": at, "reason": _NO_READER}
    mine = (DELIVERY.c.issue_number == issue_number, QUEUED, who)
    session.execute(update(DELIVERY).where(*mine, ~edition.exists()).values(gone))
    session.execute(update(DELIVERY).where(*mine).values(edition_number=edition.scalar_subquery()))


def renew(session: Session, issue_number: int, edition_number: int, at: datetime) -> None:
    """Move those who wait for an outdated edition to the issue as it is now, some thousands at a time.

    The freeze of a revision moves everybody who waits. This is for who comes back to the queue later: by a person's
    order to send again, or from a call that nobody knew of.
    """
    issue = session.execute(select(Issue).where(ISSUE.c.number == issue_number)).scalar_one()
    readers = instead.look(session, issue, at).readers(issue.publication_id, at)
    waiting = _waiting(session, issue_number, edition_number)
    chosen = among(session, DELIVERY.c.subscriber_id, waiting)
    reassign(session, issue_number, issue.revision, readers, who=chosen, at=at)


def _waiting(session: Session, issue_number: int, edition_number: int) -> Sequence[int]:
    mine = (DELIVERY.c.issue_number == issue_number, QUEUED, DELIVERY.c.edition_number == edition_number)
    rows = select(DELIVERY.c.subscriber_id).where(*mine).order_by(DELIVERY.c.subscriber_id).limit(CHUNK)
    return session.execute(rows.with_for_update(skip_locked=True)).scalars().all()
