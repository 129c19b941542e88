"""Tests of digest.sending."""
