"""Locations and settings of a deployment: homes, logs, stores, the environment."""
