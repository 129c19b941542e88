"""Real workers killed at random, an API that fails, readers who leave: nobody is skipped, nobody gets it twice.

``CHAOS_RUNS`` (default 20) are the runs on each database; their seeds are new each time, and a failure names its own.
``CHAOS_SEED`` sets the first. ``python -m tests.chaos`` runs thousands.
"""

import os
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.chaos import plan, regressions, trial
from tests.chaos.places import Ground
from tests.chaos.plan import POINTS, Deed, Fault
from tests.chaos.voyage import Report
from tests.chaos.workers import Nursery

RUNS = int(os.environ.get("CHAOS_RUNS", "20"))
SEED = int(os.environ.get("CHAOS_SEED", str(secrets.randbelow(10**9))))
AT_ONCE = 4  # runs mostly wait
BOTH = pytest.mark.parametrize("ground", ["sqlite", "postgresql"], indirect=True)
NOTHING_LEFT = {"claimed", "hand-over, not committed", "claim, not committed", "repetition, not committed"}
IN_HAND = {"handed over, not called", "called, not settled", "settlement, not committed"}
LONG = pytest.mark.timeout(900)  # seconds, for a machine that is busy with much else


def all_of(turns: list[Callable[[], Report]]) -> list[Report]:
    """Do runs, some at once; fails with what is wrong with each of them."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda turn: turn(), turns))
    broken = [one.sentence() for one in found if one.broken]
    assert not broken, "\n".join(broken)
    return found


@LONG
@BOTH
def test_seeded_runs(ground: Ground, nursery: Nursery):
    """Runs with new seeds: faults, kills, orders and readers as chance will have it; all that must hold holds."""
    found = all_of([partial(trial.run, seed, ground, nursery) for seed in range(SEED, SEED + RUNS)])
    assert sum(sum(one.states.values()) for one in found) > 0


@LONG
@BOTH
def test_what_was_found_once_is_found_no_more(ground: Ground, nursery: Nursery):
    """The plans written by hand: each aims at one thing."""
    plans = regressions.FIXED
    found = all_of([partial(trial.run, one.seed, ground, nursery, one) for one in plans.values()])
    states = dict(zip(plans, (one.states for one in found), strict=True))
    assert states["every address is refused"] == {"rejected": 40}
    assert states["paused while it repeats"] == {"accepted": 40}
    assert states["everything dies while calls are held"] == {"accepted": 40}
    assert states["half of the readers leave"]["withdrawn"] > 0
    assert states["the last readers leave while it stands"]["withdrawn"] > 0
    told = found[list(plans).index("told to leave again and again")]
    assert told.states["accepted"] >= 40 - told.slow  # no call is broken off by leaving
    assert states["some addresses are refused, one by one"]["rejected"] > 0


@LONG
@BOTH
def test_a_death_at_each_point(ground: Ground, nursery: Nursery):
    """A worker kills itself at each step of freezing, claiming, calling and settling; another one goes on."""
    points = sorted(POINTS)[bool(ground.server) :: 2]  # half of them on each database, for they cost the same again
    plans = [regressions.dying_at(point) for point in points]
    found = all_of([partial(trial.run, one.seed, ground, nursery, one) for one in plans])
    for point, report in zip(points, found, strict=True):
        assert report.deaths[point] == 1, f"nobody came to {point!r}"
    states = dict(zip(points, (one.states for one in found), strict=True))
    slow = dict(zip(points, (one.slow for one in found), strict=True))  # 0, where this machine is not too busy
    for point in NOTHING_LEFT & set(points):
        assert states[point]["accepted"] >= 40 - slow[point], point
    for point in IN_HAND & set(points):
        assert states[point]["uncertain"] in range(1, 17 + slow[point]), point  # what two threads had in their hands


def test_a_seed_says_all_of_a_run():
    """The same seed is the same plan, and many seeds know every fault, deed and point."""
    plans = [plan.of(seed) for seed in range(400)]
    assert plan.of(7) == plan.of(7) != plan.of(8)
    assert {kind for one in plans for kind in one.faults} == set(Fault)
    assert {action.deed for one in plans for action in one.actions} == set(Deed)
    assert {death.point for one in plans for death in one.deaths if death} == set(POINTS)
