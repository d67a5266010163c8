"""Stopping criteria: which there are, and what they compute."""
