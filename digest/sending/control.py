"""What a person orders: schedule, send, pause, resume, cancel, and settling by hand what is uncertain."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlmodel import Session

from digest.database import Database
from digest.errors import NotFound, Refused
from digest.issues import lifecycle, log
from digest.issues.models import Issue, IssueStatus
from digest.proofs import approval
from digest.sending import batches, last_look, ledger, pacing, routing
from digest.sending.bulk import among, rowcount
from digest.sending.ledger import BATCH, DELIVERY
from digest.sending.models import BatchState, DeliveryState

_S = IssueStatus
CHUNK = 20_000
WAITING = (DeliveryState.freezing, DeliveryState.queued)


class Resolution(StrEnum):
    """What a person decides about uncertain deliveries."""

    accepted = "accepted"  # they have it
    rejected = "rejected"  # they do not, and shall not
    again = "again"  # send it again, at the risk of twice


def send(database: Database, issue_id: UUID, *, who: str, at: datetime, undo: timedelta) -> datetime:
    """Order an issue to be sent now; returns when it starts. Until then it can be cancelled without a trace."""
    return schedule(database, issue_id, at, who=who, at=at, undo=undo)


def schedule(
    database: Database, issue_id: UUID, send_at: datetime, *, who: str, at: datetime, undo: timedelta
) -> datetime:
    """Order an issue to be sent at an instant; returns when it starts: then, but not before the undo window is over.

    Refused unless it is approved, and nothing changed since. Nothing of the ledger exists until it starts.
    """
    if send_at < at:
        raise Refused(f"{send_at:%Y-%m-%d %H:%M} UTC is over. Give a time to come, or send it now.")
    with database.writing() as session:
        issue = _locked(session, issue_id)
        _refuse_begun(session, issue)
        if approval.valid(session, issue) is None:
            raise Refused(
                f"Issue {issue.number} is not approved, or was changed since. "
                f"Approve it: digest issues approve {issue.number}."
            )
        if issue.status != _S.scheduled:
            lifecycle.move(issue, _S.scheduled, at)
        issue.send_at, issue.undo_until = send_at, max(send_at, at + undo)
        issue.held = ""
        log.add(session, issue, at=at, who=who, what="schedule", after={"send_at": send_at.isoformat()})
        return issue.undo_until


def _refuse_begun(session: Session, issue: Issue) -> None:
    """Refuse to order what is over, or what stands and has to be resumed."""
    name, stands = f"Issue {issue.number}", issue.status == _S.paused
    if issue.status == _S.sent:
        accepted = ledger.counts(session, issue.number)[DeliveryState.accepted]
        raise Refused(f"{name} is sent already: {accepted:,} accepted.")
    if issue.status in (_S.cancelled, _S.skipped):
        raise Refused(f"{name} is {lifecycle.in_words(issue.status)} already; it cannot be sent.")
    if stands or (issue.held and issue.status in (_S.freezing, _S.sending)):
        why = f": {issue.held.rstrip('.')}" if issue.held else ""
        raise Refused(
            f"{name} is {'paused' if stands else 'held'}{why}. Let it go on: digest issues resume {issue.number}."
        )


def pause(database: Database, issue_id: UUID, *, who: str, at: datetime, reason: str = "") -> dict[str, int]:
    """Let no further batch of an issue leave; returns the ledger's counts. One that has not begun is held back."""
    with database.writing() as session:
        issue = _locked(session, issue_id)
        if issue.status in (_S.scheduled, _S.freezing):
            issue.held = reason or f"paused by {who}"
            issue.changed_at = at
        else:
            lifecycle.move(issue, _S.paused, at)
        log.add(session, issue, at=at, who=who, what="pause", after={"reason": reason})
        return ledger.counts(session, issue.number)


def resume(database: Database, issue_id: UUID, *, who: str, at: datetime, account: str) -> None:
    """Let a paused or held issue go on; what stopped it must be mended by then. Its accounts may be used again.

    ``account``: the default one. Halves of a refused batch that wait for an account which the issue does not go by
    any more are queued again: nothing of them has left. Refused where its approval fell, or a check turned red: who
    has not got it yet shall not.
    """
    with database.writing() as session:
        issue = _locked(session, issue_id)
        stands = issue.held and issue.status in (_S.scheduled, _S.freezing, _S.sending)
        if issue.status != _S.paused and not stands:
            raise Refused(f"Issue {issue.number} is {lifecycle.in_words(issue.status)}; there is nothing to resume.")
        _refuse_red(session, issue, at)
        if issue.status == _S.paused:
            lifecycle.move(issue, _S.sending, at)
        issue.held = issue.failed = ""
        issue.changed_at = at
        _free_accounts(session, issue.number, account, at)
        log.add(session, issue, at=at, who=who, what="resume", after={})


def _free_accounts(session: Session, issue_number: int, default: str, at: datetime) -> None:
    for part in routing.read(session, issue_number, default).parts:
        pacing.release(session, part.account)
        if part.editions == ():
            release_formed(session, issue_number, at, part.account)


