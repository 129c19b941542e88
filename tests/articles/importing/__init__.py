"""Tests of what the newsroom published."""
