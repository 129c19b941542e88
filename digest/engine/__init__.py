"""Where the work runs: threads of one machine, or Procrastinate's jobs on many; and who is at work at all."""
