"""Reads all that a review of an issue shows: its edition with most readers, the others, the checks, the changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlmodel import Session

from digest.database import Database
from digest.editors import differing, times
from digest.errors import Conflict, DigestError
from digest.issues import drafting, lifecycle, log, publications
from digest.issues.building import Builder
from digest.issues.models import Issue, IssueLog, IssueStatus, Publication
from digest.issues.plan import EditionPlan
from digest.issues.recipe import Recipe
from digest.proofs import approval, checks, demands, fitting, making, snapshot
from digest.proofs.check import Check, Level
from digest.proofs.models import Approval, Edition
from digest.proofs.proof import Proof, stored_hash
from digest.rendering.mailing import render
from digest.rendering.urls import Urls
from digest.sending import ledger

APPROVED = (IssueStatus.approved, IssueStatus.scheduled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What an edition is made for; it outlives a change of the issue, which makes the edition itself out of date."""

    id: UUID
    lists: tuple[str, ...]
    without: tuple[str, ...]
    readers: int
    language: str


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
    known: demands.Known = field(default_factory=demands.Known)  # by which an approval is judged besides the checks
    since: tuple[str, ...] = ()  # what changed since it was last approved, where that does not hold any more
    approved_before: IssueLog | None = None  # that approval
    shapes: tuple[Shape, ...] = ()  # of the editions made last, also where the issue was changed since; largest first

    @property
    def recipe(self) -> Recipe:
        """Return what the issue is built from."""
        return self.builder.recipe

    @property
    def is_open(self) -> bool:
        """Whether it waits to be approved."""
        return self.issue.status in lifecycle.UNAPPROVED

    def unmet(self, who: str) -> tuple[str, ...]:
        """Return what is missing before somebody may approve it, besides the checks."""
        return demands.unmet(self.publication, self.known, who=who, number=self.issue.number)

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
        missing = issue.status in lifecycle.UNAPPROVED and not stored_hash(session, issue)
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
    shapes = _shapes(session, issue)
    happened = log.entries(session, issue)
    former = _former(happened) if issue.status in lifecycle.UNAPPROVED else None
    return Review(
        issue=issue,
        publication=publication,
        builder=builder,
        plan=_plan(builder, proof, shapes, urls),
        shapes=shapes,
        proof=proof,
        checks=tuple(_checks(session, issue, proof, reason, at)),
        approval=approval.valid(session, issue),
        log=tuple(happened),
        counts=ledger.counts(session, issue.number),
        deadline=times.deadline(publication, issue),
        at=at,
        known=demands.known(happened, proof.content_hash if proof else ""),
        since=_since(session, former, builder.recipe, proof) if former and proof else (),
        approved_before=former,
    )


def _former(happened: Sequence[IssueLog]) -> IssueLog | None:
    """Return the last approval that says what it looked at."""
    found = (one for one in reversed(happened) if one.what == "approve" and (one.after or {}).get(snapshot.NAME))
    return next(found, None)


def _since(session: Session, former: IssueLog, recipe: Recipe, proof: Proof) -> tuple[str, ...]:
    return differing.since(former.after[snapshot.NAME], snapshot.of(session, recipe, proof.editions))


def largest(proof: Proof | None) -> Edition | None:
    """Return the edition with most readers, of equal ones that of most lists; None where none is made."""
    return snapshot.largest(proof.editions) if proof else None


def _shapes(session: Session, issue: Issue) -> tuple[Shape, ...]:
    """Return what the stored editions are made for, without their bodies; those of most readers first."""
    table: Any = Edition.__table__  # type: ignore[attr-defined]
    row = table.c
    query = select(row.id, row.lists, row.without, row.readers, row.language)
    mine = query.where(row.issue_id == issue.id, row.revision == issue.revision)
    rows = session.execute(mine.order_by(row.readers.desc(), row.number))
    return tuple(
        Shape(id=key, lists=tuple(lists), without=tuple(without), readers=readers, language=language)
        for key, lists, without, readers, language in rows
    )


def _plan(builder: Builder, proof: Proof | None, shapes: Sequence[Shape], urls: Urls) -> EditionPlan:
    """Return the edition with most readers, cut to size as theirs is; of all lists while no edition is made.

    Where the issue was changed since its editions were made, it is the one that had most readers then.
    """
    shown = largest(proof)
    before = max(
        (one for one in shapes if not one.without), key=lambda one: (one.readers, len(one.lists)), default=None
    )
    lists = tuple(shown.lists) if shown else builder.known(before.lists) if before else ()
    plan = builder.build(lists or builder.recipe.frame.newsroom_order)
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
    if proof and issue.status in (*lifecycle.UNAPPROVED, *APPROVED):
        found += [one for one in approval.recheck(session, issue, at) if one.code not in {c.code for c in found}]
    return sorted(checks.unique(found), key=lambda one: list(Level).index(one.level))
