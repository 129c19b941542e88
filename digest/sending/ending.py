"""The end of a sending: an issue is sent when nothing of it is queued or claimed any more."""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from digest.articles import popularity
from digest.issues import lifecycle
from digest.issues.models import Issue, IssueStatus
from digest.proofs.models import EditionStory
from digest.ranking.formula import for_cadence, theta
from digest.sending import ledger
from digest.sending.ledger import DELIVERY, ISSUE
from digest.sending.models import DeliveryState, table

STORY = table(EditionStory)


def finish(session: Session, issue_number: int, now: datetime) -> bool:
    """Call an issue sent if nothing of it is left to send; returns whether it did. Uncertain ones do not block.

    Its stories get their exposure: how many readers each was put before, and where.
    """
    if not ledger.is_done(session, issue_number):
        return False
    query = select(Issue).where(ISSUE.c.number == issue_number).with_for_update()
    issue = session.execute(query).scalar_one()
    if issue.status != IssueStatus.sending or issue.held or not ledger.is_done(session, issue_number):
        return False  # looked at again under the lock: somebody may have queued rows meanwhile
    lifecycle.move(issue, IssueStatus.sent, now)
    session.add(issue)
    record_exposure(session, issue, now)
    return True


def record_exposure(session: Session, issue: Issue, now: datetime) -> None:
    """Tell the articles before how many readers each stood, and what an average story would have got there."""
    delivered = (
        select(DELIVERY.c.edition_number, func.count().label("readers"))
        .where(DELIVERY.c.issue_number == issue.number, DELIVERY.c.state == DeliveryState.accepted)
        .group_by(DELIVERY.c.edition_number)
        .subquery()
    )
    query = select(STORY, delivered.c.readers).join(delivered, delivered.c.edition_number == STORY.c.edition_number)
    sent_at = issue.first_accepted_at or now
    formula = for_cadence(issue.frame["publication"].get("cadence", "weekly"))
    rates: dict[str, float] = {}
    exposed = []
    for row in session.execute(query).all():
        if row.list_id not in rates:
            rates[row.list_id] = popularity.base_rate(session, row.list_id, sent_at)
        exposed.append(
            popularity.Exposed(
                article_id=row.article_id,
                list_id=row.list_id,
                edition_number=row.edition_number,
                place=row.place,
                sent_at=sent_at,
                delivered=row.readers,
                expected=row.readers * rates[row.list_id] * theta(row.place, formula),
            )
        )
    popularity.record_exposure(session, exposed)
