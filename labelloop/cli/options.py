"""Options that several commands share."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Any

import rich_click as click
from click.core import ParameterSource

from labelloop.cli.file import read_options
from labelloop.cli.values import Labels, NameValue, parameters
from labelloop.config.deployment import GivenArgilla
from labelloop.config.home import DEFAULT
from labelloop.config.locations import Elsewhere
from labelloop.config.where import Where
from labelloop.errors import UserError
from labelloop.projects.options import ProjectOptions

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
    help="A log elsewhere: kafka://host:9092,host:9092/prefix or sqlite:///file. [default: the home's]",
)
store = click.option("--store", help="Folder or URL of pools and models elsewhere. [default: the home's]")
argilla_url = click.option("--argilla-url", help="Use the Argilla there instead; `up` remembers it.")
argilla_key = click.option(
    "--argilla-key", help="An owner's API key of that Argilla; better in LABELLOOP_ARGILLA_KEY."
)
argilla_header = click.option(
    "--argilla-header",
    "argilla_headers",
    envvar="LABELLOOP_ARGILLA_HEADER",
    allow_from_autoenv=False,
    multiple=True,
    type=NameValue(),
    help="Header for each request to it, as 'Authorization=Bearer …' for a private Space.",
)
project = click.option("--project", help="Name or id of the project; needed where a home has several.")
as_json = click.option(
    "--json", "as_json", envvar="LABELLOOP_JSON", is_flag=True, help="Print JSON for programs."
)
alert = click.option(
    "--alert",
    multiple=True,
    help="Whom to tell when something is wrong: a URL of Apprise, as mailto://…, or several; better in "
    "LABELLOOP_ALERT.",
)
why = click.option("--why", default="", help="A reason, kept in the log.")
file = click.option(
    "--file",
    type=click.Path(path_type=Path),
    is_eager=True,
    callback=read_options,
    expose_value=False,
    help="YAML file with any of these options, as `batch-size: 20`; what is given besides wins.",
)

SOURCE = (
    click.option(
        "--dataset",
        help="Texts: a .jsonl, .csv, .tsv or .parquet file, a folder saved by datasets, a Hub id.",
    ),
    click.option(
        "--test", help="Labelled texts to test every model on; a file, folder, Hub id, as --dataset."
    ),
    click.option("--text-column", help="Column of the texts. [default: text, or the only one]"),
    click.option("--label-column", help="Column of known labels; '' for none. [default: label, if there]"),
    click.option(
        "--labels", type=Labels(), help="Labels to choose from. [default: those of the label column]"
    ),
    click.option("--config", help="Configuration of a Hub data set."),
    click.option("--split", help="Split of a Hub data set or saved folder. [default: train]"),
    click.option("--revision", help="Revision of a Hub data set."),
    click.option("--test-split", help="Split of the test set. [default: test]"),
    click.option("--test-text-column", help="Column of the test set's texts, if it is another."),
    click.option("--test-label-column", help="Column of the test set's labels, if it is another."),
)
LEARNER = (
    click.option(
        "--model", default="all-MiniLM-L6-v2", show_default=True, help="Hub id or folder of a transformer."
    ),
    click.option("--model-revision", help="Revision of the model on the Hub."),
    click.option(
        "--classifier",
        default="transformer",
        show_default=True,
        help="transformer (fine-tuned) or linear (logistic regression on embeddings; quick).",
    ),
    click.option(
        "--classifier-parameter",
        "classifier_parameters",
        envvar="LABELLOOP_CLASSIFIER_PARAMETER",
        multiple=True,
        type=NameValue(),
        help="As epochs=5.",
    ),
    click.option(
        "--strategy",
        default="breaking-ties",
        show_default=True,
        help="Query strategy of small-text by its name.",
    ),
    click.option(
        "--strategy-parameter",
        "strategy_parameters",
        envvar="LABELLOOP_STRATEGY_PARAMETER",
        multiple=True,
        type=NameValue(),
        help="As k=10.",
    ),
)
STOPPING = (
    click.option(
        "--stopping",
        default="kappa-average",
        show_default=True,
        help="Stopping criterion of small-text by its name, or none.",
    ),
    click.option(
        "--stopping-parameter",
        "stopping_parameters",
        envvar="LABELLOOP_STOPPING_PARAMETER",
        multiple=True,
        type=NameValue(),
        help="As kappa=0.98.",
    ),
    click.option(
        "--stop-when-advised", is_flag=True, help="End the project when the criterion advises to stop."
    ),
)
LOOP = {
    "name": click.option("--name", help="Name of the project. [default: that of the data set]"),
    "batches": click.option(
        "--batches", type=click.IntRange(1), help="Batches at most. [default: until no text is left]"
    ),
    "batch_size": click.option(
        "--batch-size", type=click.IntRange(1), default=20, show_default=True, help="Texts a batch."
    ),
    "lookahead": click.option(
        "--lookahead",
        type=click.IntRange(0),
        default=1,
        show_default=True,
        help="Batches that are picked ahead, so that nobody waits for a training.",
    ),
    "cold_start": click.option(
        "--cold-start",
        type=click.Choice(("random", "balanced")),
        default="random",
        show_default=True,
        help="How the first batches are drawn.",
    ),
    "audit_share": click.option(
        "--audit-share",
        type=click.FloatRange(0, 1),
        default=0.0,
        show_default=True,
        help="Share of each batch drawn at random, shown without suggestion.",
    ),
    "min_submitted": click.option(
        "--min-submitted",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="Annotators for each text.",
    ),
    "ties": click.option(
        "--ties",
        type=click.Choice(("label-order", "discard")),
        default="label-order",
        show_default=True,
        help="What becomes of a text on which annotators are divided equally.",
    ),
    "seed": click.option(
        "--seed", type=int, default=0, show_default=True, help="Seed of the first batches and the trainings."
    ),
    "guidelines": click.option(
        "--guidelines", type=click.Path(path_type=Path), help="File with guidelines for the annotators."
    ),
}


def project_options(command: Command) -> Command:
    """All that makes a project, and `--file`."""
    return _with(command, (*SOURCE, *LEARNER, *STOPPING, *LOOP.values(), file))


def changes(*of_loop: str) -> Callable[[Command], Command]:
    """Options that change a project: those of its learner, and these of its loop; what is not given stays."""

    def with_changes(command: Command) -> Command:
        command = _with(command, (*LEARNER, *(LOOP[name] for name in of_loop)))
        for parameter in command.__click_params__:  # type: ignore[attr-defined]
            if parameter.name in {field.name for field in fields(ProjectOptions)}:
                parameter.show_default = False
                parameter.help = parameter.help.partition(" [default")[0]
        return command

    return with_changes


def where(command: Command) -> Command:
    """`--home`, `--log` and `--store`, which the command gets as one Where."""

    @wraps(command)
    @click.pass_context
    def with_where(
        ctx: click.Context, /, *arguments: Any, home: Path, log: str | None, store: str | None, **values: Any
    ) -> Any:
        given = ctx.get_parameter_source("home") is not ParameterSource.DEFAULT
        return command(*arguments, where=Where(home, given, Elsewhere(log, store)), **values)

    return _with(with_where, (home, log, store))


def where_and_project(command: Command) -> Command:
    return _with(where(command), (project,))


def argilla(command: Command) -> Command:
    """`--argilla-url`, `--argilla-key` and `--argilla-header`, which the command gets as one GivenArgilla."""

    @wraps(command)
    def with_argilla(
        *arguments: Any,
        argilla_url: str | None,
        argilla_key: str | None,
        argilla_headers: tuple[tuple[str, str], ...],
        **values: Any,
    ) -> Any:
        given = GivenArgilla(argilla_url, argilla_key, dict(argilla_headers))
        return command(*arguments, argilla=given, **values)

    return _with(with_argilla, (argilla_url, argilla_key, argilla_header))


def gather(ctx: click.Context, values: Mapping[str, Any]) -> ProjectOptions:
    """The project's options among a command's values. Raises UserError when the guidelines cannot be read."""
    names = {field.name for field in fields(ProjectOptions)}
    found = {name: value for name, value in values.items() if name in names}
    for name in ("classifier_parameters", "strategy_parameters", "stopping_parameters"):
        if name in found:
            found[name] = parameters(found[name])
    if found.get("guidelines") is not None:
        found["guidelines"] = _text(found["guidelines"])
    given = {name for name in found if ctx.get_parameter_source(name) not in (ParameterSource.DEFAULT, None)}
    return ProjectOptions(**found, given=frozenset(given))


def _text(path: Path) -> str:
    try:
        return path.expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"the guidelines {path} cannot be read ({error}): give a text file in UTF-8"
        ) from error


def _with(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command
