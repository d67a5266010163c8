"""What commands print: no text or name in it does anything to the terminal.

Commands in it work, as printed, on the home and the log of the command that prints them.
"""

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import click
from click.core import ParameterSource

from labelloop.config.home import DEFAULT, DEFAULT_DEMO
from labelloop.errors import one_line, shown

HINT = re.compile(r"(?:(?<=`)|(?<=: ))labelloop (?P<words>[^`;\n]+)")
GIVEN = "labelloop.given"


def echo(text: str = "", err: bool = False) -> None:
    """Print lines, with characters that a terminal would obey as escapes."""
    click.echo(shown(text), err=err)


def tell(text: str, err: bool = False) -> None:
    """Print lines for people, as `echo` does. The commands in them work as printed."""
    echo(as_given(text), err)


def beginning(text: str, most: int) -> str:
    """A text in one line, of so many characters at most."""
    line = one_line(text)
    return line if len(line) <= most else f"{line[: most - 1]}…"


def keep(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """The callback of an option that hints need, too, unless the environment gives it to each command."""
    if (
        value not in (None, DEFAULT)
        and ctx.get_parameter_source(str(param.name)) is not ParameterSource.ENVIRONMENT
    ):
        ctx.meta.setdefault(GIVEN, {})[param.name] = value
    return value


def as_given(text: str) -> str:
    """The text; each command in it has the options of this command that `keep` kept, if it takes them."""
    ctx = click.get_current_context(silent=True)
    options_given = ctx.meta.get(GIVEN) if ctx is not None else None
    if ctx is None or not options_given:
        return text
    root = ctx.find_root()
    return HINT.sub(lambda hint: " ".join([hint[0], *_missing(root, hint["words"], options_given)]), text)


def _missing(root: click.Context, words: str, options_given: Mapping[str, Any]) -> Iterator[str]:
    command: click.Command | None = root.command
    for word in words.split():
        if isinstance(command, click.Group):
            command = command.get_command(root, word)
    for param in command.params if command is not None and "--help" not in words else ():
        option = f"--{param.name}"
        if param.name in options_given and param.default != DEFAULT_DEMO and option not in words:
            yield f"{option} {shlex.quote(str(options_given[param.name]))}"
