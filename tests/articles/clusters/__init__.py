"""Tests of the same-story clusters."""
