"""The issues by JSON under /api: for other systems, with keys; the same acts as the desk's pages and the commands."""
