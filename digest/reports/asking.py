"""The one question: the report of an issue that a person names, as known at an instant."""

from datetime import datetime

from sqlmodel import Session, col, select

from digest.issues import finding
from digest.issues.models import Issue, Publication
from digest.reports.gathering import EARLIER, gather
from digest.reports.making import make
from digest.reports.tables import Report


def report(session: Session, text: str, at: datetime, *, earlier: int = EARLIER) -> Report:
    """Return the report of an issue: by number, id, start of the id, or a publication for its newest that went out.

    Raises NotFound, BadInput, and Refused where nothing of it has gone out yet.
    """
    return of_issue(session, _newest(session, text) or finding.issue(session, text), at, earlier=earlier)


def of_issue(session: Session, issue: Issue, at: datetime, *, earlier: int = EARLIER) -> Report:
    """Return the report of an issue. Raises Refused where nothing of it has gone out yet."""
    return make(gather(session, issue, at, earlier=earlier))


def _newest(session: Session, text: str) -> Issue | None:
    """Return the newest issue of a publication that went out; None where the text names none."""
    if session.get(Publication, text) is None:
        return None
    query = (
        select(Issue)
        .where(col(Issue.publication_id) == text, col(Issue.first_accepted_at).is_not(None))
        .order_by(col(Issue.first_accepted_at).desc(), col(Issue.number).desc())
    )
    return session.exec(query.limit(1)).first()
