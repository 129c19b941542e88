"""Tests of subscribers: who receives what, and who agreed."""
