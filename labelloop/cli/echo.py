"""What commands print: no text or name in it does anything to the terminal."""

from collections.abc import Sequence

import click

from labelloop.cli.hints import as_given
from labelloop.errors import shown

MOST_OFFSETS = 12


def echo(text: str = "", err: bool = False) -> None:
    """Print lines, with characters that a terminal would obey as escapes."""
    click.echo(shown(text), err=err)


def tell(text: str, err: bool = False) -> None:
    """Print lines for people, as `echo` does. The commands in them work as printed."""
    echo(as_given(text), err)


def read_up_to(topic: str, offsets: Sequence[object]) -> str:
    """A topic, and the offsets of its partitions up to which it was read."""
    shown = ", ".join(map(str, offsets[:MOST_OFFSETS]))
    return f"{topic}, read up to offset {shown}{' …' if offsets[MOST_OFFSETS:] else ''}"
