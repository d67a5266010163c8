"""Alerts: when they are raised, and where they are sent."""
