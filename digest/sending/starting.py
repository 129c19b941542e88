"""The start of a sending: looking once more, and then freezing. Red means hold and tell."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select

from digest.database import Database
from digest.issues import log
from digest.issues.models import Issue, IssueStatus
from digest.proofs import pressing
from digest.rendering.urls import Urls
from digest.sending import control, freezing, last_look, recovering, routing, warming
from digest.sending.ledger import BATCH
from digest.sending.means import Means
from digest.sending.models import BatchState
from digest.sending.sender import Progress, nothing


def start(means: Means, issue_id: UUID, *, progress: Progress = nothing) -> bool:
    """Freeze an issue whose time has come; returns whether it is open for sending. Safe to repeat.

    Held instead, with the reason, when its approval fell or a check turned red since.
    """
    at = means.clock.now()
    with means.database.reading() as session:
        issue = session.get_one(Issue, issue_id)
        status, begins = issue.status, issue.undo_until or at
    if status == IssueStatus.scheduled:
        if begins > at or _is_called(means, issue):
            return False
        _look_at_pages(means, issue)
        if not _looked_at(means, issue_id):
            return False
    if status in (IssueStatus.scheduled, IssueStatus.freezing):
        urls = Urls(means.base_url, means.keys)
        freezing.freeze(
            means.database,
            issue_id,
            at=at,
            urls=urls,
            progress=progress,
            wait=means.canary,
            lay_down=lambda: warming.choose(means, issue_id, at),
        )
    with means.database.reading() as session:
        issue = session.get_one(Issue, issue_id)
        return issue.status == IssueStatus.sending and not issue.held


def _is_called(means: Means, issue: Issue) -> bool:
    """Whether a batch of an earlier revision is on its way still; it is waited for, at most for its lease.

    Else its readers, queued again with the edition of then, would get what was changed since. What waits to be
    repeated is not repeated: nobody knows whether it arrived, and it is not what was approved now.
    """
    with means.database.writing() as session:
        if session.get_one(Issue, issue.id, with_for_update=True).status != IssueStatus.scheduled:
            return True  # somebody else was quicker
        recovering.recover(
            session, issue.number, lambda one: replace(means.rules_of(one), window=None), means.database.now(session)
        )
        repeated = and_(BATCH.c.state == BatchState.repeating, BATCH.c.lease_until.is_not(None))
        calls = or_(BATCH.c.state.in_((BatchState.claimed, BatchState.handed_over)), repeated)
        query = select(BATCH.c.number).where(BATCH.c.issue_number == issue.number, calls).limit(1)
        return session.execute(query).first() is not None


def reasons_to_hold(database: Database, issue_id: UUID, at: datetime) -> list[str]:
    """Return why an issue must not be sent now, in sentences; none if it may."""
    with database.reading() as session:
        return last_look.reasons(session, session.get_one(Issue, issue_id), at)


def _look_at_pages(means: Means, issue: Issue) -> None:
    """Find out whether the pages of its stories are still there (ranking.md 1.3); what was taken back is red then."""
    if means.refresher is not None:
        with means.database.reading() as session:
            stories = pressing.stories(session, issue)
        means.refresher.look_at(stories)


def _looked_at(means: Means, issue_id: UUID) -> bool:
    """Run the checks that can have changed; holds the issue where one is red."""
    reasons = [
        *reasons_to_hold(means.database, issue_id, means.clock.now()),
        *last_look.dead_leads(means, issue_id),
        *_without_account(means, issue_id),
    ]
    if not reasons:
        return True
    at = means.clock.now()
    with means.database.writing() as session:
        issue = session.get_one(Issue, issue_id, with_for_update=True)
        if issue.status == IssueStatus.scheduled:
            control.hold(session, issue, " ".join(reasons), at)
            log.add(session, issue, at=at, who="digest", what="hold", after=reasons)
    return False


def _without_account(means: Means, issue_id: UUID) -> list[str]:
    """Return a sentence for each account that the issue should go by and that cannot be used."""
    with means.database.reading() as session:
        number = session.get_one(Issue, issue_id).number
        parts = routing.read(session, number, means.account).parts
    return [trouble for part in parts if part.editions != () and (trouble := means.trouble(part.account))]
