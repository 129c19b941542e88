"""The feeds a newsroom is read from: which there are, how they are, and what their tags mean."""
