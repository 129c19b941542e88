"""Stage 1: what the newsroom published, as it was imported."""
