"""Settling: writing down what the provider answered, or what becomes of a batch it did not answer for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import select, update
from sqlmodel import Session

from digest.issues.models import IssueStatus
from digest.sending import batches, ledger, pacing
from digest.sending.batches import Claim
from digest.sending.bulk import among
from digest.sending.ledger import BATCH, DELIVERY, ISSUE
from digest.sending.models import BatchState, DeliveryState
from digest.sending.provider import Again, BatchRefused, NotTaken, ProviderError, Receipt, StopIssue, Taken
from digest.sending.retry import Fate, Repeats, decide, next_try, wait
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


def holding(session: Session, issue_number: int, rules: Rules) -> Rules:
    """Return the rules as they hold for an issue: of a cancelled one nothing goes again; the unknown is uncertain."""
    if batches.return_state(session, issue_number) is _D.cancelled:
        return replace(rules, window=None, uncertain=Uncertain.hold)
    return rules


def ref(issue_number: int, subscriber_id: int) -> str:
    """Return the name of a delivery that goes to the provider and comes back in its events."""
    return f"{issue_number}.{subscriber_id}"


def parse_ref(text: str) -> tuple[int, int]:
    """Return (issue number, subscriber id) of a delivery's name. Raises ValueError."""
    issue, _, subscriber = text.partition(".")
    return int(issue), int(subscriber)


def settle(session: Session, claim: Claim, receipts: Sequence[Receipt], now: datetime, rules: Rules) -> None:
    """Write down the provider's receipts. Those of a worker whose lease ran out count as late evidence.

    ``rules``: for those who come again, and for those without an answer.
    """
    held = batches.held(session, claim)
    if held is None:
        _settle_late(session, claim, _grouped(receipts), now)
        return
    groups = _grouped(receipts) if len(receipts) != held.size else _grouped_whole(receipts)
    whole = len(groups) == 1 and len(receipts) == held.size  # the usual answer: one statement, no list of numbers
    for answer, ids in groups.items():
        if answer.again is None:
            _write_answer(session, claim, None if whole else ids, answer, now)
        elif not claim.repeating:  # of a repetition it says nothing: the first call may have been taken
            _take_back(session, claim, None if whole else ids, answer, now=now, jitter=rules.jitter)
    if any(answer.accepted for answer in groups):
        ledger.note_first_accepted(session, claim.issue_number, now)
    _hold_back_if_throttled(session, claim, groups, now, rules.jitter)
    left = 0 if whole and not claim.repeating else _leave_unanswered(session, claim, rules, now)
    known = _B.returned if groups and all(answer.again for answer in groups) else _B.settled
    batches.close(session, claim.number, _B.uncertain if left else known, now)


def _settle_late(session: Session, claim: Claim, groups: "_Groups", now: datetime) -> None:
    """Take receipts as evidence; one that says "later" opens nothing, as a late error does not."""
    for answer, ids in groups.items():
        if answer.again is None:
            ledger.evidence(
                session,
                claim.issue_number,
                ids,
                accepted=answer.accepted,
                at=now,
                message_id=answer.message_id,
                reason=answer.reason,
            )


def settle_error(session: Session, claim: Claim, error: ProviderError, rules: Rules, now: datetime) -> Fate | None:
    """Write down what becomes of a batch whose call ended in an error; None when it is in other hands by now."""
    if batches.held(session, claim) is None:
        return None
    row = session.execute(select(BATCH).where(BATCH.c.number == claim.number)).mappings().one()
    claim = batches.as_claim(row)
    held = holding(session, claim.issue_number, rules)
    repeats = Repeats(held.window, claim.handed_over_at, claim.attempts)
    fate = decide(error, repeats, now, held.uncertain)
    apply(session, claim, fate, error, now=now, jitter=rules.jitter)
    if isinstance(error, NotTaken) and error.throttled:
        pause = wait(1, rules.jitter, error.retry_after)
        pacing.hold_back(session, rules.account, now + pause)
    if isinstance(error, StopIssue):
        pacing.halt(session, rules.account, str(error))
        stop_issue(session, claim.issue_number, str(error), now)
    return fate


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
        asked = error.retry_after if isinstance(error, NotTaken) else None
        _again(session, claim, str(error), asked, now=now, jitter=jitter)
        batches.release(session, claim.number, now, reason)


