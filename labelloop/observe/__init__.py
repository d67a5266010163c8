"""Seeing inside a service: its logs, its metrics, and whether it lives and is ready."""
