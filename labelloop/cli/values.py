"""Values of options that are more than one word."""

from collections.abc import Iterable
from typing import Any

import rich_click as click


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
        name, equals, said = str(value).partition("=")
        if not (name.strip() and equals):
            self.fail(f"{value!r} is not of the form NAME=VALUE.", param, ctx)
        return name.strip(), said.strip()


def parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Parameters by name, each a number, a boolean or a list if it is written as one in YAML."""
    import yaml

    return {name: yaml.safe_load(said) for name, said in pairs}
