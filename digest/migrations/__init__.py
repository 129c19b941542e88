"""Alembic: one history for both packages."""
