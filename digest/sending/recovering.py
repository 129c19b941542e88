"""Recovering: taking back the batches of workers that are gone, each by the rules of its own account."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping, and_, bindparam, or_, select
from sqlmodel import Session

from digest.sending import batches, settling
from digest.sending.ledger import BATCH
from digest.sending.models import BatchState
from digest.sending.provider import ProviderError
from digest.sending.retry import Repeats, unknown
from digest.sending.settling import Rules

_B = BatchState


_GONE: Final = (
    select(BATCH)
    .where(
        BATCH.c.issue_number == bindparam("issue"),
        or_(
            and_(BATCH.c.state.in_((_B.claimed, _B.handed_over, _B.repeating)), BATCH.c.lease_until < bindparam("now")),
            and_(BATCH.c.state == _B.repeating, BATCH.c.lease_until.is_(None)),
        ),
    )
    .with_for_update(skip_locked=True)
)


def recover(session: Session, issue_number: int, rules_of: Callable[[str], Rules], now: datetime) -> int:
    """Take back the batches whose lease ran out; returns how many there were.

    Before the hand-over mark nothing can have left: the members are queued again. After it nobody knows: the batch
    is repeated where its account still keeps its key and its issue is not cancelled. ``rules_of``: of an account, by
    its name.
    """
    found = session.execute(_GONE, {"issue": issue_number, "now": now}).mappings().all()
    rules = (settling.holding(session, issue_number, rules_of(batch["account"])) for batch in found)
    return sum(_recover_one(session, batch, rule, now) for batch, rule in zip(found, rules, strict=True))


def _recover_one(session: Session, batch: RowMapping, rules: Rules, now: datetime) -> bool:
    """Take one batch back; returns False for one that rightly waits for its repetition."""
    if batch["state"] == _B.claimed:
        batches.release(session, batch["number"], now, "the worker's lease ran out before anything had left")
        return True
    repeats = Repeats(rules.window, batch["handed_over_at"], batch["attempts"])
    if batch["lease_until"] is None and repeats.allowed(now):
        return False
    fate = unknown(repeats, now, rules.uncertain)
    error = ProviderError(batch["error"] or "the worker was gone before the answer came")
    settling.apply(session, batches.as_claim(batch), fate, error, now=now, jitter=rules.jitter)
    return True
