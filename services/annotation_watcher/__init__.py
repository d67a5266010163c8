"""Reads people's answers in Argilla and says in the log when a batch is done, and when it changed."""
