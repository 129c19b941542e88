"""Which regions an article is about: by its tags, its feed, or the places its text names."""
