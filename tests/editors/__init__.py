"""Tests of the mails to editors, and of what their links do."""
