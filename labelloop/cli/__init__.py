"""The command line, one module a command."""

from labelloop.cli.main import main

__all__ = ["main"]
