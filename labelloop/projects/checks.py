"""Checks before a project is created or changed: its options, its labels, and a try of its model."""

import asyncio
import shlex
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

from labelloop.config.service_settings import default_threads
from labelloop.errors import TaskError, UserError, counted
from labelloop.learner.requests import ClassifierSpec, TryRequest, TryResult
from labelloop.learner.worker import Worker
from labelloop.loop.label_lists import label_list
from labelloop.loop.labels import NONE
from labelloop.loop.state import LoopState
from labelloop.pool.label_cells import as_csv, quoted
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.projects.data import ProjectData
from labelloop.projects.options import ProjectOptions
from labelloop.store import Store
from schemas.events import ProjectCreated
from schemas.parts import MULTI_LABEL, SINGLE_LABEL, Choice, Task

MOST_LABELS = 500
LONGEST_LABEL = 200
BREAKS = {"Cc", "Cs", "Zl", "Zp"}
"""The Unicode categories of control characters, of bytes that are no text, and of what breaks a line."""
UNSEEN = "Cf"
"""That of characters that are not seen, as those of zero width."""
TEXTS = 10
NOTED = 0.1
NEEDED = ("torch", "transformers", "small_text")
SHOWN = 10
SEVERAL = " (a text may have several, or none of them)"


def check_learner(options: ProjectOptions) -> str:
    """Check classifier, strategy, stopping criterion and model. Returns the model's name to record."""
    from labelloop.learner.stopping.registry import check_stopping

    task = options.task or SINGLE_LABEL
    check_choices(
        Choice(name=options.classifier, parameters=options.parameters_of_classifier),
        Choice(name=options.strategy, parameters=dict(options.strategy_parameters)),
        task,
    )
    check_stopping(options.stopping, options.stopping_parameters, task)
    return check_model(options.model, options.model_revision)


def check_choices(classifier: Choice, strategy: Choice, task: Task) -> None:
    """Check that both exist, accept their parameters, and work together, for the task."""
    from labelloop.learner.classifiers.registry import check_classifier
    from labelloop.learner.strategies.registry import check_strategy

    check_classifier(classifier.name, classifier.parameters, task)
    check_strategy(strategy.name, strategy.parameters, classifier.name, task)


def check_model(name: str, revision: str | None) -> str:
    """Find the model; it is downloaded if needed. Returns the name to record (a folder's absolute path)."""
    from labelloop.learner.base_model import resolve

    resolved = resolve(name, revision)
    folder = Path(name).expanduser()
    return str(folder.resolve()) if folder.is_dir() and resolved.folder == folder else name


def check_labels(data: ProjectData) -> None:
    """Check the labels against Argilla's limits, and that people can tell them apart."""
    check_label_list(data.labels, data.task, "with --labels, or another --label-column")


def check_label_list(labels: Sequence[str], task: str, where: str = "labels") -> None:
    """The same for these labels. `where`: where fewer or shorter ones can be given."""
    most = MOST_LABELS - (task == MULTI_LABEL)
    if len(labels) > most:
        raise UserError(
            f"there are {len(labels)} labels, but Argilla takes at most {most}: give fewer {where}"
        )
    longest = max(labels, key=len)
    if len(longest) > LONGEST_LABEL:
        raise UserError(
            f"the label {longest[:40]!r}… has more than {LONGEST_LABEL} characters: give shorter {where}"
        )
    looks: dict[str, str] = {}
    for label in labels:
        categories = list(map(unicodedata.category, label))
        if BREAKS.intersection(categories):
            raise UserError(
                f"the label {label!r} holds a line break, another control character, or what is not UTF-8: "
                "correct it"
            )
        look = "".join(each for each, category in zip(label, categories, strict=True) if category != UNSEEN)
        if task == MULTI_LABEL and "".join(look.casefold().split()) == "".join(NONE.split()):
            raise UserError(
                f"the label {label!a} is what people choose if no label fits: leave it out, and give such "
                "texts an empty list, or name it otherwise"
            )
        if look in looks:
            raise UserError(f"the labels {looks[look]!a} and {label!a} look the same: correct them")
        looks[look] = label


def check_same_labels(state: LoopState, options: ProjectOptions) -> None:
    """Raises UserError for other labels than those of now, and those with which the project was created."""
    now = tuple(label_list(state).choices.values())
    if options.labels is not None and options.labels not in (now, state.project.labels):
        raise UserError(
            f"the project {state.project.name!r} has --labels {shlex.quote(as_csv(now))}: leave the option "
            "out, change them with `labelloop labels`, or give another --name"
        )


def check_classes(options: ProjectOptions, data: ProjectData) -> None:
    """Check the stopping criterion against the labels."""
    from labelloop.learner.stopping import registry as stopping

    stopping.check_classes(options.stopping, options.stopping_parameters, len(data.labels), data.task)


def check_stopping(project: ProjectCreated) -> None:
    """Check a project's stopping criterion: its name, its parameters, and against the labels."""
    from labelloop.learner.stopping import registry as stopping

    if project.stopping is not None:
        criterion, labels = project.stopping, len(project.labels)
        stopping.check_classes(criterion.name, criterion.parameters, labels, project.task)


