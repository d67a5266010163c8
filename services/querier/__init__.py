"""Pick the texts that people label next, and keep the records in Argilla in line with the log."""
