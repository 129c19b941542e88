"""The web door: pages for readers; the desk comes here later."""
