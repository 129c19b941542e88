"""Real worker processes, killed at random: nobody is skipped, nobody gets it twice."""
