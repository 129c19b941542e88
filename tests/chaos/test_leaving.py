"""SIGTERM while calls hang: the worker is gone within ten seconds, and what it had in its hands is not lost."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.chaos import trial
from tests.chaos.places import Ground
from tests.chaos.plan import Fault, Plan
from tests.chaos.regressions import KEYED, small
from tests.chaos.workers import LEAVE, Nursery

HELD = 12.5  # seconds for which an answer is kept back: longer than a worker may wait for it once it is told to leave
PATIENT: dict[str, Any] = {"read_timeout": 12.0, "lease_seconds": 14.0}
GROUNDS = pytest.mark.parametrize("ground", ["sqlite", "postgresql"], indirect=True)


def leave_in_a_call(ground: Ground, nursery: Nursery, plan: Plan) -> dict[str, int]:
    """Tell a worker to leave that waits for answers, let another one go on, and return the states."""
    with trial.under_way(ground, nursery, plan, **PATIENT) as voyage:
        voyage.api.held = HELD
        worker = voyage.start()
        voyage.until_called(plan.threads)
        voyage.api.faults = {}
        assert worker.leave() <= LEAVE + 1  # for a machine that is busy
        voyage.come_home()
        assert trial.broken(voyage) == []
        return dict(voyage.report.states)


@GROUNDS
def test_who_is_told_to_leave_while_calls_hang_leaves_in_time(ground: Ground, nursery: Nursery):
    """By threads, and on PostgreSQL by queues. With keys all are accepted once.

    Without them only who was in a call is uncertain.
    """
    plans = [
        small(number, provider, faults={Fault.held: 1.0}, workers=1, queued=provider == KEYED)
        for number, provider in enumerate((KEYED, "sendgrid"))
    ]
    with ThreadPoolExecutor(len(plans)) as pool:
        keyed, without = pool.map(lambda one: leave_in_a_call(ground, nursery, one), plans)
    assert keyed == {"accepted": 40}
    assert without == {"accepted": 24, "uncertain": 16}  # two threads with eight readers each
