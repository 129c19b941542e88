"""How an issue ended, or what stopped it, as it is told to its editors: each once. Pure."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

from digest.issues.models import Issue, IssueStatus

OVER: Final = (IssueStatus.sent, IssueStatus.skipped, IssueStatus.cancelled)
LATELY: Final = timedelta(days=3)  # what ended earlier is no news
ALARMING: Final = ("held", "stopped")


@dataclass(frozen=True, slots=True)
class Ending:
    """What to tell. ``occasion`` tells two tellings apart: the same reason after a new order is told again."""

    kind: str  # sent | skipped | cancelled | held | stopped
    occasion: str


def of(issue: Issue, orders: int) -> Ending | None:
    """Return how an issue stands if that is to be told. ``orders``: how often a person ordered it to go, or go on."""
    if issue.status == IssueStatus.sent:
        return Ending("sent", f"sent {issue.revision}")
    if issue.status in OVER:
        return Ending(str(issue.status), str(issue.status))
    if issue.failed:
        return Ending("stopped", f"stopped {orders} {_mark(issue.failed)}")
    if issue.held:
        return Ending("held", f"held {orders} {_mark(issue.held)}")
    return None


def _mark(reason: str) -> str:
    return sha256(reason.encode()).hexdigest()[:12]
