"""Create a project under a name, or find the existing one."""

import asyncio
import re
import secrets
import shlex
import tempfile
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from labelloop.errors import UserError
from labelloop.learner.requests import ClassifierSpec
from labelloop.log.base import Log
from labelloop.loop.gold_texts import gold_at
from labelloop.loop.history import History
from labelloop.loop.settings_in_force import for_next
from labelloop.loop.state import LoopState
from labelloop.pool.label_cells import as_csv
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.pool.text_files import PACKED_SUFFIXES
from labelloop.projects import own_annotators
from labelloop.projects.answered import AnsweredTexts
from labelloop.projects.catalog import SOURCE, named, sound, standings
from labelloop.projects.checks import (
    check_classes,
    check_labels,
    check_learner,
    check_same_labels,
    check_sizes,
    check_task,
    label_notes,
    try_model,
)
from labelloop.projects.data import ProjectData, Tell, prepare_data, to_keep, untold
from labelloop.projects.given_batches import given_labels, imported, in_batches, opening
from labelloop.projects.machines import at_creation, check_same_suggester
from labelloop.projects.options import ProjectOptions, flag
from labelloop.projects.options_as_fields import (
    as_fields,
    as_option,
    default_strategy,
    how_to_change,
    new_classifier,
    recorded_options,
)
from labelloop.store import Store
from schemas.events import ProjectCreated, ProjectCreatedV4
from schemas.model import replaced
from schemas.parts import MULTI_LABEL, SINGLE_LABEL, BaseModelChoice, Snapshot

LONGEST = 60
TEXT_COLUMN = "text_column"
LABELS = "labels"


@dataclass(frozen=True)
class EnsuredProject:
    """A project's id, whether it is new, and notes on its data."""

    project: str
    is_new: bool
    notes: tuple[str, ...] = ()


def check_options(options: ProjectOptions) -> None:
    """Raises UserError if no project can be created with these options. Writes nothing."""
    check_learner(options.of_task(options.asked_task or SINGLE_LABEL))
    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
        data = prepare_data(options, Path(folder))
    _check_data(_of_task(options, data), data)


async def ensure_project(
    store: Store,
    log: Callable[[], Awaitable[Log]],
    histories: Mapping[str, History],
    options: ProjectOptions,
    *,
    tries_model: bool = False,
    tell: Tell = untold,
    answered: AnsweredTexts | None = None,
) -> EnsuredProject:
    """Create the project of these options, or find the existing one with this name and these settings.

    `answered`: the texts, where the options name no file of them. `log` is called only once the project is
    found sound, so that it may make the log for it. `tries_model`: train a few steps first, so that a model
    that cannot work is found before people label. `tell` is told what is done now.
    Raises UserError for bad input, and if the existing project has other settings.
    """
    dataset = options.dataset or options.labelled or options.argilla_dataset
    name = options.name or (default_name(dataset) if dataset else None)
    if name is None:
        raise UserError("no data set is given: name one with --dataset FILE")
    history = named(histories, name)
    if history is not None:
        check_same(sound(history), options, store, answered)
        return EnsuredProject(history.project, is_new=False)
    own_annotators.check_may_answer(options.annotators or (), standings(histories))
    project = new_id(name)
    if answered is not None and options.guidelines is None and answered.guidelines:
        options = options.with_other(guidelines=answered.guidelines)
    model = check_learner(options.of_task(options.asked_task or SINGLE_LABEL))
    with store.draft(project) as draft:
        data = await asyncio.to_thread(_checked_data, options, draft, tell, answered)
        options, notes = _of_task(options, data), data.notes
        notes += own_annotators.people_notes(options)
        if tries_model:
            tell(f"trying {model}")
            notes += await try_model(draft / data.pool.uri, _spec(model, options), data.labels)
        # Texts in a home's store without a log beside them would tell of a lost log.
        opened_log = await log()
    first_batches = in_batches(list(data.answers.values())) if answered else imported(data.known_labels)
    created = _event(project, name, model, options, data, len(first_batches))
    settings = own_annotators.settings_at_creation(options, data.gold and _under(project, data.gold))
    suggester = at_creation(options, data.labels, data.task, SOURCE)
    first = opening(project, created, first_batches, SOURCE, settings=settings, suggester=suggester)
    await opened_log.append(*first)
    return EnsuredProject(project, is_new=True, notes=notes)


