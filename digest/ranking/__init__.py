"""Stage 2: in what order, and why. Pure: no database, no clock, no network."""
