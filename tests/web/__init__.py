"""Tests of the web door, against a real server on loopback."""
