"""Settling: writing down what the provider answered, or what becomes of a batch it did not answer for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import RowMapping, and_, or_, select, update
from sqlmodel import Session

from digest.issues.models import IssueStatus
from digest.sending import batches, ledger, pacing
from digest.sending.batches import Claim
from digest.sending.bulk import among
from digest.sending.ledger import BATCH, DELIVERY, ISSUE
from digest.sending.models import BatchState, DeliveryState
from digest.sending.provider import BatchRefused, NotTaken, ProviderError, Receipt, StopIssue
from digest.sending.retry import Fate, Repeats, decide, next_try, unknown, wait
from digest.settings import Uncertain

_D, _B = DeliveryState, BatchState
REASON_LENGTH: Final = 500
REFUSED_ALONE: Final = 5  # readers refused one by one, before anybody was accepted, that stop an issue


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for the provider account and by the settings."""

    account: str
    window: timedelta | None  # how long the provider keeps idempotency keys
    uncertain: Uncertain
    jitter: float = 0.5  # 0 to 1: spreads what comes again


def ref(issue_number: int, subscriber_id: int) -> str:
    """Return the name of a delivery that goes to the provider and comes back in its events."""
    return f"{issue_number}.{subscriber_id}"


def parse_ref(text: str) -> tuple[int, int]:
    """Return (issue number, subscriber id) of a delivery's name. Raises ValueError."""
    issue, _, subscriber = text.partition(".")
    return int(issue), int(subscriber)


def settle(session: Session, claim: Claim, receipts: Sequence[Receipt], now: datetime) -> None:
    """Write down the provider's receipts. Those of a worker whose lease ran out count as late evidence."""
    groups = _grouped(receipts)
    if not batches.is_mine(session, claim):
        for (accepted, message_id, reason), ids in groups.items():
            ledger.evidence(
                session, claim.issue_number, ids, accepted=accepted, at=now, message_id=message_id, reason=reason
            )
        return
    size = session.execute(select(BATCH.c.size).where(BATCH.c.number == claim.number)).scalar_one()
    whole = len(groups) == 1 and len(receipts) == size  # the usual answer: one statement, no list of numbers
    for answer, ids in groups.items():
        _write_answer(session, claim, None if whole else ids, answer, now)
    if any(accepted for accepted, _, _ in groups):
        ledger.note_first_accepted(session, claim.issue_number, now)
    left = 0 if whole else _leave_unanswered(session, claim, now)
    batches.close(session, claim.number, _B.uncertain if left else _B.settled, now)


def settle_error(session: Session, claim: Claim, error: ProviderError, rules: Rules, now: datetime) -> Fate | None:
    """Write down what becomes of a batch whose call ended in an error; None when it is in other hands by now."""
    if not batches.is_mine(session, claim):
        return None
    row = session.execute(select(BATCH).where(BATCH.c.number == claim.number)).mappings().one()
    claim = batches.as_claim(row)
    repeats = Repeats(rules.window, claim.handed_over_at, claim.attempts)
    fate = decide(error, repeats, now, rules.uncertain)
    apply(session, claim, fate, error, now=now, jitter=rules.jitter)
    if isinstance(error, NotTaken) and error.throttled:
        pause = wait(1, rules.jitter, error.retry_after)
        pacing.hold_back(session, rules.account, now + pause)
    if isinstance(error, StopIssue):
        pacing.halt(session, rules.account, str(error))
        stop_issue(session, claim.issue_number, str(error), now)
    return fate


def recover(session: Session, issue_number: int, rules: Rules, now: datetime) -> int:
    """Take back the batches whose lease ran out; returns how many there were.

    Before the hand-over mark nothing can have left: the members are queued again. After it nobody knows.
    """
    late = and_(BATCH.c.state.in_((_B.claimed, _B.handed_over, _B.repeating)), BATCH.c.lease_until < now)
    waiting = and_(BATCH.c.state == _B.repeating, BATCH.c.lease_until.is_(None))
    query = select(BATCH).where(BATCH.c.issue_number == issue_number, or_(late, waiting))
    found = session.execute(query.with_for_update(skip_locked=True)).mappings().all()
    return sum(_recover_one(session, batch, rules, now) for batch in found)


