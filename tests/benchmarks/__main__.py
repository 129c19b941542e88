"""``make bench``: runs every benchmark, one after the other."""

from tests.benchmarks import bench_drafting, bench_events, bench_intake, bench_ranking, bench_readers, bench_sending

for bench in (bench_drafting, bench_intake, bench_ranking, bench_readers, bench_sending, bench_events):
    bench.main()
