"""Which articles matter to issues that are not sent yet: whether they are still published is looked at often."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session, col

from digest.articles.candidates import RECENT
from digest.articles.page_dues import Pressing
from digest.issues.models import Issue, IssueCandidate, IssueStatus
from digest.proofs.models import EditionStory

OPEN = (
    IssueStatus.draft,
    IssueStatus.in_review,
    IssueStatus.approved,
    IssueStatus.scheduled,
    IssueStatus.paused,
)
SOON = timedelta(minutes=30)


def pressing(at: datetime) -> Pressing:
    """Return the stories of issues that leave within half an hour, and the candidates of those not sent yet."""
    still = col(Issue.status).in_(OPEN)
    leaving = select(col(EditionStory.article_id)).join(Issue, col(Issue.number) == col(EditionStory.issue_number))
    waiting = select(col(IssueCandidate.article_id)).join(Issue, col(Issue.id) == col(IssueCandidate.issue_id))
    return Pressing(
        leaving=leaving.where(still, col(Issue.send_at) <= at + SOON),
        waiting=waiting.where(still, col(Issue.as_of) >= at - RECENT),  # an older draft was forgotten
    )


def stories(session: Session, issue: Issue) -> list[UUID]:
    """Return the stories that stand in any edition of an issue."""
    query = select(col(EditionStory.article_id)).where(col(EditionStory.issue_number) == issue.number).distinct()
    return sorted(session.execute(query).scalars())
