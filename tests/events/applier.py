"""A process that applies what is due, and may be made to die in the middle of a page.

Run as ``python -m tests.events.applier URL POINT PAGE``: it dies in that page, where POINT is ``read`` (nothing is
written), ``changed`` (the ledger is), ``drawn`` (bans are, too) or ``done`` (all is, but for the commit).
"""

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from digest.database import Database
from digest.events import applying, consequences
from tests.conftest import NOW
from tests.sending.newsroom import KEYS

SIZE = 20
POINTS = {"read": "_change", "changed": "draw", "drawn": "_done", "done": "_wait"}  # each dies before this


def dying(work: Callable[..., Any], page: int) -> Callable[..., Any]:
    """Return what does its work until it comes to a page, and then dies as a machine does that loses its power."""
    calls: list[int] = []

    def doomed(*given: Any) -> Any:
        calls.append(1)
        if len(calls) > page:
            os.kill(os.getpid(), signal.SIGKILL)
        return work(*given)

    return doomed


def main(url: str, point: str, page: str) -> None:
    """Apply, and die."""
    vars(applying)["PAGE"] = SIZE
    home: Any = consequences if point == "changed" else applying
    name = POINTS[point]
    per_page = {"draw": 2}.get(name, 1)  # calls
    setattr(home, name, dying(getattr(home, name), int(page) * per_page))
    applying.apply_due(Database(url), KEYS, NOW + timedelta(days=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
