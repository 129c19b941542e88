"""An editor's yes from a page: it binds to what that page showed, and to nothing else."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from digest.database import Database
from digest.errors import Conflict
from digest.issues import drafting, editing
from digest.proofs import approval
from digest.proofs.proof import stored_hash
from digest.sending import control

_CHANGED = "The editions were made anew since you looked, and are not the same. Look at them again."


def approve(
    database: Database,
    issue_id: UUID,
    *,
    version: int,
    proof: str,
    reasons: Mapping[str, str],
    who: str,
    at: datetime,
) -> None:
    """Approve an issue. ``version`` and ``proof`` (its content's hash) are what the page showed: else Conflict.

    Refused with a sentence where a check is red, or an amber one has no reason.
    """
    with database.reading() as session:
        issue = drafting.find(session, issue_id)
        stored = stored_hash(session, issue)
        if issue.version != version:
            editing.locked(session, issue_id, version)
        if not stored or stored != proof:
            raise Conflict(_CHANGED)
    given = approval.approve(database, issue_id, who=who, at=at, accepted=reasons)
    if given.content_hash != proof:  # made anew in the very moment between
        approval.revoke(database, issue_id, who=who, at=at)
        raise Conflict(_CHANGED)


def send(database: Database, issue_id: UUID, *, version: int, who: str, at: datetime, undo: timedelta) -> datetime:
    """Order an approved issue to be sent now; returns when it starts. Conflict where it is not what was looked at."""
    with database.reading() as session:
        editing.locked(session, issue_id, version)
    return control.send(database, issue_id, who=who, at=at, undo=undo)
