"""Approving an issue: binding one person's yes to one content, and telling whether it still holds."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col, select

from digest.database import Database
from digest.errors import BadInput, Conflict, Refused
from digest.issues import drafting, editing, lifecycle, log
from digest.issues.models import Issue, IssueStatus, Publication
from digest.proofs import checks_readers, demands, looking, snapshot, storing
from digest.proofs.check import Check, Level
from digest.proofs.models import Approval, Edition, EditionStory, ProofRecord
from digest.proofs.proof import Proof, stored_proof
from subscribers import audience_sets

_APPROVAL: Any = Approval.__table__  # type: ignore[attr-defined]
DECIDED = (
    IssueStatus.approved,
    IssueStatus.scheduled,
    IssueStatus.freezing,
    IssueStatus.sending,
    IssueStatus.paused,
    IssueStatus.sent,
)


def approve(
    database: Database, issue_id: UUID, *, who: str, at: datetime, accepted: Mapping[str, str] | None = None
) -> Approval:
    """Approve the stored proof of an issue. ``accepted``: code of an amber check -> the reason to go on.

    Refused without a proof of the issue as it is, with a red check (stored, or found now), or with an amber one
    that nobody accepted; and where its publication demands a test, or four eyes (``demands``). Conflict if the issue
    was changed meanwhile.
    """
    reasons = _reasons(accepted or {})
    with database.writing() as session:
        issue = drafting.find(session, issue_id)
        lifecycle.check_move(issue.status, IssueStatus.approved)
        proof = _current(session, issue)
        judge([*proof.checks, *recheck(session, issue, at)], reasons)
        _demand(session, issue, proof, who)
        _claim(session, issue)
        _withdraw(session, issue, at)
        lifecycle.move(issue, IssueStatus.approved, at)
        approval = _approval(issue, proof, who, at, reasons)
        session.add_all([issue, approval])
        looked_at = snapshot.of(session, drafting.recipe(session, issue), proof.editions)
        told = {"hash": proof.content_hash, "accepted": reasons, snapshot.NAME: looked_at}
        log.add(session, issue, at=at, who=who, what="approve", after=told)
        session.flush()
        return approval


def _demand(session: Session, issue: Issue, proof: Proof, who: str) -> None:
    publication = session.get_one(Publication, issue.publication_id)
    found = demands.known(log.entries(session, issue), proof.content_hash)
    missing = demands.unmet(publication, found, who=who, number=issue.number)
    if missing:
        raise Refused(" ".join(missing))


def valid(session: Session, issue: Issue) -> Approval | None:
    """Return the approval that holds for an issue as it is now; None when any content differs from it."""
    if issue.status not in DECIDED:
        return None
    approval = session.exec(
        select(Approval)
        .where(Approval.issue_id == issue.id, Approval.revision == issue.revision, col(Approval.withdrawn_at).is_(None))
        .order_by(col(Approval.id).desc())
        .limit(1)
    ).first()
    if approval is None or approval.version != issue.version:
        return None
    return approval if approval.content_hash == current_hash(session, issue) else None


def current_hash(session: Session, issue: Issue) -> str:
    """Work out the hash of an issue's recipe and the editions made for its approval, from what is stored now."""
    editions = [one for one in storing.editions_of(session, issue) if not one.made_at_freeze]
    return storing.proof_hash(drafting.recipe(session, issue).hash, ((one.id, one.content_hash) for one in editions))


def revoke(database: Database, issue_id: UUID, *, who: str, at: datetime) -> Issue:
    """Take the approval of an issue back; its editions stand, see ``take_back``."""
    with database.writing() as session:
        issue = editing.locked(session, issue_id, None)
        if issue.status not in (IssueStatus.approved, IssueStatus.scheduled):
            raise Refused(f"Issue {issue.number} is {lifecycle.in_words(issue.status)}; no approval can be taken back.")
        return take_back(session, issue, who=who, at=at, what="revoke")


def take_back(session: Session, issue: Issue, *, who: str, at: datetime, what: str) -> Issue:
    """Let the approval of a locked issue fall; it is in review again, or a draft. ``what``: the log's word.

    Its version rises, so that no page of before can act on it. Its editions, and the tests of them, stand where they
    are of the very content of now: the hash says so. An approval looks again at what can change without them.
    """
    kept = _kept(session, issue)
    lifecycle.reopen(issue, at)
    if kept is not None:
        kept.version = issue.version
        lifecycle.move(issue, IssueStatus.in_review, at)
    _withdraw(session, issue, at)
    log.add(session, issue, at=at, who=who, what=what)
    session.add(issue)
    session.flush()
    return issue


