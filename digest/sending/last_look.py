"""The last look at an issue before it leaves, or goes on: whether its approval still holds, and nothing turned red."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from digest.issues.models import Issue
from digest.proofs import approval, link_fetching
from digest.proofs.check import Level
from digest.sending.means import Means


def reasons(session: Session, issue: Issue, at: datetime) -> list[str]:
    """Return why an issue must not be sent now, in sentences; none if it may.

    How many readers there are is asked before its ledger is frozen only: who has left since is withdrawn, and an issue
    whose last readers left must be able to end.
    """
    if approval.valid(session, issue) is None:
        return ["Its approval does not hold any more: the content was changed since."]
    is_frozen = issue.audience_size is not None
    found = approval.withdrawn(session, issue) if is_frozen else approval.recheck(session, issue, at)
    red = (one for one in found if one.level is Level.red)
    return [f"{one.sentence.rstrip('.')} ({one.place})." if one.place else one.sentence for one in red]


def dead_leads(means: Means, issue_id: UUID) -> list[str]:
    """Return a sentence for each lead whose page is dead now, asked for within two minutes (design.md 5).

    It waits for the network: call it with no transaction open. Nothing is asked for where links are relaxed (ruling
    16), or where nothing is fetched at all. A page that is slow, or refuses programs, holds nothing up.
    """
    if means.refresher is None or "links" in means.relaxed:
        return []
    dead = link_fetching.dead_leads(means.database, issue_id, means.refresher.fetcher, means.clock.now())
    return [f"The page of a lead is dead. {one.sentence}" for one in dead]
