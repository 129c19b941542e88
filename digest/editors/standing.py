"""Where an issue and its ledger stand: for ``digest issues status`` and for the desk alike."""

from typing import Any

from sqlmodel import Session

from digest.database import Database
from digest.issues.models import Issue
from digest.sending import canary, ledger, pacing, rehearsing, waiting, waves


def standing(database: Database, session: Session, issue: Issue, account: str) -> dict[str, Any]:
    """Return it as plain data. ``account``: the provider account whose halting is told."""
    counts, now = ledger.counts(session, issue.number), database.now(session)
    first = canary.until(session, issue.number)  # who waits for that is no wave
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
        "waiting": waiting.of_issue(session, issue.number, now, account).sentence(now) if under_way else "",
        "instead": rehearsing.instead_of(session, issue, now),
        "waves": [one.to_json() for one in waves.of_issue(session, issue.number) if one.at != first],
        "uncertain_batches": ledger.uncertain_batches(session, issue.number),
        "account_halted": pacing.halted(session, account),
    }
