"""Who did what to an issue: rows are only ever added."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from digest.issues.models import Issue, IssueLog


def add(
    session: Session, issue: Issue, *, at: datetime, who: str, what: str, before: Any = None, after: Any = None
) -> None:
    """Write down one change; ``before`` and ``after`` are plain JSON values."""
    row = {"issue_id": issue.id, "at": at, "who": who, "what": what, "before": before, "after": after}
    session.add(IssueLog.model_validate(row))


def entries(session: Session, issue: Issue) -> list[IssueLog]:
    """Return the log of an issue, oldest first."""
    return list(session.exec(select(IssueLog).where(IssueLog.issue_id == issue.id).order_by(col(IssueLog.id))))


def newest(session: Session, issue: Issue, most: int, *, before: int | None = None) -> list[IssueLog]:
    """Return the last entries of an issue's log, the newest first. ``before``: only those with a smaller id."""
    statement = select(IssueLog).where(IssueLog.issue_id == issue.id)
    if before is not None:
        statement = statement.where(col(IssueLog.id) < before)
    return list(session.exec(statement.order_by(col(IssueLog.id).desc()).limit(most)))