def _recover_one(session: Session, batch: RowMapping, rules: Rules, now: datetime) -> bool:
    """Take one batch back; returns False for one that rightly waits for its repetition."""
    if batch["state"] == _B.claimed:
        batches.release(session, batch["number"], now, "the worker's lease ran out before anything had left")
        return True
    window = rules.window if batch["account"] == rules.account else None
    repeats = Repeats(window, batch["handed_over_at"], batch["attempts"])
    if batch["lease_until"] is None and repeats.allowed(now):
        return False
    fate = unknown(repeats, now, rules.uncertain)
    error = ProviderError(batch["error"] or "the worker was gone before the answer came")
    apply(session, batches.as_claim(batch), fate, error, now=now, jitter=rules.jitter)
    return True


def apply(session: Session, claim: Claim, fate: Fate, error: ProviderError, *, now: datetime, jitter: float) -> None:
    """Do to a batch and its members what was decided."""
    reason = str(error)[:REASON_LENGTH]
    if fate is Fate.repeat:
        asked = error.retry_after if isinstance(error, NotTaken) else None
        _repeat(session, claim, reason, now + wait(claim.attempts, jitter, asked))
    elif fate is Fate.uncertain:
        _move(session, claim, None, {"state": _D.uncertain, "reason": reason, "settled_at": now})
        batches.close(session, claim.number, _B.uncertain, now, reason)
    elif fate is Fate.refused and isinstance(error, BatchRefused):
        _refused(session, claim, error, now)
    elif fate is Fate.stop:
        batches.release(session, claim.number, now, reason)
    else:
        _again(session, claim, error, now, jitter)
        batches.release(session, claim.number, now, reason)


def stop_issue(session: Session, issue_number: int, reason: str, now: datetime) -> None:
    """Pause an issue that cannot be sent on, and say why; nothing is marked as sent by it."""
    session.execute(
        update(ISSUE)
        .where(ISSUE.c.number == issue_number, ISSUE.c.status == IssueStatus.sending)
        .values(status=IssueStatus.paused, failed=reason, held=reason, changed_at=now)
    )


_Answer = tuple[bool, str | None, str | None]


def _grouped(receipts: Sequence[Receipt]) -> Mapping[_Answer, list[int]]:
    groups: dict[_Answer, list[int]] = defaultdict(list)
    for receipt in receipts:
        answer = (receipt.accepted, receipt.message_id, receipt.reason)
        groups[answer].append(parse_ref(receipt.delivery_ref)[1])
    return groups


def _write_answer(session: Session, claim: Claim, ids: list[int] | None, answer: _Answer, now: datetime) -> None:
    accepted, message_id, reason = answer
    state = _D.accepted if accepted else _D.rejected
    values = {"state": state, "provider_message_id": message_id, "reason": reason, "settled_at": now}
    _move(session, claim, ids, {**values, "next_attempt_at": None})


def _leave_unanswered(session: Session, claim: Claim, now: datetime) -> int:
    """Call members that the provider did not answer for uncertain; returns how many there are."""
    values = {"state": _D.uncertain, "reason": "the provider's answer did not name it", "settled_at": now}
    return _move(session, claim, None, values)


def _move(session: Session, claim: Claim, ids: Sequence[int] | None, values: Mapping[str, Any]) -> int:
    """Change the batch's members that have no answer yet (or those of them that ``ids`` names)."""
    members = update(DELIVERY).where(DELIVERY.c.batch_number == claim.number, DELIVERY.c.state == _D.claimed)
    if ids is not None:
        members = members.where(among(session, DELIVERY.c.subscriber_id, ids))
    moved: Any = session.execute(members.values(dict(values)))
    return int(moved.rowcount)


