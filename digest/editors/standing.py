"""Where an issue and its ledger stand: for ``digest issues status`` and for the desk alike."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from digest.database import Database
from digest.issues.models import Issue
from digest.sending import canary, ledger, pacing, rehearsing, waiting, warming, waves
from digest.sending.limits import Limits


def standing(
    database: Database,
    session: Session,
    issue: Issue,
    account: str,
    limits: Mapping[str, Limits] = waiting.NO_LIMITS,
) -> dict[str, Any]:
    """Return it as plain data. ``account``: the provider account whose halting is told; ``limits``: of all accounts."""
    counts, now = ledger.counts(session, issue.number), database.now(session)
    first = canary.until(session, issue.number)  # who waits for that is no wave
    days = warming.to_come(session, issue.number, now)
    others = {first, *(one.at for one in days)}
    under_way = issue.status in waiting.UNDER_WAY and not issue.held
    return {
        "issue": str(issue.id),
        "number": issue.number,
        "status": str(issue.status),
        "held": issue.held,
        "failed": issue.failed,
        "send_at": issue.send_at.isoformat() if issue.send_at else None,
        "undo_until": issue.undo_until.isoformat() if issue.undo_until else None,
        "audience": issue.audience_size,
        "deliveries": counts,
        "sum": sum(counts.values()),
        "whole": ledger.is_whole(session, issue.number),
        "waiting": waiting.of_issue(session, issue.number, now, account, limits).sentence(now) if under_way else "",
        "instead": rehearsing.instead_of(session, issue, now),
        "waves": [one.to_json() for one in waves.of_issue(session, issue.number) if one.at not in others],
        "warm_up": [one.to_json() for one in days],
        "uncertain_batches": ledger.uncertain_batches(session, issue.number),
        "account_halted": pacing.halted(session, account),
    }
