"""Reads all that a review of an issue shows: its edition with most readers, the others, the checks, the changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from digest.database import Database
from digest.editors import times
from digest.errors import Conflict, DigestError
from digest.issues import drafting, log, publications
from digest.issues.building import Builder
from digest.issues.models import Issue, IssueLog, IssueStatus, Publication
from digest.issues.plan import EditionPlan
from digest.issues.recipe import Recipe
from digest.proofs import approval, checks, fitting, making
from digest.proofs.check import Check, Level
from digest.proofs.models import Approval, Edition
from digest.proofs.proof import Proof
from digest.rendering.mailing import render
from digest.rendering.urls import Urls
from digest.sending import ledger

BEFORE_APPROVAL = (IssueStatus.draft, IssueStatus.in_review)
APPROVED = (IssueStatus.approved, IssueStatus.scheduled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """An issue as its editors look at it; read at once, shown later."""

    issue: Issue
    publication: Publication
    builder: Builder
    plan: EditionPlan  # the edition with most readers, as they will get it
    proof: Proof | None  # of the issue as it is now
    checks: tuple[Check, ...]  # worst first; what can have changed since the proof was looked at again
    approval: Approval | None
    log: tuple[IssueLog, ...]
    counts: dict[str, int]  # the ledger's
    deadline: datetime | None
    at: datetime

    @property
    def recipe(self) -> Recipe:
        """Return what the issue is built from."""
        return self.builder.recipe

    @property
    def is_open(self) -> bool:
        """Whether it waits to be approved."""
        return self.issue.status in BEFORE_APPROVAL

    def of_level(self, level: Level) -> tuple[Check, ...]:
        """Return the checks of a level."""
        return tuple(one for one in self.checks if one.level is level)


def prepared(database: Database, issue_id: UUID, *, urls: Urls, relaxed: frozenset[str], at: datetime) -> Review:
    """Return the review of an issue; its editions are made first where that was not done yet.

    What keeps them from being made stands as a red check. NotFound where there is no such issue.
    """
    reason = ""
    with database.reading() as session:
        issue = drafting.find(session, issue_id)
        missing = issue.status in BEFORE_APPROVAL and making.stored_proof(session, issue) is None
    if missing:
        reason = made(database, issue_id, urls=urls, relaxed=relaxed, at=at)
    with database.reading() as session:
        return read(session, issue_id, urls=urls, at=at, reason=reason)


def made(database: Database, issue_id: UUID, *, urls: Urls, relaxed: frozenset[str], at: datetime) -> str:
    """Make the editions of an issue, and check them; returns "" or the sentence why they could not be made."""
    try:
        making.make_proof(database, issue_id, urls=urls, at=at, relaxed=relaxed)
    except Conflict:
        return ""  # somebody edits it this very moment: it is shown as it is, without editions
    except DigestError as error:
        return str(error)
    return ""


def read(session: Session, issue_id: UUID, *, urls: Urls, at: datetime, reason: str = "") -> Review:
    """Return the review of an issue as it is stored. ``reason``: why its editions could not be made."""
    issue = drafting.find(session, issue_id)
    publication = publications.get(session, issue.publication_id)
    builder = Builder(drafting.recipe(session, issue))
    proof = making.stored_proof(session, issue)
    return Review(
        issue=issue,
        publication=publication,
        builder=builder,
        plan=_plan(builder, proof, urls),
        proof=proof,
        checks=tuple(_checks(session, issue, proof, reason, at)),
        approval=approval.valid(session, issue),
        log=tuple(log.entries(session, issue)),
        counts=ledger.counts(session, issue.number),
        deadline=times.deadline(publication, issue),
        at=at,
    )


def largest(proof: Proof | None) -> Edition | None:
    """Return the edition with most readers, of equal ones that of most lists; None where none is made."""
    whole = [one for one in proof.editions if not one.without] if proof else []
    return max(whole, key=lambda one: (one.readers, len(one.lists)), default=None)


def _plan(builder: Builder, proof: Proof | None, urls: Urls) -> EditionPlan:
    """Return the edition with most readers, cut to size as theirs is; of all lists while no edition is made."""
    shown = largest(proof)
    plan = builder.build(tuple(shown.lists) if shown else builder.recipe.frame.newsroom_order)
    if shown is None or not shown.trimmed:
        return plan
    return replace(fitting.fit(plan, lambda one: render(one, urls)).plan, left_out=plan.left_out)


def _checks(session: Session, issue: Issue, proof: Proof | None, reason: str, at: datetime) -> Sequence[Check]:
    found = list(proof.checks) if proof else []
    if reason:
        found.append(
            Check(
                level=Level.red,
                group="content",
                code="not-made",
                sentence=f"The editions could not be made: {reason}",
                remedy="Mend that, then check again",
            )
        )
    if proof and issue.status in (*BEFORE_APPROVAL, *APPROVED):
        found += [one for one in approval.recheck(session, issue, at) if one.code not in {c.code for c in found}]
    return sorted(checks.unique(found), key=lambda one: list(Level).index(one.level))
