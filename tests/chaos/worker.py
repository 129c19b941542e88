"""A real worker process for the tests that kill it: the product's own modules, small batches, and a place to die at.

Run as ``python -m tests.chaos.worker FOLDER [--die-at claimed|marked|called] [--until-idle]``.
"""

import argparse
import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from digest import bootstrap
from digest.engine import local
from digest.providers.registry import build
from digest.sending import batches, work
from digest.sending.means import Means

BATCH = 20  # readers a call: 2,000 readers make 100 calls


def die(*_given: Any, **_named: Any) -> Any:
    """End as a machine does that loses its power."""
    os.kill(os.getpid(), signal.SIGKILL)


def tidy(means: Means, _alarm: Any) -> list[str]:
    """Tick without a schedule."""
    work.tidy(means)
    return []


def tell(*_given: Any) -> list[str]:
    """Write to no editor."""
    return []


def dying_at(point: str, provider: Any) -> None:
    """Die at the first batch that comes to this point."""
    if point == "claimed":
        batches.hand_over = die
    if point == "marked":
        provider.send = die
    if point == "called":
        send = provider.send
        provider.send = lambda mailing: (send(mailing), die())[1]


def main(arguments: list[str]) -> None:
    """Work until told to leave, or until nothing is due."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--die-at", default="")
    parser.add_argument("--until-idle", action="store_true")
    given = parser.parse_args(arguments)
    vars(local)["ticking"] = SimpleNamespace(tick=tidy, tell=tell)  # no runs of its own
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with bootstrap.opened(given.folder) as app:
        provider: Any = build(app.settings)
        provider.features = replace(provider.features, max_recipients=BATCH)
        vars(app)["provider"] = provider
        dying_at(given.die_at, provider)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        means = replace(app.means, refresher=None)  # and no sites to ask
        local.run(means, concurrency=4, until_idle=given.until_idle, stop=stop)


if __name__ == "__main__":
    main(sys.argv[1:])
