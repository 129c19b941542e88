"""The benchmarks behind ``make bench``: ratios within one run, never a test that can fail by the clock."""
