"""Which articles tell the same story: by the words they share, and by what editors say."""
