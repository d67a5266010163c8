"""Fixtures for all tests."""

from tests.support.argilla_server import argilla_server, own_argilla_server
from tests.support.disks import tiny_disk

__all__ = ["argilla_server", "own_argilla_server", "tiny_disk"]
