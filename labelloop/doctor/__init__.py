"""What keeps labelloop from working on a machine, and what to do about it."""
