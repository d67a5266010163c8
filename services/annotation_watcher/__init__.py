"""Reads people's answers where they answer and says in the log when a batch is done, and when it changed."""
