"""Evaluate and audit each model, and check whether to stop. Nothing in the loop needs it."""
