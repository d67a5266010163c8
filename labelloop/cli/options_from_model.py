"""Command-line options of a project, built from the ProjectOptions model."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from itertools import chain
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import rich_click as click
from click.core import ParameterSource
from pydantic.fields import FieldInfo

from labelloop.cli.options import (
    ColumnNames,
    Command,
    Labels,
    NameValue,
    NumberOr,
    PathOrName,
    parameters,
    with_options,
)
from labelloop.errors import UserError
from labelloop.projects.option import Option
from labelloop.projects.options import GROWS, LOOKAHEAD, ProjectOptions, flag, is_by_name

PATHS = ("labelled", "dataset", "test", "gold", "model")
"""Options that take a file or a folder, among others."""
Decorator = Callable[[Command], Command]
GO_ON = ("fork", "change", "what-if")
"""Commands that keep the project's value for an option that is not given."""


def project_options(
    command: str,
    model: type[ProjectOptions] = ProjectOptions,
    before: Mapping[str, Sequence[Decorator]] | None = None,
) -> Callable[[Command], Command]:
    """Add a project's options to a command. The command gets them as one model, `given_options`.

    `before`: the command's own options, by the option that they precede in help. Raises UserError.
    """

    def with_project_options(wrapped: Command) -> Command:
        @wraps(wrapped)
        @click.pass_context
        def with_given_options(ctx: click.Context, /, *arguments: Any, **values: Any) -> Any:
            own_values = {name: values.pop(name) for name in model.taken_by(command)}
            return wrapped(*arguments, given_options=model.of(_given_values(ctx, own_values)), **values)

        decorators: list[Decorator] = []
        for name, option in model.taken_by(command).items():
            decorators.extend((before or {}).get(name, ()))
            decorators.append(_decorator(name, option, model.model_fields[name], keeps=command in GO_ON))
        return with_options(with_given_options, decorators)

    return with_project_options


def _decorator(name: str, option: Option, field: FieldInfo, *, keeps: bool) -> Decorator:
    if option.argument is not None:
        return click.argument(name, metavar=option.argument, type=PathOrName())
    attributes: dict[str, Any] = {"help": option.help.partition(" [default")[0] if keeps else option.help}
    kind = PathOrName() if name in PATHS else _kind(field, option)
    if kind is bool:
        attributes["is_flag"] = True
        if keeps:
            no = "--no-" + flag(name).removeprefix("--")
            return click.option(f"{flag(name)}/{no}", name, default=None, **attributes)
    else:
        attributes["type"] = kind
    if isinstance(kind, NameValue | Labels):
        return click.option(flag(name), name, envvar=_variable(name), multiple=True, **attributes)
    if not keeps and kind is not bool and field.default is not None:
        attributes |= {"default": field.default, "show_default": True}
    return click.option(flag(name), name, **attributes)


def _variable(name: str) -> str:
    return "LABELLOOP_" + flag(name).removeprefix("--").upper().replace("-", "_")


def _kind(field: FieldInfo, option: Option) -> Any:
    """The type of an option's values on the command line."""
    if option.recorded == LOOKAHEAD:
        return NumberOr(GROWS)
    if option.in_file:
        return click.Path(path_type=Path)
    hint, bounds = _without_none(field.annotation), field.metadata
    if get_origin(hint) is Annotated:
        hint, *inner = get_args(hint)
        bounds = [*bounds, *chain.from_iterable(getattr(each, "metadata", ()) for each in inner)]
    if get_origin(hint) is Literal:
        return click.Choice(get_args(hint))
    if get_origin(hint) is dict:
        return NameValue()
    if get_origin(hint) is tuple:
        return ColumnNames() if option.one_each else Labels()
    lowest, highest = _bound(bounds, "ge"), _bound(bounds, "le")
    if (lowest, highest) == (None, None):
        return hint
    return (click.IntRange if hint is int else click.FloatRange)(lowest, highest)


def _without_none(hint: Any) -> Any:
    kinds = get_args(hint)
    return next(kind for kind in kinds if kind is not NoneType) if NoneType in kinds else hint


def _bound(bounds: Iterable[Any], kind: str) -> Any:
    return next((getattr(each, kind) for each in bounds if hasattr(each, kind)), None)


def _given_values(ctx: click.Context, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that are not defaults, as the model takes them. Raises UserError."""
    given_values = {}
    for name, value in values.items():
        if ctx.get_parameter_source(name) in (ParameterSource.DEFAULT, None):
            continue
        if isinstance(value, Path):
            value = _text(name, value)
        elif is_by_name(name):
            value = parameters(value)
        elif isinstance(value, tuple):
            value = tuple(chain.from_iterable(value))
        given_values[name] = value
    return given_values


def _text(name: str, path: Path) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the {name} {path} cannot be read ({error}): give a text file in UTF-8") from error