def _repeat(session: Session, claim: Claim, reason: str, at: datetime) -> None:
    session.execute(
        update(BATCH)
        .where(BATCH.c.number == claim.number)
        .values(state=_B.repeating, lease_until=None, next_attempt_at=at, fence=BATCH.c.fence + 1, error=reason)
    )


def _again(session: Session, claim: Claim, error: ProviderError, now: datetime, jitter: float) -> None:
    """Give each member its next try; those that were tried enough are rejected."""
    retry_after = error.retry_after if isinstance(error, NotTaken) else None
    for (attempts, first), ids in _by_history(session, claim).items():
        tries = attempts + 1
        at = next_try(tries, first or now, now, wait(tries, jitter, retry_after))
        values: dict[str, Any] = {"attempts": tries, "first_failed_at": first or now, "next_attempt_at": at}
        if at is None:
            values |= {"state": _D.rejected, "reason": f"exhausted: {error}"[:REASON_LENGTH], "settled_at": now}
        _move(session, claim, ids, values)


def _by_history(session: Session, claim: Claim) -> Mapping[tuple[int, datetime | None], list[int]]:
    query = select(DELIVERY.c.subscriber_id, DELIVERY.c.attempts, DELIVERY.c.first_failed_at)
    rows = session.execute(query.where(DELIVERY.c.batch_number == claim.number, DELIVERY.c.state == _D.claimed))
    groups: dict[tuple[int, datetime | None], list[int]] = defaultdict(list)
    for subscriber, attempts, first in rows:
        groups[attempts, first].append(subscriber)
    return groups


def _refused(session: Session, claim: Claim, error: BatchRefused, now: datetime) -> None:
    """Reject the members that the provider named; where it named none, halve the batch until they are alone."""
    rejected = {"state": _D.rejected, "settled_at": now}
    named = [
        _move(session, claim, ids, {**rejected, "reason": reason[:REASON_LENGTH]})
        for reason, ids in _named(error).items()
    ]
    if not any(named):
        _halve(session, claim, str(error)[:REASON_LENGTH], now)
    batches.release(session, claim.number, now, str(error)[:REASON_LENGTH])


def _named(error: BatchRefused) -> Mapping[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for name, reason in error.recipients.items():
        groups[reason].append(parse_ref(name)[1])
    return groups


def _halve(session: Session, claim: Claim, reason: str, now: datetime) -> None:
    members = [one for ids in _by_history(session, claim).values() for one in ids]
    if len(members) == 1:
        _move(session, claim, None, {"state": _D.rejected, "reason": reason, "settled_at": now})
        _stop_if_all_are_refused(session, claim.issue_number, reason, now)
        return
    members.sort()
    account = session.execute(select(BATCH.c.account).where(BATCH.c.number == claim.number)).scalar_one()
    middle = len(members) // 2
    for half in (members[:middle], members[middle:]):
        made = batches.new_batch(
            session,
            claim.issue_number,
            claim.edition_number,
            account=account,
            size=len(half),
            now=now,
            state=_B.formed,
        )
        batches.take_in(session, claim.issue_number, half, made["number"])


def _stop_if_all_are_refused(session: Session, issue_number: int, reason: str, now: datetime) -> None:
    """Stop an issue of which reader after reader is refused alone and nobody was ever accepted: it is not them."""
    first = select(ISSUE.c.first_accepted_at).where(ISSUE.c.number == issue_number)
    if session.execute(first).scalar_one() is not None:
        return
    refused = select(DELIVERY.c.subscriber_id).where(
        DELIVERY.c.issue_number == issue_number, DELIVERY.c.state == _D.rejected
    )
    if len(session.execute(refused.limit(REFUSED_ALONE)).all()) == REFUSED_ALONE:
        stop_issue(session, issue_number, f"Every call is refused: {reason}", now)
