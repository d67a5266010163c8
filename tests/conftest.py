"""Fixtures for all tests."""

from tests.support.argilla_server import argilla_server, own_argilla_server

__all__ = ["argilla_server", "own_argilla_server"]
