"""Stage 5: the finished editions of an issue: made, fitted to size, checked, approved, and kept as they are sent."""
