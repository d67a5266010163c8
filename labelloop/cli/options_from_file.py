"""Options of a command from a YAML file."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import rich_click as click

from labelloop.cli.options import Labels
from labelloop.errors import UserError


def read_options(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    """Use the file's values as defaults of the command's options. Raises UserError."""
    if path is not None:
        options_by_name = {name_of(option): option for option in ctx.command.params if option.expose_value}
        values = {_option_named(path, name, options_by_name): value for name, value in _read(path).items()}
        ctx.default_map = {
            option.name: _value_of(path, option, value) for option, value in values.items() if option.name
        }
    return path


def name_of(option: click.Parameter) -> str:
    """The name of an option in a file, for example `batch-size`."""
    return max(option.opts, key=len).lstrip("-")


def _read(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        content = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    except OSError as error:
        raise UserError(f"the file {path} cannot be read ({error.strerror}): check its path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid YAML ({' '.join(str(error).split())}): correct it") from error
    if content is None or content == "":
        return {}
    if not isinstance(content, dict):
        raise UserError(f"{path} contains no options: write lines such as `batch-size: 20`")
    return content


def _option_named(path: Path, name: str, options_by_name: Mapping[str, click.Parameter]) -> click.Parameter:
    plain = name.replace("_", "-")
    if plain not in options_by_name:
        near = get_close_matches(plain, options_by_name, n=1)
        meant = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(sorted(options_by_name))}"
        raise UserError(f"{path} has an unknown option {name!r}: {meant}")
    return options_by_name[plain]


def _value_of(path: Path, option: click.Parameter, value: Any) -> Any:
    if isinstance(value, dict) and option.multiple:
        return [f"{name}={item}" for name, item in value.items()]
    if isinstance(value, dict) or (isinstance(value, list) and not option.multiple):
        raise UserError(f"{path}: {name_of(option)} takes one value, not several")
    return [value] if isinstance(option.type, Labels) else value


file = click.option(
    "--file",
    type=click.Path(path_type=Path),
    is_eager=True,
    callback=read_options,
    expose_value=False,
    help="YAML file with any of these options, for example `batch-size: 20`. The command line wins.",
)
