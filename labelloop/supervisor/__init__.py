"""Runs the services of one machine: starts, restarts and stops them, and says how they fare."""
