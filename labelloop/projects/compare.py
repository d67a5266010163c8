"""Check whether options match the existing project of the same name."""

import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labelloop.errors import UserError
from labelloop.loop.settings import for_next
from labelloop.loop.state import LoopState
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.pool.words import as_csv
from labelloop.projects.data import prepare_data
from labelloop.projects.initial_batches import given_labels
from labelloop.projects.options import ProjectOptions, flag
from labelloop.projects.recorded import as_option, new_classifier, recorded_options
from labelloop.store import Store
from schemas.events import ProjectCreated
from schemas.parts import Snapshot


def check_same(state: LoopState, options: ProjectOptions, store: Store) -> None:
    """Raises UserError naming a given option that differs from the project's current setting."""
    recorded = for_next(state)
    for option in recorded_options():
        asked, now = getattr(options, option), as_option(recorded, option)
        if option in options.given and not (asked == now or _means(recorded, option, asked, now)):
            raise _other(recorded, option, now)
    if options.dataset is not None or options.labelled is not None:
        kept = OpenSnapshot.open(store.pool(recorded)).kept_columns
        if options.keep_columns is not None and options.keep_columns != kept:
            raise _other(recorded, "keep_columns", kept)
        _check_texts(recorded, given_labels(state), options.with_other(keep_columns=kept))


def _means(recorded: ProjectCreated, option: str, asked: Any, now: Any) -> bool:
    """Whether an option means what is recorded in other words."""
    if option == "model":
        return bool(str(Path(asked).expanduser().resolve()) == now)
    return option == "classifier_parameters" and new_classifier(recorded.classifier.name, asked) == (
        recorded.classifier
    )


def _check_texts(
    recorded: ProjectCreated, given: Mapping[int, tuple[str, ...]], options: ProjectOptions
) -> None:
    options = options.with_other(labels=recorded.labels)
    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
        data = prepare_data(options, Path(folder))
    if data.pool.digest != recorded.pool.digest:
        source = options.dataset or options.labelled
        raise UserError(
            f"the project {recorded.name!r} was created from other texts than {source} has now: "
            "leave that option out to continue the project, or give another --name"
        )
    if options.labelled is not None and data.given != given:
        raise UserError(
            f"the project {recorded.name!r} was created from other labels than {options.labelled} has now: "
            "give another --name"
        )
    if options.test is not None and (not _same_texts(data.test, recorded.test)):
        raise _other(recorded, "test", "none" if recorded.test is None else "another test set")


def _same_texts(snapshot: Snapshot | None, other: Snapshot | None) -> bool:
    return snapshot is not None and other is not None and snapshot.digest == other.digest


def _other(recorded: ProjectCreated, option: str, value: Any) -> UserError:
    shown = shlex.quote(as_csv(value)) if isinstance(value, tuple) else value
    has = f"{flag(option)} {shown}"
    if option in ProjectOptions.taken_by("change"):
        return UserError(
            f"the project {recorded.name!r} has {has}: leave the option out, "
            "change it with `labelloop change`, or give another --name"
        )
    return UserError(
        f"the project {recorded.name!r} was created with {has}, which cannot change: "
        "leave the option out, or give another --name"
    )