def _checked_data(
    options: ProjectOptions, draft: Path, tell: Tell, answered: AnsweredTexts | None
) -> ProjectData:
    data = prepare_data(options, draft, looks_for_near_copies=True, tell=tell, answered=answered)
    _check_data(_of_task(options, data), data)
    several = data.task != SINGLE_LABEL
    return replace(data, notes=(*data.notes, *label_notes(data.labels, data.known_labels, several)))


def _of_task(options: ProjectOptions, data: ProjectData) -> ProjectOptions:
    """The options of the task that the data turned out to be of. Raises UserError if they are of another."""
    of_task = options.of_task(data.task)
    if options.asked_task is None and data.task != SINGLE_LABEL:
        check_learner(of_task)
    return of_task


def _spec(model: str, options: ProjectOptions) -> ClassifierSpec:
    classifier = new_classifier(options.classifier, options.parameters_of_classifier)
    return ClassifierSpec(
        classifier.name,
        classifier.parameters,
        model,
        options.model_revision,
        multi_label=options.task == MULTI_LABEL,
    )


def _check_data(options: ProjectOptions, data: ProjectData) -> None:
    check_sizes(options, data)
    own_annotators.check_people(options)
    check_task(options)
    check_labels(data)
    check_classes(options, data)
    at_creation(options, data.labels, data.task, SOURCE)


def _event(
    project: str, name: str, model: str, options: ProjectOptions, data: ProjectData, batches_given: int
) -> ProjectCreatedV4:
    fields = {
        "name": name,
        "task": data.task,
        "labels": data.labels,
        "pool": _under(project, data.pool),
        "test": _under(project, data.test) if data.test else None,
        "max_batches": None if options.batches is None else options.batches + batches_given,
        "model": BaseModelChoice(name=model, revision=options.model_revision),
        **_columns(options, data),
    }
    return ProjectCreatedV4(**{**as_fields(options), **fields})


def _columns(options: ProjectOptions, data: ProjectData) -> dict[str, Any]:
    """What a project says of its columns; nothing if it has texts alone, as all had once."""
    shown = options.show_column or ()
    if not (data.text_columns[1:] or shown or data.metadata):
        return {}
    return {"text_columns": data.text_columns, "shown_columns": shown, "metadata_columns": data.metadata}


def _under(project: str, snapshot: Snapshot) -> Snapshot:
    return replaced(snapshot, uri=f"{project}/{snapshot.uri}")


def default_name(dataset: str) -> str:
    """A project's default name: `mail` for `data/mail.csv` and `mail.csv.gz`, `trec` for `SetFit/TREC`."""
    path = Path(dataset).expanduser().absolute() if dataset in (".", "..", "~") else Path(dataset)
    return Path(path.stem).stem if path.suffix.lower() in PACKED_SUFFIXES else path.stem


def new_id(name: str) -> str:
    """A new project id: the name in letters, digits and dashes, with a random suffix."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")
    return f"{slug or 'project'}-{secrets.token_hex(3)}"


def check_same(
    state: LoopState, options: ProjectOptions, store: Store, answered: AnsweredTexts | None = None
) -> None:
    """Raises UserError naming a given option that differs from the project's current setting."""
    recorded = for_next(state)
    check_same_labels(state, options)
    check_same_suggester(state, options)
    for option in recorded_options():
        value, now = getattr(options, option), as_option(recorded, option)
        if option == LABELS or option not in options.given_names:
            continue
        if not (value == now or _means(recorded, options, option, now)):
            raise _other(recorded, options, option, now)
    for option, now in own_annotators.differing(state, options):
        raise _other(recorded, options, option, now)
    _check_columns(recorded, options)
    if options.dataset is not None or options.labelled is not None or answered is not None:
        kept_columns = OpenSnapshot.open(store.snapshot(recorded.pool)).kept_columns
        options = options.with_other(**{name: now for name, now in _of_columns(recorded).items() if now})
        if options.keep_columns is not None and tuple(to_keep(options)) != kept_columns:
            raise _other(recorded, options, "keep_columns", kept_columns)
        _check_texts(recorded, state, options.with_other(keep_columns=kept_columns), answered)


