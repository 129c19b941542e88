"""``make bench``: runs every benchmark, one after the other; with ``--large`` those of a million readers instead."""

import sys

from tests.benchmarks import (
    bench_drafting,
    bench_events,
    bench_freezing,
    bench_intake,
    bench_ranking,
    bench_readers,
    bench_sending,
    bench_starting,
)

if "--large" in sys.argv[1:]:
    bench_freezing.main(bench_freezing.GROWN)
    bench_sending.grown()
else:
    for bench in (
        bench_starting,
        bench_freezing,
        bench_sending,
        bench_drafting,
        bench_intake,
        bench_ranking,
        bench_readers,
        bench_events,
    ):
        bench.main()
