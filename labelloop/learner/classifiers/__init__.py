"""Classifiers that the loop can train: small-text `Classifier`s that save plain Hugging Face folders."""
