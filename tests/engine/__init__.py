"""Tests of the engine: many workers as real processes on a real PostgreSQL, heartbeats, restores and copies."""
