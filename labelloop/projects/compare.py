"""Whether options fit the project that has their name already."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from labelloop.errors import UserError
from labelloop.loop.settings import for_next
from labelloop.loop.state import LoopState
from labelloop.projects.data import prepare_data
from labelloop.projects.initial_batches import batches_to_ask, given_labels
from labelloop.projects.options import ProjectOptions
from schemas.events import ProjectCreated
from schemas.parts import Snapshot

Get = Callable[[ProjectCreated], Any]
RECORDED: Mapping[str, Get] = {
    "labels": lambda project: project.labels,
    "model_revision": lambda project: project.model.revision,
    "classifier": lambda project: project.classifier.name,
    "classifier_parameters": lambda project: project.classifier.parameters,
    "strategy": lambda project: project.strategy.name,
    "strategy_parameters": lambda project: project.strategy.parameters,
    "stopping": lambda project: project.stopping.name if project.stopping else "none",
    "stopping_parameters": lambda project: project.stopping.parameters if project.stopping else {},
    "stop_when_advised": lambda project: project.stop_when_advised,
    "batches": batches_to_ask,
    "batch_size": lambda project: project.batch_size,
    "lookahead": lambda project: project.lookahead,
    "cold_start": lambda project: project.cold_start,
    "audit_share": lambda project: project.audit_share,
    "min_submitted": lambda project: project.min_submitted,
    "ties": lambda project: project.ties,
    "seed": lambda project: project.seed,
    "guidelines": lambda project: project.guidelines,
}
CHANGEABLE = frozenset(
    {
        "model",
        "model_revision",
        "classifier",
        "classifier_parameters",
        "strategy",
        "strategy_parameters",
        "batches",
        "batch_size",
        "audit_share",
        "ties",
    }
)


def check_same(state: LoopState, options: ProjectOptions) -> None:
    """Raises UserError naming an option that was given and differs from what the project has now."""
    recorded = for_next(state)
    for option, get in RECORDED.items():
        if option in options.given and getattr(options, option) != get(recorded):
            raise _other(recorded, option, get(recorded))
    if "model" in options.given and not _same_model(options.model, recorded.model.name):
        raise _other(recorded, "model", recorded.model.name)
    if options.dataset is not None or options.labelled is not None:
        _check_texts(recorded, given_labels(state), options)


def _same_model(name: str, recorded: str) -> bool:
    return name == recorded or str(Path(name).expanduser().resolve()) == recorded


def _check_texts(
    recorded: ProjectCreated, given: Mapping[int, tuple[str, ...]], options: ProjectOptions
) -> None:
    options = replace(options, labels=recorded.labels)
    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
        data = prepare_data(options, Path(folder))
    if data.pool.digest != recorded.pool.digest:
        source = options.dataset or options.labelled
        raise UserError(
            f"the project {recorded.name!r} began with other texts than {source} has now: "
            "leave that out to go on with it, or give another --name"
        )
    if options.labelled is not None and data.given != given:
        raise UserError(
            f"the project {recorded.name!r} began with other labels than {options.labelled} has now: "
            "give another --name"
        )
    if options.test is not None and (not _same_texts(data.test, recorded.test)):
        raise _other(recorded, "test", "none" if recorded.test is None else "another test set")


def _same_texts(one: Snapshot | None, other: Snapshot | None) -> bool:
    return one is not None and other is not None and one.digest == other.digest


def _other(recorded: ProjectCreated, option: str, value: Any) -> UserError:
    said = ",".join(value) if isinstance(value, tuple) else value
    if option in CHANGEABLE:
        return UserError(
            f"the project {recorded.name!r} has --{option.replace('_', '-')} {said}: leave the option out, "
            "change it with `labelloop change`, or give another --name"
        )
    return UserError(
        f"the project {recorded.name!r} began with --{option.replace('_', '-')} {said}, which cannot change: "
        "leave the option out, or give another --name"
    )
