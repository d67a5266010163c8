"""Classifiers for the loop: small-text `Classifier`s that are saved as plain Hugging Face folders."""
