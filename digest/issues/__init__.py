"""Stage 3: the week's number: what it holds, who changed it, and how far it is."""
