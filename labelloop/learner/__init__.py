"""Trains classifiers, picks texts and measures models; the only package that knows torch and small-text."""
