"""Tests of which places an article is about."""
