"""Tests of digest.providers."""
