"""What commands print: no text or name in it does anything to the terminal."""

import click

from labelloop.errors import shown


def echo(text: str = "", err: bool = False) -> None:
    """Print lines, with characters that a terminal would obey as escapes."""
    click.echo(shown(text), err=err)
