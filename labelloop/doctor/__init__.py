"""Find what keeps labelloop from working on this machine, and say how to fix it."""
