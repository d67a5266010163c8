"""What commands print: no text or name in it does anything to the terminal."""

import click

from labelloop.cli.hints import as_given
from labelloop.errors import shown


def echo(text: str = "", err: bool = False) -> None:
    """Print lines, with characters that a terminal would obey as escapes."""
    click.echo(shown(text), err=err)


def tell(text: str, err: bool = False) -> None:
    """Print lines for people, as `echo` does. The commands in them work as printed."""
    echo(as_given(text), err)
