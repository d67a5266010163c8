"""The command line: one module per command."""

from labelloop.startup import exit_unless_ours

exit_unless_ours()

from labelloop.cli.main import main  # noqa: E402  (imports what is checked)

__all__ = ["main"]
