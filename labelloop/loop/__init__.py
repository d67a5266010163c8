"""The loop as pure functions: its state, the fold that makes it, the order of work, the digest."""
