"""Where the work runs: threads of one machine."""
