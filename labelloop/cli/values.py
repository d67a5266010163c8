"""Types for the values of options: labels, NAME=VALUE, times and regular expressions."""

import csv
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import rich_click as click
from click.shell_completion import CompletionItem
from click.types import StringParamType

from labelloop.durations import duration
from labelloop.loop.log_digest import LogDigest


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
        name, equals, given = str(value).partition("=")
        if not (name.strip() and equals):
            self.fail(f"{value!r} does not have the form NAME=VALUE.", param, ctx)
        return name.strip(), given.strip()


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

    return {name: yaml.safe_load(given) for name, given in pairs}
