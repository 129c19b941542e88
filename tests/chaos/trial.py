"""A run from its beginning to its end: a place and an API are made, a voyage takes place, and its end is judged."""

import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.chaos import api as api_module
from tests.chaos import invariants, places, workers
from tests.chaos.api import READ_TIMEOUT, Api
from tests.chaos.nursery import LEASE
from tests.chaos.places import Ground, Place
from tests.chaos.plan import Plan, of
from tests.chaos.voyage import Report, Voyage
from tests.chaos.workers import Nursery
from tests.sending import newsroom


@contextmanager
def under_way(
    ground: Ground, nursery: Nursery, plan: Plan, *, report: Report | None = None, host: str = "127.0.0.1", **more: Any
) -> Iterator[Voyage]:
    """Make the place of a run, and an API at a host; afterwards nothing of them is left. ``more``: settings."""
    where = "postgresql" if ground.server else "sqlite"
    report = report or Report(plan.seed, where, plan, plan.queued and bool(ground.server))
    with tempfile.TemporaryDirectory(prefix=f"chaos-{plan.seed}-") as name:
        folder = Path(name)
        # A repetition claimed at the last moment is called within its lease; the product's own margin is as long.
        window = None if plan.window is None else plan.window + LEASE
        api = Api(folder / "taken.txt", plan.seed, plan.faults, _bad(plan), plan.latency, window, host=host)
        place: Place | None = None
        try:
            place = places.make(ground, folder, plan, api.url, **more)
            voyage = Voyage(plan, place, api, nursery, report)
            try:
                yield voyage
            finally:
                for child in voyage.children:
                    child.kill()
        finally:
            report.faults = api_module.by_kind(api.calls)
            report.slow = _slow(api, place)
            api.close()
            if place is not None:
                place.database.close()
                ground.drop(place.url)


def run(seed: int, ground: Ground, nursery: Nursery, plan: Plan | None = None) -> Report:
    """Do one run, and judge it."""
    began = time.monotonic()
    plan = plan or of(seed)
    report = Report(seed, "postgresql" if ground.server else "sqlite", plan, plan.queued and bool(ground.server))
    try:
        with under_way(ground, nursery, plan, report=report) as voyage:
            report.broken = _judged(voyage)
    except Exception as error:  # noqa: BLE001 - a run that breaks must not hide the others
        report.broken = [f"The harness broke: {type(error).__name__}: {error}"]
    report.seconds = time.monotonic() - began
    return report


def _judged(voyage: Voyage) -> list[str]:
    found: list[str] = []
    try:
        voyage.sail()
        voyage.come_home()
    except AssertionError as error:
        found.append(str(error))
        for child in voyage.children:
            child.kill()
    return found + broken(voyage, only_logs=bool(found))


def broken(voyage: Voyage, *, only_logs: bool = False) -> list[str]:
    """Return a sentence for each thing that does not hold when a run is over; none if all is well."""
    found: list[str] = []
    for log in voyage.logs:
        died = workers.deaths(log)
        voyage.story.kills += [at for at, _ in died]
        voyage.report.deaths.update(point for _, point in died)
        if log.exists() and "Traceback" in log.read_text():
            found.append(f"A traceback was printed:\n{workers.tail(log)}")
    voyage.story.cancelled = newsroom.issue(voyage.place.database).status == "cancelled"
    if not found and not only_logs:
        found = invariants.broken(voyage.plan, voyage.place, voyage.api, voyage.story)
    voyage.report.states.update(row.state for row in newsroom.rows_of(voyage.place.database, newsroom.DELIVERY))
    voyage.report.deeds = voyage.deeds
    return found


def _bad(plan: Plan) -> frozenset[int]:
    chance = random.Random(f"{plan.seed}.bad")  # noqa: S311
    return frozenset(one for one in range(1, plan.readers + 1) if chance.random() < plan.bad)


def _slow(api: Api, place: Place | None) -> int:
    """Return the readers of calls answered late, counted from their hand-over: the worker may not have waited."""
    rows = newsroom.rows_of(place.database, newsroom.BATCH) if place is not None else []
    marks = {str(row.id): row.handed_over_at.timestamp() for row in rows if row.handed_over_at}
    calls = [one for one in api.calls if not one.fault]
    late = [one for one in calls if one.ended - min(marks.get(one.batch, one.began), one.began) > READ_TIMEOUT / 2]
    return sum(len(one.people) for one in late)
