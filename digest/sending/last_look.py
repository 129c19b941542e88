"""The last look at an issue before it leaves, or goes on: whether its approval still holds, and nothing turned red."""

from datetime import datetime

from sqlmodel import Session

from digest.issues.models import Issue
from digest.proofs import approval
from digest.proofs.check import Level


def reasons(session: Session, issue: Issue, at: datetime) -> list[str]:
    """Return why an issue must not be sent now, in sentences; none if it may."""
    if approval.valid(session, issue) is None:
        return ["Its approval does not hold any more: the content was changed since."]
    found = (one for one in approval.recheck(session, issue, at) if one.level is Level.red)
    return [f"{one.sentence.rstrip('.')} ({one.place})." if one.place else one.sentence for one in found]
