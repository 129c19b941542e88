"""What people at the desk say to each other about an issue, or about a story of it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from digest.errors import BadInput, NotFound
from digest.issues.models import Comment, Issue

LONGEST = 2_000  # characters


def add(session: Session, issue: Issue, text: str, *, who: str, at: datetime, article: UUID | None = None) -> Comment:
    """Write a comment down. Raises BadInput where it says nothing, or too much."""
    plain = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not plain or len(plain) > LONGEST:
        raise BadInput(f"A comment has 1 to {LONGEST} characters; this one has {len(plain)}.")
    row = {"issue_id": issue.id, "article_id": article, "at": at, "who": who, "text": plain}
    comment = Comment.model_validate(row)
    session.add(comment)
    session.flush()
    return comment


def of_issue(session: Session, issue: Issue) -> Sequence[Comment]:
    """Return the comments on an issue, open ones first, each in the order they were made."""
    query = select(Comment).where(Comment.issue_id == issue.id)
    return session.exec(query.order_by(col(Comment.resolved_at).is_not(None), col(Comment.id))).all()


def resolve(session: Session, issue: Issue, number: int, *, who: str, at: datetime) -> Comment:
    """Call a comment settled; who did it first stays. Raises NotFound."""
    found = session.get(Comment, number)
    if found is None or found.issue_id != issue.id:
        raise NotFound("There is no such comment on this issue.")
    if found.resolved_at is None:
        found.resolved_at, found.resolved_by = at, who
        session.add(found)
    return found