def stop_issue(session: Session, issue_number: int, reason: str, now: datetime) -> None:
    """Pause an issue that cannot be sent on, and say why; nothing is marked as sent by it."""
    session.execute(
        update(ISSUE)
        .where(ISSUE.c.number == issue_number, ISSUE.c.status == IssueStatus.sending)
        .values(status=IssueStatus.paused, failed=reason, held=reason, changed_at=now)
    )


class _Answer(NamedTuple):
    accepted: bool
    message_id: str | None
    reason: str | None
    again: Again | None


_Groups = Mapping[_Answer, list[int]]


def _grouped_whole(receipts: Sequence[Receipt]) -> _Groups:
    """Return the groups of receipts that are as many as there are members; where all are alike nobody is named."""
    if isinstance(receipts, Taken) and receipts:
        return {_Answer(accepted=True, message_id=receipts.message_id, reason=None, again=None): []}
    return _grouped(receipts)


def _grouped(receipts: Sequence[Receipt]) -> _Groups:
    groups: dict[_Answer, list[int]] = defaultdict(list)
    for one in receipts:
        answer = _Answer(one.accepted, one.message_id, one.reason, None if one.accepted else one.again)
        groups[answer].append(int(one.delivery_ref.partition(".")[2]))
    return groups


def _write_answer(session: Session, claim: Claim, ids: list[int] | None, answer: _Answer, now: datetime) -> None:
    state = _D.accepted if answer.accepted else _D.rejected
    values = {"state": state, "provider_message_id": answer.message_id, "reason": answer.reason, "settled_at": now}
    _move(session, claim, ids, {**values, "next_attempt_at": None})


def _take_back(
    session: Session, claim: Claim, ids: list[int] | None, answer: _Answer, *, now: datetime, jitter: float
) -> None:
    """Queue members again that were not taken now; those whose turn had come have one try less."""
    again = answer.again or Again()
    if again.offered:
        _again(session, claim, answer.reason or "not taken", again.retry_after, now=now, jitter=jitter, ids=ids)
    state = batches.return_state(session, claim.issue_number)
    moved = _move(session, claim, ids, {"state": state, "batch_number": None})
    session.execute(update(BATCH).where(BATCH.c.number == claim.number).values(size=BATCH.c.size - moved))
    pacing.give_back(session, claim.account, moved, now)


def _hold_back_if_throttled(session: Session, claim: Claim, groups: _Groups, now: datetime, jitter: float) -> None:
    throttled = [answer.again for answer in groups if answer.again and answer.again.throttled]
    if throttled:
        asked = max(again.retry_after or 0.0 for again in throttled)
        pacing.hold_back(session, claim.account, now + wait(1, jitter, asked))


def _leave_unanswered(session: Session, claim: Claim, rules: Rules, now: datetime) -> int:
    """Do with members that got no answer what the settings say; returns how many are uncertain now."""
    reason = "the provider gave no answer for it"
    if holding(session, claim.issue_number, rules).uncertain is Uncertain.resend:
        _take_back(session, claim, None, _Answer(False, None, reason, Again()), now=now, jitter=rules.jitter)  # noqa: FBT003
        return 0
    return _move(session, claim, None, {"state": _D.uncertain, "reason": reason, "settled_at": now})


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


def _again(
    session: Session,
    claim: Claim,
    reason: str,
    retry_after: float | None,
    *,
    now: datetime,
    jitter: float,
    ids: Sequence[int] | None = None,
) -> None:
    """Give each member (or those of ``ids``) its next try; those that were tried enough are rejected."""
    for (attempts, first), members in _by_history(session, claim, ids).items():
        tries = attempts + 1
        at = next_try(tries, first or now, now, wait(tries, jitter, retry_after))
        values: dict[str, Any] = {"attempts": tries, "first_failed_at": first or now, "next_attempt_at": at}
        if at is None:
            values |= {"state": _D.rejected, "reason": f"exhausted: {reason}"[:REASON_LENGTH], "settled_at": now}
        _move(session, claim, members, values)


def _by_history(
    session: Session, claim: Claim, ids: Sequence[int] | None = None
) -> Mapping[tuple[int, datetime | None], list[int]]:
    query = select(DELIVERY.c.subscriber_id, DELIVERY.c.attempts, DELIVERY.c.first_failed_at)
    query = query.where(DELIVERY.c.batch_number == claim.number, DELIVERY.c.state == _D.claimed)
    if ids is not None:
        query = query.where(among(session, DELIVERY.c.subscriber_id, ids))
    groups: dict[tuple[int, datetime | None], list[int]] = defaultdict(list)
    for subscriber, attempts, first in session.execute(query):
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
