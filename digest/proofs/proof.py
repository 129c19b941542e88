"""The proof of an issue: its finished, measured and checked editions, as they are stored."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from digest.issues.models import Issue
from digest.proofs import storing
from digest.proofs.check import Check
from digest.proofs.models import Edition, ProofRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The finished, measured and checked editions of an issue, as they were stored."""

    issue_id: UUID
    revision: int
    version: int
    content_hash: str
    editions: tuple[Edition, ...]  # most readers first
    checks: tuple[Check, ...]  # worst first
    made_at: datetime


def stored_proof(session: Session, issue: Issue) -> Proof | None:
    """Return the stored proof of an issue, if it was made from the issue as it is now."""
    record = session.get(ProofRecord, (issue.id, issue.revision))
    if record is None or record.version != issue.version:
        return None
    return of(record, storing.editions_of(session, issue))


def stored_hash(session: Session, issue: Issue) -> str:
    """Return the hash of the content that ``stored_proof`` would give, and read none of it; "" where there is none."""
    record = session.get(ProofRecord, (issue.id, issue.revision))
    return record.content_hash if record is not None and record.version == issue.version else ""


def of(record: ProofRecord, stored: list[Edition]) -> Proof:
    """Put a stored record and its editions together."""
    return Proof(
        issue_id=record.issue_id,
        revision=record.revision,
        version=record.version,
        content_hash=record.content_hash,
        editions=tuple(sorted(stored, key=lambda one: (-one.readers, one.number))),
        checks=tuple(Check.from_json(one) for one in record.checks),
        made_at=record.made_at,
    )
