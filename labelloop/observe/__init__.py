"""Observability of a service: logs, metrics, health and readiness."""
