"""kill -9 in the middle of applying: nothing is lost, nothing has its effect twice."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from digest.database import Database
from digest.events import applying, intake
from digest.providers.event import EventKind
from tests.conftest import BOTH, NOW
from tests.events.applier import POINTS, SIZE
from tests.events.test_any_order import end, room
from tests.events.test_applying import KEYS, event, states

ROOT = Path(__file__).parents[2]
LATER = NOW + timedelta(days=1)
_K = EventKind
KINDS = (_K.deferred, _K.bounced, _K.delivered, _K.opened, _K.bounced, _K.clicked)
PAGES = 3
DIES_IN = 2  # the page, counted from 0


def told(database: Database) -> None:
    """Tell more than two pages of events about seven mails whose fate is uncertain, from the last to the first."""
    room(database, "uncertain")
    events = [
        event(KINDS[number % len(KINDS)], minutes=number, delivery_ref=f"{1 + number % 7}.1", event_id=f"k{number}")
        for number in reversed(range(SIZE * PAGES))
    ]
    intake.store(database, "sendgrid", events, NOW + timedelta(hours=2))


@BOTH
@pytest.mark.parametrize("point", POINTS)
def test_who_dies_in_a_page_has_done_nothing_of_it(database: Database, point: str):
    """What was applied before stays; whoever comes next does the rest, and it ends as if nobody had died."""
    told(database)
    applying.apply_due(database, KEYS, LATER)
    whole = end(database)
    told(database)
    command = [sys.executable, "-m", "tests.events.applier", database.url, point, str(DIES_IN)]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode == -9  # noqa: S603 - our own
    assert states(database) == {"applied": DIES_IN * SIZE, "new": (PAGES - DIES_IN) * SIZE}
    assert applying.apply_due(database, KEYS, LATER).applied == (PAGES - DIES_IN) * SIZE
    assert end(database) == whole
    assert applying.apply_due(database, KEYS, LATER) == applying.Applied()
