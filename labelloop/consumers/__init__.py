"""Consumers: plugin classes that get events, each with the state of its project."""
