"""Tests of stage 2: the golden table, a naive second implementation, and the promises of the ranking."""
