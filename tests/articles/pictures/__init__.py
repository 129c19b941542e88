"""Tests of the pictures: cut, kept, fetched once, and shown."""
