"""Tests of stage 8."""
