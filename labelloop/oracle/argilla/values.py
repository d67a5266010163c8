"""The values that labelloop writes to Argilla and reads from it.

Ids are Argilla's uuids as strings; times are aware and in UTC. The `status` of a response is `submitted`,
`discarded` or `draft`. A response or suggestion has a tuple of labels: one label in a single-label task, none
if a person discarded a text without choosing a label. In a multi-label task a submitted response without
labels, or such a suggestion, says that none of them fits: Argilla has the option NONE for it.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from labelloop.loop.label_lists import LabelList
from labelloop.loop.labels import NONE
from labelloop.pool.context import metadata_kinds, seen_columns
from schemas.events import ProjectCreated
from schemas.parts import MULTI_LABEL, SINGLE_LABEL

DEFAULT_WORKSPACE = "labelloop"
TEXT_FIELD = "text"
ONE_FIELD: Mapping[str, str] = {TEXT_FIELD: "Text"}
QUESTION = "label"
QUESTION_TYPES = {SINGLE_LABEL: "label_selection", MULTI_LABEL: "multi_label_selection"}
TASKS = {kind: task for task, kind in QUESTION_TYPES.items()}
TITLES = {SINGLE_LABEL: "Which label fits?", MULTI_LABEL: "Which labels fit?"}

MetadataValue = str | int | float | list[str]
RESERVED = frozenset({"batch", "rank", "item", "reason", "model", "escaped", "restored"})
"""Metadata that labelloop itself writes. What is added has a dash, which no column's name has."""
LONGEST = 60
_OTHERS = re.compile("[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class About:
    """A server's version, and its time when it answered, in whole seconds (None if unknown)."""

    version: str
    time: datetime | None


@dataclass(frozen=True, slots=True)
class User:
    """A user who can log in. `role` is `owner`, `admin` or `annotator`."""

    id: str
    username: str
    role: str
    inserted_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """An account with its API key. `password` is None if the account existed before."""

    user_id: str
    username: str
    api_key: str = field(repr=False)
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """A data set to set up: text fields, one question with labels, `min_submitted` answers per text.

    `fields`: titles by name. `metadata`: title and Argilla's kind by name, beside those of every project.
    `by_batch`: from which batch on how many answers; an Argilla elsewhere does not know it. `called`: how
    people read labels, if not by the labels themselves.
    """

    name: str
    labels: tuple[str, ...]
    workspace: str = DEFAULT_WORKSPACE
    guidelines: str | None = None
    min_submitted: int = 1
    task: str = SINGLE_LABEL
    by_batch: tuple[tuple[int, int], ...] = ()
    fields: Mapping[str, str] = field(default_factory=lambda: ONE_FIELD)
    metadata: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)


def dataset_spec(name: str, project: ProjectCreated, labels: LabelList | None = None) -> DatasetSpec:
    """The data set of this name. `labels`: those of now, if they were changed."""
    kinds = metadata_kinds(project)
    called = labels.choices if labels is not None else {}
    return DatasetSpec(
        name=name,
        labels=tuple(called) or project.labels,
        called=called,
        guidelines=project.guidelines,
        min_submitted=project.min_submitted,
        task=project.task,
        fields={name: title(column) for column, name in field_names(seen_columns(project)).items()}
        or ONE_FIELD,
        metadata={name: (title(column), kinds[column]) for column, name in metadata_names(kinds).items()},
    )


@dataclass(frozen=True, slots=True)
class Dataset:
    """A published data set with its label question, by its id and its name."""

    id: str
    name: str
    workspace: str
    labels: tuple[str, ...]
    question_id: str
    min_submitted: int
    question: str = QUESTION
    task: str = SINGLE_LABEL

    @property
    def is_multi_label(self) -> bool:
        return self.task == MULTI_LABEL


@dataclass(frozen=True, slots=True)
class DatasetParts:
    """A data set of any kind with its fields and questions, as the server describes them."""

    answer: Mapping[str, Any]
    fields: Sequence[Mapping[str, Any]]
    questions: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A model's suggested answer. `score` is from 0 to 1; `agent` has letters, digits, `-_:./` and spaces.

    In a multi-label task there are `scores` instead: one for each label, or one that none of them fits.
    """

    labels: tuple[str, ...]
    score: float | None = None
    agent: str | None = None
    scores: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Response:
    """One person's answer to one record."""

    user_id: str
    status: str
    labels: tuple[str, ...]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A text in Argilla. `status` is `completed` once it has `min_submitted` answers, otherwise `pending`.

    `fields`: what people see, by the field's name. `is_literal`: the page shows it literally; otherwise as
    HTML.
    """

    id: str
    external_id: str | None
    fields: Mapping[str, str]
    metadata: Mapping[str, Any]
    status: str
    suggestion: Suggestion | None
    responses: tuple[Response, ...]
    inserted_at: datetime
    is_literal: bool


@dataclass(frozen=True, slots=True)
class NewResponse:
    """An answer to write for a user, whose account must exist."""

    user_id: str
    status: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A text to write, with its external id, and what people see by the field's name."""

    external_id: str
    fields: Mapping[str, str]
    metadata: Mapping[str, MetadataValue]
    suggestion: Suggestion | None = None
    responses: tuple[NewResponse, ...] = ()


def options(labels: tuple[str, ...], task: str) -> tuple[str, ...]:
    """What people choose from."""
    return (*labels, NONE) if task == MULTI_LABEL else labels


def labels_of(question: Mapping[str, Any], task: str) -> tuple[str, ...]:
    """The labels of a question, as the server describes it."""
    values = tuple(option["value"] for option in question["settings"]["options"])
    return from_value(values) if task == MULTI_LABEL else values


def to_value(labels: tuple[str, ...], task: str) -> str | list[str]:
    """The value of an answer. ValueError unless a single-label answer has exactly one label."""
    if task == MULTI_LABEL:
        return list(labels) or [NONE]
    (label,) = labels
    return label


def to_values(labels: tuple[str, ...], status: str, task: str) -> dict[str, Any] | None:
    """A response's values, or None if it chooses nothing."""
    says_none = task == MULTI_LABEL and status == "submitted"
    return {QUESTION: {"value": to_value(labels, task)}} if labels or says_none else None


def from_value(value: Any) -> tuple[str, ...]:
    """The labels of a suggestion's value. NONE beside labels says nothing: the page may have chosen it."""
    return (value,) if isinstance(value, str) else tuple(label for label in value if label != NONE)


def from_values(values: dict[str, Any] | None, question: str = QUESTION) -> tuple[str, ...]:
    """The labels of a response's values."""
    answer = (values or {}).get(question)
    return from_value(answer["value"]) if answer else ()


def data_set_name(project_id: str, place: int) -> str:
    """The name of a project's data set; `place` counts those that it had before, with other labels."""
    return f"{project_id}-v{place + 1}" if place else project_id


def field_names(columns: Iterable[str]) -> dict[str, str]:
    """The field of each column.

    Search engines and addresses take few characters, so a column's own name is only a title. A name depends
    on all columns and their order, and stays the same for ever.
    """
    return _names(columns, ())


def metadata_names(columns: Iterable[str]) -> dict[str, str]:
    """The metadata of each column."""
    return _names(columns, RESERVED)


def title(column: str) -> str:
    """What people see in place of the name."""
    shown = " ".join(column.split())
    return (shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…") or "-"


def _names(columns: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for column in columns:
        base = name = _OTHERS.sub("_", column.lower()).strip("_")[:LONGEST] or "column"
        count = 1
        while name in taken or name in names.values():
            count += 1
            name = f"{base}_{count}"
        names[column] = name
    return names
