"""A made newsroom whose secrets are known: what readers want, what editors know, where bots click. Seeded."""
