"""Options that commands share, and the types of their values."""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import rich_click as click
from click.core import ParameterSource
from click.shell_completion import CompletionItem
from click.types import StringParamType

from labelloop.cli.echo import keep
from labelloop.config.deployment import GivenArgilla
from labelloop.config.environment import choose
from labelloop.config.home import DEFAULT
from labelloop.config.locations import Elsewhere, Where
from labelloop.config.service_settings import ENGINE, checked_engine
from labelloop.durations import duration
from labelloop.loop.log_digest import LogDigest
from labelloop.loop.names import LONGEST_NUMBER

Command = Callable[..., Any]
FROM_ENVIRONMENT = {"auto_envvar_prefix": "LABELLOOP"}

home = click.option(
    "--home",
    type=click.Path(path_type=Path),
    default=DEFAULT,
    show_default=True,
    callback=keep,
    help="Folder that holds all state.",
)
log = click.option(
    "--log",
    callback=keep,
    help="Use this log: kafka://host:9092,host:9092/prefix or sqlite:///file. [default: the home's]",
)
store = click.option(
    "--store", callback=keep, help="Folder or URL for pools and models. [default: the home's]"
)


def _choose_engine(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value:
        choose(ENGINE, checked_engine(value))


engine = click.option(
    "--engine",
    callback=_choose_engine,
    expose_value=False,
    help="Compute on the Ray cluster at this address too: ray://host:10001. [default: local]",
)
argilla_url = click.option("--argilla-url", help="Use the Argilla at this URL. `up` remembers it.")
argilla_key = click.option(
    "--argilla-key", help="API key of an owner of that Argilla. Safer: set LABELLOOP_ARGILLA_KEY."
)


class Labels(click.ParamType[tuple[str, ...]]):
    """Labels separated by commas, with quotes around those that hold one; or a list of labels."""

    name = "a,b,…"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if not isinstance(value, str):
            return tuple(str(part) for part in value)
        try:
            rows = list(csv.reader([value], skipinitialspace=True, strict=True))
        except csv.Error as error:
            self.fail(
                f"{value!r} is not a list as in CSV ({error}): write 'a,b' or '\"a, b\",c'.", param, ctx
            )
        return tuple(part.strip() for row in rows for part in row if part.strip())

    def split_envvar_value(self, rv: str) -> list[str]:
        return [rv]


class ColumnNames(Labels):
    """The name of one column, or a list of names. An environment variable separates them by semicolons."""

    name = "column"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        return (value,) if isinstance(value, str) else super().convert(value, param, ctx)

    def split_envvar_value(self, rv: str) -> list[str]:
        return [name.strip() for name in rv.split(";") if name.strip()]


class PathOrName(StringParamType):
    """A file, a folder, or the name of something elsewhere. The shell completes files."""

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(incomplete, type="file")]


class NameValue(click.ParamType[tuple[str, str]]):
    """`NAME=VALUE`, as a pair of strings. An environment variable separates several with semicolons."""

    name = "name=value"
    envvar_list_splitter = ";"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value[0], value[1]
        name, equals, text = str(value).partition("=")
        if not (name.strip() and equals):
            self.fail(f"{value!r} does not have the form NAME=VALUE.", param, ctx)
        return name.strip(), text.strip()


class NumberOr(click.ParamType[int | str]):
    """A whole number from 0 on, or a word."""

    def __init__(self, word: str) -> None:
        self.name = f"n|{word}"
        self._word = word

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        text = str(value)
        if text == self._word:
            return text
        if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER):
            self.fail(f"{text!r} is neither a number from 0 on nor {self._word}.", param, ctx)
        return int(text)


class Beginning(click.ParamType[LogDigest]):
    """The first events of a log: their number and their digest, as `N:DIGEST`."""

    name = "n:digest"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> LogDigest:
        if isinstance(value, LogDigest):
            return value
        events, _, digest = str(value).strip().partition(":")
        if not (events.isdecimal() and re.fullmatch("[0-9a-f]{64}", digest)):
            self.fail(f"{value!r} does not have the form N:DIGEST, as in `labelloop status`.", param, ctx)
        return LogDigest(int(events), digest)


class Moment(click.ParamType[datetime]):
    """A date and time, local unless it names a zone; or an age such as 90s, 15min, 2h or 3d."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        if (ago := duration(str(value))) is not None:
            return datetime.now(UTC) - ago
        try:
            time = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(
                f"{value!r} is not a time: write 2026-05-01T14:30, or 2h for two hours ago.", param, ctx
            )
        return time if time.tzinfo else time.astimezone()


class Duration(click.ParamType[timedelta]):
    """A length of time such as 90s, 15min, 2h or 3d."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        length = value if isinstance(value, timedelta) else duration(str(value))
        if not length:
            self.fail(f"{value!r} is not a length of time: write 90s, 15min, 2h or 3d.", param, ctx)
        return length


class Pattern(click.ParamType["re.Pattern[str]"]):
    """A regular expression."""

    name = "regex"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "re.Pattern[str]":
        try:
            return re.compile(value)
        except re.error as error:
            self.fail(f"{value!r} is not a regular expression: {error}.", param, ctx)


def parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Parameters by name. Each value is read as YAML: a number, a boolean, a list or text."""
    import yaml

    return {name: yaml.safe_load(text) for name, text in pairs}


argilla_header = click.option(
    "--argilla-header",
    "argilla_headers",
    envvar="LABELLOOP_ARGILLA_HEADER",
    allow_from_autoenv=False,
    multiple=True,
    type=NameValue(),
    help="Header for each request to Argilla, for example 'Authorization=Bearer …' for a private Space.",
)
argilla_public_url = click.option(
    "--argilla-public-url",
    help="Address at which people open Argilla's page, if it is another one. `up` remembers it.",
)
project = click.option("--project", help="Name or id of the project. Needed if there are several.")
as_json = click.option(
    "--json", "as_json", envvar="LABELLOOP_JSON", is_flag=True, help="Print JSON for programs."
)
alert = click.option(
    "--alert",
    multiple=True,
    help="Where to send alerts: an Apprise URL such as mailto://…. Can be given several times. Safer: set "
    "LABELLOOP_ALERT.",
)
why = click.option("--why", default="", help="The reason. It is kept in the log.")


def where(command: Command) -> Command:
    """Add `--home`, `--log` and `--store`, which become one Where."""

    @wraps(command)
    @click.pass_context
    def with_where(
        ctx: click.Context, /, *arguments: Any, home: Path, log: str | None, store: str | None, **values: Any
    ) -> Any:
        home_is_given = ctx.get_parameter_source("home") is not ParameterSource.DEFAULT
        return command(*arguments, where=Where(home, home_is_given, Elsewhere(log, store)), **values)

    return with_options(with_where, (home, log, store))


def where_and_project(command: Command) -> Command:
    return with_options(where(command), (project,))


def argilla(command: Command) -> Command:
    """Add the options that say where Argilla is, which become one GivenArgilla."""

    @wraps(command)
    def with_argilla(
        *arguments: Any,
        argilla_url: str | None,
        argilla_key: str | None,
        argilla_headers: tuple[tuple[str, str], ...],
        argilla_public_url: str | None,
        **values: Any,
    ) -> Any:
        argilla_options = GivenArgilla(argilla_url, argilla_key, dict(argilla_headers), argilla_public_url)
        return command(*arguments, argilla=argilla_options, **values)

    return with_options(with_argilla, (argilla_url, argilla_key, argilla_header, argilla_public_url))


def with_options(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    """Add the options to a command, in the order in which help lists them."""
    for option in reversed(options):
        command = option(command)
    return command
