"""A model at work: labels for the rest of the pool, or for the texts of files."""