def _kept(session: Session, issue: Issue) -> ProofRecord | None:
    """Return the record of an issue's proof where it is of exactly what is stored now."""
    record = session.get(ProofRecord, (issue.id, issue.revision))
    fresh = record is not None and record.version == issue.version
    return record if record and fresh and record.content_hash == current_hash(session, issue) else None


def recheck(session: Session, issue: Issue, at: datetime) -> list[Check]:
    """Run the checks that can have changed since an approval: withdrawn stories, and the readers.

    For the last minutes before sending: red means hold and tell. What is amber was accepted if its code stands in
    ``Approval.accepted``.
    """
    found = withdrawn(session, issue)
    readers = sum(one.readers for one in audience_sets(session, issue.publication_id, at))
    record = session.get(ProofRecord, (issue.id, issue.revision))
    return found + list(checks_readers.counted(readers, record.readers if record else None, "the approval"))


def withdrawn(session: Session, issue: Issue) -> list[Check]:
    """Return a red check for each story of an issue that the newsroom took back since its editions were made."""
    return list(_withdrawn(session, storing.editions_of(session, issue)))


def judge(found: Collection[Check], accepted: Mapping[str, str]) -> None:
    """Refuse, in one sentence, what is red, or amber and not accepted."""
    red = [check for check in found if check.level is Level.red]
    if red:
        raise Refused(f"The checks are red: {_sentences(red)} Mend this, and make the proof again.")
    amber = [check for check in found if check.level is Level.amber and check.code not in accepted]
    if amber:
        codes = " ".join(f"--accept {code}=REASON" for code in dict.fromkeys(check.code for check in amber))
        raise Refused(f"Some checks are amber: {_sentences(amber)} Mend this, or accept it with a reason: {codes}")


def _sentences(found: Collection[Check]) -> str:
    said = (f"{check.sentence.rstrip('.')}{f' ({check.place})' if check.place else ''}." for check in found)
    return " ".join(dict.fromkeys(said))


def _reasons(accepted: Mapping[str, str]) -> dict[str, str]:
    for code, reason in accepted.items():
        if not reason.strip():
            raise BadInput(f"Say why {code} is accepted: --accept {code}=REASON.")
    return dict(sorted(accepted.items()))


def _current(session: Session, issue: Issue) -> Proof:
    proof = stored_proof(session, issue)
    if proof is None or proof.content_hash != current_hash(session, issue):
        raise Refused(
            f"There is no proof of issue {issue.number} as it is now. Run `digest issues check {issue.number}`."
        )
    return proof


def _claim(session: Session, issue: Issue) -> None:
    same = update(storing.ISSUE).where(
        col(Issue.id) == issue.id, col(Issue.version) == issue.version, col(Issue.status) == issue.status
    )
    if storing.rows(session.execute(same.values(version=issue.version))) != 1:
        raise Conflict(f"Issue {issue.number} was changed while it was being approved. Look at it again.")


def _withdraw(session: Session, issue: Issue, at: datetime) -> None:
    session.execute(
        update(_APPROVAL)
        .where(col(Approval.issue_id) == issue.id, col(Approval.withdrawn_at).is_(None))
        .values(withdrawn_at=at)
    )


def _approval(issue: Issue, proof: Proof, who: str, at: datetime, accepted: dict[str, str]) -> Approval:
    return Approval.model_validate(
        {
            "issue_id": issue.id,
            "revision": issue.revision,
            "version": issue.version,
            "content_hash": proof.content_hash,
            "who": who,
            "at": at,
            "audience": {str(one.id): one.readers for one in proof.editions},
            "accepted": accepted,
        }
    )


def _withdrawn(session: Session, editions: Collection[Edition]) -> Iterator[Check]:
    numbers = [edition.number for edition in editions]
    ids = session.exec(
        select(EditionStory.article_id).where(col(EditionStory.edition_number).in_(numbers)).distinct()
    ).all()
    now = looking.statuses(session, ids)
    for article in sorted(ids, key=str):
        status = now.get(str(article), "gone")
        if status != "published":
            yield Check(
                level=Level.red,
                group="content",
                code="withdrawn-story",
                sentence=f"A story is {status} since the editions were made.",
                place=str(article),
                remedy="Exclude or replace it",
            )
