"""Stage 7: one file per email API; each only translates."""
