"""``python -m tests.chaos --runs 2000 --seed N --jobs 2``: many seeded runs, on both databases, and a summary."""

import argparse
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.chaos import places, trial
from tests.chaos.places import Ground
from tests.chaos.voyage import Report
from tests.chaos.workers import Nursery

BOTH = ("sqlite", "postgresql")


@contextmanager
def grounds(kinds: Iterable[str]) -> Iterator[list[Ground]]:
    """Open the databases to run on."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        made = []
        for kind in kinds:
            home = folder / kind
            home.mkdir()
            url = stack.enter_context(places.postgres(home)).get_uri() if kind == "postgresql" else ""
            made.append(Ground(home, url))
            stack.callback(made[-1].close)
        yield made


def reports(seeds: Sequence[int], grounds: Sequence[Ground], jobs: int) -> Iterator[Report]:
    """Run seeds, some at once, each on the next of the databases; yields the reports in the order of the seeds."""
    nursery = Nursery()
    try:
        with ThreadPoolExecutor(jobs) as pool:
            turns = [(seed, grounds[turn % len(grounds)]) for turn, seed in enumerate(seeds)]
            yield from pool.map(lambda one: trial.run(one[0], one[1], nursery), turns)
    finally:
        nursery.close()


def summary(found: Sequence[Report], seconds: float) -> str:
    """Return what happened in runs, counted."""
    faults, deaths, deeds, states = (Counter[str]() for _ in range(4))
    for one in found:
        faults.update(one.faults)
        deaths.update(one.deaths)
        deeds.update(one.deeds)
        states.update(one.states)
    runs = Counter(f"{one.place}{' by queues' * one.queued}, {one.plan.provider}" for one in found)
    failed = [one for one in found if one.broken]
    lines = [f"{len(found):,} runs in {seconds:,.0f} s, {len(failed)} broken", _line("runs", runs)]
    lines += [_line("requests by fault", faults), _line("deaths inside the product", deaths)]
    lines += [_line("from outside", deeds), _line("deliveries at the end", states)]
    lines += [f"broken seeds: {', '.join(f'{one.seed} ({one.place})' for one in failed)}"] * bool(failed)
    return "\n".join(lines)


def _line(name: str, counts: Counter[str]) -> str:
    return f"{name}: " + (", ".join(f"{count:,} {what}" for what, count in counts.most_common()) or "none")


def main(arguments: Sequence[str]) -> int:
    """Run; returns 1 if anything is broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=None, help="the first seed; the others follow it. Default: random")
    parser.add_argument("--jobs", type=int, default=2 * (os.cpu_count() or 1), help="runs at once; they mostly wait")
    parser.add_argument("--on", choices=BOTH, default=None, help="only on this database; default: on both in turn")
    given = parser.parse_args(arguments)
    first = given.seed if given.seed is not None else secrets.randbelow(10**9)
    print(f"seeds {first} to {first + given.runs - 1}", flush=True)
    began, found = time.monotonic(), []
    with grounds([given.on] if given.on else BOTH) as made:
        for report in reports(range(first, first + given.runs), made, given.jobs):
            found.append(report)
            if report.broken:
                print(f"BROKEN {report.sentence()}", flush=True)
            if len(found) % 20 == 0 or len(found) == given.runs:
                bad, seconds = sum(bool(one.broken) for one in found), time.monotonic() - began
                print(f"{len(found):,} of {given.runs:,} runs, {bad} broken, {seconds:,.0f} s", flush=True)
    print(summary(found, time.monotonic() - began))
    return 1 if any(one.broken for one in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
