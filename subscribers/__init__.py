"""Who receives what, and who agreed to it. Knows nothing of articles or issues."""
