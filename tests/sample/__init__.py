"""Tests of the made-up newsroom: its articles, traps, pictures, reads and readers."""