def _refuse_red(session: Session, issue: Issue, at: datetime) -> None:
    reasons = last_look.reasons(session, issue, at)
    if reasons:
        raise Refused(
            f"Issue {issue.number} cannot go on: {' '.join(reasons)} Mend that, for a story: digest issues edit "
            f"{issue.number} exclude ARTICLE. Then approve, and send again: those who wait get the new revision."
        )


def cancel(database: Database, issue_id: UUID, *, who: str, at: datetime) -> dict[str, int]:
    """Send nothing more of an issue, for good; returns the ledger's counts. What was accepted stays accepted."""
    with database.writing() as session:
        issue = _locked(session, issue_id)
        if issue.status == _S.cancelled:
            raise Refused(f"Issue {issue.number} is cancelled already.")
        lifecycle.move(issue, _S.cancelled, at)
        issue.undo_until = None
        log.add(session, issue, at=at, who=who, what="cancel", after={})
    cancel_rows(database, issue.number, at)
    with database.reading() as session:
        return ledger.counts(session, issue.number)


def call_back(database: Database, issue_id: UUID, *, who: str, at: datetime) -> None:
    """Take an order to send back while nothing has left: the issue wants a new approval (``take_back``)."""
    with database.writing() as session:
        issue = _locked(session, issue_id)
        if issue.status != _S.scheduled or issue.undo_until is None or issue.undo_until <= at:
            raise Refused(
                f"Issue {issue.number} is {lifecycle.in_words(issue.status)}: it is too late to call it back. "
                f"What has not left can be stopped: digest issues pause {issue.number}."
            )
        approval.take_back(session, issue, who=who, at=at, what="call back")


def cancel_rows(database: Database, issue_number: int, at: datetime) -> None:
    """Cancel what waits of a cancelled issue, in short transactions; safe to repeat. Batches in flight settle."""
    with database.writing() as session:
        release_formed(session, issue_number, at)
    while _cancel_some(database, issue_number, at):
        pass


def release_formed(session: Session, issue_number: int, at: datetime, account: str | None = None) -> None:
    """Give back the batches (of one account, if given) that no worker holds and that were never handed over."""
    formed = select(BATCH.c.number).where(BATCH.c.issue_number == issue_number, BATCH.c.state == BatchState.formed)
    if account is not None:
        formed = formed.where(BATCH.c.account == account)
    for number in session.execute(formed).scalars().all():
        batches.release(session, number, at, "given up: the issue was cancelled, changed, or goes by another account")


def _cancel_some(database: Database, issue_number: int, at: datetime) -> bool:
    with database.writing() as session:
        waiting = (DELIVERY.c.issue_number == issue_number, DELIVERY.c.state.in_(WAITING))
        ids = session.execute(select(DELIVERY.c.subscriber_id).where(*waiting).limit(CHUNK)).scalars().all()
        chosen = among(session, DELIVERY.c.subscriber_id, ids)
        cancelled = {"state": DeliveryState.cancelled, "settled_at": at}
        session.execute(update(DELIVERY).where(*waiting, chosen).values(cancelled))
    return len(ids) == CHUNK


def resolve(
    database: Database,
    issue_id: UUID,
    decision: Resolution,
    *,
    who: str,
    at: datetime,
    batch: int | None = None,
) -> int:
    """Decide by hand what became of uncertain deliveries (of one batch, if given); returns how many there were."""
    with database.writing() as session:
        issue = _locked(session, issue_id)
        mine = [DELIVERY.c.issue_number == issue.number, DELIVERY.c.state == DeliveryState.uncertain]
        if batch is not None:
            mine.append(DELIVERY.c.batch_number == batch)
        moved = rowcount(session.execute(update(DELIVERY).where(*mine).values(_resolved(decision, who, at))))
        if moved and decision is Resolution.again and issue.status == _S.sent:
            lifecycle.move(issue, _S.sending, at)
        if moved and decision is Resolution.accepted:
            session.flush()
            ledger.note_first_accepted(session, issue.number, at)
        ledger.close_batches(session, issue.number, at)
        log.add(
            session,
            issue,
            at=at,
            who=who,
            what="resolve",
            after={"as": decision.value, "batch": batch, "deliveries": moved},
        )
        return moved


def _resolved(decision: Resolution, who: str, at: datetime) -> dict[str, Any]:
    if decision is Resolution.again:
        return {"state": DeliveryState.queued, "batch_number": None, "next_attempt_at": None, "settled_at": None}
    state = DeliveryState.accepted if decision is Resolution.accepted else DeliveryState.rejected
    return {"state": state, "reason": f"decided by {who}", "settled_at": at}


def hold(session: Session, issue: Issue, reason: str, at: datetime) -> None:
    """Hold an issue back and say why; nothing of it leaves until a person resumes it."""
    issue.held, issue.changed_at = reason, at
    session.add(issue)


def _locked(session: Session, issue_id: UUID) -> Issue:
    issue = session.get(Issue, issue_id, with_for_update=True)
    if issue is None:
        raise NotFound(f"There is no issue {issue_id}.")
    session.add(issue)
    return issue
