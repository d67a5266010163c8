"""Values of options that are more than one word."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import rich_click as click

from labelloop.durations import duration


class Labels(click.ParamType[tuple[str, ...]]):
    """Labels by commas, or a list of them."""

    name = "a,b,…"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return tuple(str(part) for part in value)


class NameValue(click.ParamType[tuple[str, str]]):
    """`NAME=VALUE`, as a pair of strings; several by semicolons in an environment variable."""

    name = "name=value"
    envvar_list_splitter = ";"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value[0], value[1]
        name, equals, given = str(value).partition("=")
        if not (name.strip() and equals):
            self.fail(f"{value!r} is not of the form NAME=VALUE.", param, ctx)
        return name.strip(), given.strip()


class Moment(click.ParamType[datetime]):
    """A date and time, of this machine's zone unless it names one; or how long ago, as 90s, 15min, 2h, 3d."""

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
                f"{value!r} is no time: give it as 2026-05-01T14:30, or as 2h for two hours ago.", param, ctx
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
            self.fail(f"{value!r} is no regular expression: {error}.", param, ctx)


def parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Parameters by name, each a number, a boolean or a list if it is written as one in YAML."""
    import yaml

    return {name: yaml.safe_load(given) for name, given in pairs}
