"""Public click logs of news sites: their layouts, and the ranking of each impression by what was known before it."""