def check_task(settings: ProjectOptions | ProjectCreated) -> None:
    """Check that nothing is asked for that is not defined where a text may have several labels."""
    if settings.task != MULTI_LABEL:
        return
    if settings.audit_share:
        raise UserError(
            "an audit estimates how many texts get their one label right, and here a text may have several: "
            "leave out --audit-share, and give a test set with --test"
        )
    if settings.ties == "discard":
        raise UserError("of several labels, a tied one is left out: leave out --ties")
    if settings.cold_start == "balanced":
        raise UserError(
            "a balanced cold start draws from each label in turn, and here a text may have several: "
            "give --cold-start typical or random"
        )


def check_sizes(options: ProjectOptions, data: ProjectData) -> None:
    """Check the batch size against the pool, and the cold start against the gold labels."""
    size = data.pool.size
    if options.batch_size > size:
        raise UserError(
            f"a batch of {options.batch_size} is larger than the pool of "
            f"{counted(size, 'text')}{_left_out(data)}: give --batch-size {size} or less, or more texts"
        )
    if options.cold_start == "balanced" and data.pool.label_column is None:
        raise UserError(
            "a balanced cold start needs gold labels: name their column with --label-column, "
            "or give --cold-start random"
        )


def _left_out(data: ProjectData) -> str:
    pool = data.pool
    counts = {
        "near-copies": pool.dropped_near_copies,
        "duplicates": pool.dropped_duplicate,
        "empty": pool.dropped_empty,
    }
    parts = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
    return f" ({parts} left out)" if parts else ""


async def try_model(pool: Path, classifier: ClassifierSpec, labels: Sequence[str]) -> tuple[str, ...]:
    """Try the classifier and its model on some texts of a pool. Returns notes for people.

    Raises UserError if no model can be trained. Without the learner's packages nothing is tried.
    """
    missing = [package for package in NEEDED if find_spec(package) is None]
    if missing:
        return (f"the model was not tried, because {missing[0]} is not installed here",)
    with closing(Worker(default_threads())) as worker:
        request = TryRequest(classifier, tuple(labels), sample(pool), default_threads())
        try:
            tried = await worker.run(request)
        except TaskError as error:
            raise UserError(
                f"the classifier {classifier.name} cannot learn from the model {classifier.model_name}: "
                f"{error.message}"
            ) from error
    return tuple(_notes(classifier, tried))


def _notes(classifier: ClassifierSpec, tried: TryResult) -> Iterator[str]:
    if tried.unknown is not None and tried.unknown > NOTED:
        yield (
            f"{tried.unknown:.0%} of the tokens of {TEXTS} texts are unknown to the tokenizer of "
            f"{classifier.model_name}: a model for their language would learn from fewer labels"
        )
    if tried.without_embedding:
        yield (
            f"the weights of {classifier.model_name} have no embedding for {tried.without_embedding:,} "
            "tokens of its tokenizer, which get random ones that no training changes: give the model the "
            "tokenizer that belongs to its weights"
        )


async def try_change(store: Store, before: ProjectCreated, after: ProjectCreated) -> tuple[str, ...]:
    """Try the classifier and the model of a project, if they are others than before.

    Returns notes for people. Raises UserError if no model can be trained, and Unavailable.
    """
    if (after.classifier, after.model) == (before.classifier, before.model):
        return ()
    pool = await asyncio.to_thread(store.snapshot, after.pool)
    return await try_model(pool, ClassifierSpec.of(after), after.labels)


def sample(pool: Path) -> tuple[str, ...]:
    """Some texts from all over a pool."""
    snapshot = OpenSnapshot.open(pool)
    step = max(1, len(snapshot) // TEXTS)
    return tuple(snapshot.texts(range(0, len(snapshot), step)[:TEXTS]))


def label_notes(
    labels: Sequence[str], labels_of: Mapping[int, tuple[str, ...]], several: bool = False
) -> Iterator[str]:
    """The labels in one line, then those that look like one, then those that no known label shows.

    `labels_of`: known labels by pool item. `several`: whether a text may have several.
    """
    shown = f"{', '.join(as_csv([label]) for label in labels[:SHOWN])}{_more(labels)}"
    yield f"labels: {shown}{SEVERAL if several else ''}"
    for alike in _alike(labels):
        yield (
            f"the labels {quoted(alike)} differ only in case or spaces: if they mean the same, write them "
            "alike and make the project again with another --name"
        )
    used = {name for names in labels_of.values() for name in names}
    unseen = [label for label in labels if labels_of and label not in used]
    if unseen:
        shown = f"{quoted(unseen[:SHOWN])}{_more(unseen)}"
        yield f"no text has the known label {shown}: no model learns what people have not given to any text"


def _more(labels: Sequence[str]) -> str:
    return f" … ({len(labels)})" if labels[SHOWN:] else ""


def _alike(labels: Sequence[str]) -> list[list[str]]:
    groups = (list(group) for _, group in groupby(sorted(labels, key=_look), key=_look))
    return [group for group in groups if len(group) > 1]


def _look(label: str) -> str:
    return "".join(label.casefold().split())
