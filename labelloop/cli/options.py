"""Options that several commands share, given on the command line or in a YAML file."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import wraps
from pathlib import Path
from typing import Any

import rich_click as click
from click.core import ParameterSource

from labelloop.cli.values import Labels, NameValue
from labelloop.config.deployment import GivenArgilla
from labelloop.config.home import DEFAULT
from labelloop.config.locations import Elsewhere, Where
from labelloop.errors import UserError

Command = Callable[..., Any]
FROM_ENVIRONMENT = {"auto_envvar_prefix": "LABELLOOP"}

home = click.option(
    "--home",
    type=click.Path(path_type=Path),
    default=DEFAULT,
    show_default=True,
    help="Folder that holds all state.",
)
log = click.option(
    "--log",
    help="Use this log: kafka://host:9092,host:9092/prefix or sqlite:///file. [default: the home's]",
)
store = click.option("--store", help="Folder or URL for pools and models. [default: the home's]")
argilla_url = click.option("--argilla-url", help="Use the Argilla at this URL. `up` remembers it.")
argilla_key = click.option(
    "--argilla-key", help="API key of an owner of that Argilla. Safer: set LABELLOOP_ARGILLA_KEY."
)
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
        given = ctx.get_parameter_source("home") is not ParameterSource.DEFAULT
        return command(*arguments, where=Where(home, given, Elsewhere(log, store)), **values)

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
        given = GivenArgilla(argilla_url, argilla_key, dict(argilla_headers), argilla_public_url)
        return command(*arguments, argilla=given, **values)

    return with_options(with_argilla, (argilla_url, argilla_key, argilla_header, argilla_public_url))


def with_options(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    """Add the options to a command, in the order in which help lists them."""
    for option in reversed(options):
        command = option(command)
    return command


def read_options(ctx: click.Context, param: click.Parameter, path: Path | None) -> Path | None:
    """Use the file's values as defaults of the command's options. Raises UserError."""
    if path is not None:
        known = {name_of(option): option for option in ctx.command.params if option.expose_value}
        values = {_known(path, name, known): value for name, value in _read(path).items()}
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


def _known(path: Path, name: str, known: Mapping[str, click.Parameter]) -> click.Parameter:
    plain = name.replace("_", "-")
    if plain not in known:
        near = get_close_matches(plain, known, n=1)
        meant = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(sorted(known))}"
        raise UserError(f"{path} has an unknown option {name!r}: {meant}")
    return known[plain]


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
