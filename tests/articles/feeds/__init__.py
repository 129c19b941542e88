"""Feeds: which there are, how they fare, and what their tags mean."""
