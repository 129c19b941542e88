"""Asks for the links of a mail: which there are, what they answer, and what the checks say of it."""