def _check_columns(recorded: ProjectCreatedV4, options: ProjectOptions) -> None:
    """Raises UserError for other columns than the project's."""
    recorded_columns = _of_columns(recorded)
    if not recorded.text_columns and len(options.text_column or ()) <= 1:
        # The texts themselves are compared, whichever column has them now.
        del recorded_columns[TEXT_COLUMN]
    for option, now in recorded_columns.items():
        if getattr(options, option) not in (None, now):
            unsaid = (recorded.pool.text_column,) if option == TEXT_COLUMN else ()
            raise _other(recorded, options, option, now or unsaid)


def _of_columns(recorded: ProjectCreatedV4) -> dict[str, tuple[str, ...]]:
    """The options that gave the project its columns, as far as it says them."""
    return {
        TEXT_COLUMN: recorded.text_columns,
        "show_column": recorded.shown_columns,
        "metadata_column": tuple(recorded.metadata_columns),
    }


def _means(recorded: ProjectCreated, options: ProjectOptions, option: str, now: Any) -> bool:
    """Whether an option means what is recorded in other words."""
    value, classifier = getattr(options, option), recorded.classifier
    if option == "model":
        return bool(str(Path(value).expanduser().resolve()) == now)
    if option == "strategy_parameters" and "strategy" not in options.given_names:
        return default_strategy(recorded.strategy.name, value, classifier.name) == recorded.strategy
    return (
        option == "classifier_parameters"
        and new_classifier(classifier.name, options.parameters_of_classifier) == classifier
    )


def _check_texts(
    recorded: ProjectCreated, state: LoopState, options: ProjectOptions, answered: AnsweredTexts | None
) -> None:
    if answered is None:
        options = options.with_other(labels=recorded.labels, task=recorded.task)
    with tempfile.TemporaryDirectory(prefix="labelloop-") as folder:
        data = prepare_data(options, Path(folder), answered=answered)
    if data.pool.digest != recorded.pool.digest:
        source = options.dataset or options.labelled or options.argilla_dataset
        raise UserError(
            f"the project {recorded.name!r} was created from other texts than {source} has now: "
            "leave that option out to continue the project, add further texts with `labelloop add`, or give "
            "another --name"
        )
    if options.labelled is not None and data.known_labels != given_labels(state):
        raise UserError(
            f"the project {recorded.name!r} was created from other labels than {options.labelled} has now: "
            "give another --name"
        )
    tests = [None if each is None else each.digest for each in (data.test, recorded.test)]
    if options.test is not None and (None in tests or tests[0] != tests[1]):
        raise _other(recorded, options, "test", "none" if recorded.test is None else "another test set")
    gold = gold_at(state, state.numbered).snapshot
    if data.gold is not None and data.gold.digest != (gold.digest if gold else None):
        raise _other(recorded, options, "gold", "other gold texts" if gold else "none")


def _other(recorded: ProjectCreated, options: ProjectOptions, option: str, value: Any) -> UserError:
    has = f"{flag(option)} {shlex.quote(as_csv(value)) if isinstance(value, tuple) else value}"
    if ProjectOptions.options()[option].one_each:
        has = " ".join(f"{flag(option)} {shlex.quote(name)}" for name in value) or f"no {flag(option)}"
    if option in ProjectOptions.taken_by("change") and value != own_annotators.EVERYBODY:
        return UserError(
            f"the project {recorded.name!r} has {has}: leave the option out,"
            f"{how_to_change(recorded, options, option)} or give another --name"
        )
    return UserError(
        f"the project {recorded.name!r} was created with {has}, which cannot change: "
        "leave the option out, or give another --name"
    )
