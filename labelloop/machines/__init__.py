"""Machines among the annotators: language models behind an endpoint, and label functions."""
