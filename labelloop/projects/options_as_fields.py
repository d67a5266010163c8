"""Convert a project's options to fields of ProjectCreated, and back."""

import json
import shlex
from collections.abc import Mapping
from functools import cache
from typing import Any, get_args, get_type_hints

from labelloop.errors import UserError
from labelloop.loop.settings_in_force import batches_in_all, batches_to_ask
from labelloop.pool.label_cells import as_csv
from labelloop.projects.options import GROWS, LOOKAHEAD, SHORT, ProjectOptions, flag
from schemas.events import ProjectCreated, ProjectCreatedV3
from schemas.parts import Choice

CLASSIFIER = "classifier"
STRATEGY = "strategy"
PARAMETERS = "parameters"
OF_FILES = ("guidelines", "test", "gold")
STAYS = "name"
"""The part of a field (as in `classifier.name`) that is kept if only the other parts are given."""


def recorded_options() -> tuple[str, ...]:
    """The options that ProjectCreated records."""
    return tuple(name for name, option in ProjectOptions.options().items() if option.recorded)


def as_option(project: ProjectCreated, name: str) -> Any:
    """The value of a recorded option that corresponds to the project's current fields."""
    option = ProjectOptions.options()[name]
    assert option.recorded is not None
    if option.recorded == "max_batches":
        return batches_to_ask(project)
    if option.recorded == LOOKAHEAD and isinstance(project, ProjectCreatedV3) and project.lookahead_grows:
        return GROWS
    field, _, part = option.recorded.partition(".")
    value = getattr(project, field)
    if not part:
        return value
    if part in SHORT:
        return value.parameters.get(part, ProjectOptions.model_fields[name].default)
    return option.absent if value is None else getattr(value, part)


def how_to_change(project: ProjectCreated, options: ProjectOptions, option: str) -> str:
    """What gives a project all that these options say of a setting, in words to put behind a comma.

    A command that says it as it stands, unless that takes a file, whose columns other options may tell.
    """
    names = [each for each in ProjectOptions.taken_by("change") if _setting(each) == _setting(option)]
    said = [(each, getattr(options, each)) for each in names if each in options.given_names]
    is_of_file = any(value is None or each in OF_FILES for each, value in said)
    words = [word for each, value in said for word in _words(each, value)]
    command = shlex.join(["labelloop", "change", project.name, *words])
    if is_of_file or not command.isprintable() or {*command} & {*"`;"}:
        return " change it as `labelloop change --help` says,"
    return f" run `{command}` to change it,"


def _setting(option: str) -> str:
    if option == "machine_vote":
        return "suggest"
    recorded = ProjectOptions.options()[option].recorded
    return recorded.partition(".")[0] if recorded else option.partition("_")[0]


def _words(option: str, value: Any) -> list[str]:
    """The option with its value as words of a command line."""
    if isinstance(value, bool):
        return [flag(option) if value else flag(option).replace("--", "--no-", 1)]
    if isinstance(value, Mapping):
        pairs = ((name, json.dumps(each, ensure_ascii=False)) for name, each in value.items())
        return [word for name, each in pairs for word in (flag(option), f"{name}={each}")]
    if isinstance(value, tuple):
        each_alone = value if ProjectOptions.options()[option].one_each else [as_csv(value)]
        return [word for each in each_alone for word in (flag(option), each)]
    return [flag(option), str(value)]


def as_fields(options: ProjectOptions) -> dict[str, Any]:
    """The fields of a new project. `max_batches` counts only batches that people are asked for."""
    return _in_two({field: _whole(options, field) for field in _fields()})


def given_fields(project: ProjectCreated, options: ProjectOptions) -> dict[str, Any]:
    """The project's fields after the given options are applied.

    A new name starts without parameters, a new classifier with its recipe. Parameters without a name belong
    to the current name, and those of the classifier are added to the ones that it has.
    """
    return _in_two(
        {
            field: _changed(project, options, field, parts)
            for field, parts in _fields().items()
            if options.given_names & {*parts.values()}
        }
    )


def _in_two(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields where the lookahead, if it is there, says how many batches, and whether they become more."""
    if LOOKAHEAD not in fields:
        return fields
    grows = fields[LOOKAHEAD] == GROWS
    return {**fields, LOOKAHEAD: 1 if grows else fields[LOOKAHEAD], "lookahead_grows": grows}


def _whole(options: ProjectOptions, field: str) -> Any:
    parts = _fields()[field]
    values = {part: getattr(options, name) for part, name in parts.items()}
    if "" in values:
        return values[""]
    absent = ProjectOptions.options()[parts[STAYS]].absent
    if absent is not None and values[STAYS] == absent:
        return None
    if field == CLASSIFIER:
        return new_classifier(values[STAYS], options.parameters_of_classifier)
    if field == STRATEGY and parts[STAYS] not in options.given_names:
        return default_strategy(values[STAYS], values[PARAMETERS], options.classifier)
    return _kind(field)(**values)


def default_strategy(name: str, parameters: Mapping[str, Any], classifier: str) -> Choice:
    """A strategy that nobody named. With a network, which is slow to score texts, it has its whole recipe."""
    from labelloop.learner.classifiers.registry import CLASSIFIERS
    from labelloop.learner.strategies.registry import STRATEGIES

    recipe = STRATEGIES.get(name).recipe if "network" in CLASSIFIERS.get(classifier).offers else {}
    return Choice(name=name, parameters={**recipe, **parameters})


def new_classifier(name: str, parameters: Mapping[str, Any]) -> Choice:
    """A classifier with its whole recipe, so that a later version of it changes nothing in the project."""
    from labelloop.learner.classifiers.registry import CLASSIFIERS

    return Choice(name=name, parameters={**CLASSIFIERS.get(name).recipe, **parameters})


def _changed(project: ProjectCreated, options: ProjectOptions, field: str, parts: Mapping[str, str]) -> Any:
    values = {part: getattr(options, name) for part, name in parts.items()}
    if field == "max_batches":
        return None if values[""] is None else batches_in_all(project, values[""])
    if "" in values:
        return values[""]
    is_new, now = parts[STAYS] in options.given_names, getattr(project, field)
    absent = ProjectOptions.options()[parts[STAYS]].absent
    if is_new and absent is not None and values[STAYS] == absent:
        return None
    if not is_new:
        if now is None:
            raise UserError(f"{project.name} has no {field} criterion: name one with {flag(parts[STAYS])}")
        values[STAYS] = getattr(now, STAYS)
    if field == CLASSIFIER:
        given = options.parameters_of_classifier
        if is_new and values[STAYS] != project.classifier.name:
            return new_classifier(values[STAYS], given)
        return Choice(name=values[STAYS], parameters={**project.classifier.parameters, **given})
    return _kind(field)(**values)


@cache
def _fields() -> Mapping[str, Mapping[str, str]]:
    """Recorded options by field and part. An option that is a whole field has the part ''."""
    fields: dict[str, dict[str, str]] = {}
    for name in recorded_options():
        field, _, part = str(ProjectOptions.options()[name].recorded).partition(".")
        fields.setdefault(field, {})[part] = name
    return fields


@cache
def _kind(field: str) -> Any:
    """The class of a field, without the None it may allow."""
    hint = get_type_hints(ProjectCreated)[field]
    return next((kind for kind in get_args(hint) if kind is not type(None)), hint)
