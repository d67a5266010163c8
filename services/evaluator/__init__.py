"""Measures each model on the test set. Nothing in the loop needs it."""
