"""What crosses the border to a worker's child: requests and results, picklable and without heavy imports.

A pool item is a row number of the pool's snapshot, an Arrow IPC stream file with a column `text`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from schemas.events import ProjectCreated

JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"
Examples: TypeAlias = tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True)
class ClassifierSpec:
    """A classifier by name ("transformer", "linear"), its parameters and the model that it starts from."""

    name: str
    parameters: Mapping[str, JSON]
    model: str
    revision: str | None


@dataclass(frozen=True)
class Ping:
    """Asks a child whether it is there; the answer is the versions of what it has loaded."""


@dataclass(frozen=True)
class TrainRequest:
    """Train on `examples` (pool item and its labels); items in `ignored` are never learned."""

    pool: Path
    classifier: ClassifierSpec
    labels: tuple[str, ...]
    examples: Examples
    ignored: tuple[int, ...]
    seed: int
    threads: int
    into: Path
    cache: Path


@dataclass(frozen=True)
class TrainResult:
    """The model lies in `folder`, which is `into / sha256`; `seconds` is wall-clock time."""

    sha256: str
    folder: Path
    metrics: Mapping[str, float]
    seconds: float
    device: str
    threads: int
    versions: Mapping[str, str]


@dataclass(frozen=True)
class QueryRequest:
    """Pick at most `n` of the pool items that are neither taken, labelled nor ignored.

    `labelled` is what the model has learned; `taken` is whatever else may not be picked; `also` are items to
    describe as picks are, though they were chosen by other means.
    """

    pool: Path
    classifier: ClassifierSpec
    labels: tuple[str, ...]
    model_folder: Path
    model_sha256: str
    strategy: str
    strategy_parameters: Mapping[str, JSON]
    taken: tuple[int, ...]
    labelled: Examples
    ignored: tuple[int, ...]
    n: int
    seed: int
    threads: int
    cache: Path
    also: tuple[int, ...] = ()


@dataclass(frozen=True)
class Pick:
    """A picked pool item with the strategy's score, where it has one, and what the model predicts."""

    item: int
    score: float | None
    label: str
    probability: float


@dataclass(frozen=True)
class QueryResult:
    """Picks, best first as far as the strategy ranks them."""

    picks: tuple[Pick, ...]
    seconds: float
    device: str
    also: tuple[Pick, ...] = ()


@dataclass(frozen=True)
class EvaluateRequest:
    """Measure a model on the snapshot `texts_path`, whose column `gold` holds a label for each text."""

    texts_path: Path
    classifier: ClassifierSpec
    labels: tuple[str, ...]
    model_folder: Path
    model_sha256: str
    threads: int
    cache: Path


@dataclass(frozen=True)
class EvaluateResult:
    """Shares between 0 and 1; `per_class` has precision, recall, f1 and support of every label.

    `confusion` counts texts: rows are gold labels, columns predicted ones, in the order of the labels.
    """

    accuracy: float
    macro_f1: float
    per_class: Mapping[str, Mapping[str, float]]
    confusion: list[list[int]]
    size: int
    seconds: float


@dataclass(frozen=True)
class CheckRequest:
    """Ask a stopping criterion whether to go on, by what models say of `items`, the stopping set.

    `number` counts the models, from 1 on. `learned` are those of the items that the model has learned;
    `before` are the class numbers that earlier models gave the items, of as many as the criterion looks at.
    """

    pool: Path
    classifier: ClassifierSpec
    labels: tuple[str, ...]
    model_folder: Path
    model_sha256: str
    criterion: str
    parameters: Mapping[str, JSON]
    number: int
    items: tuple[int, ...]
    learned: tuple[int, ...]
    before: tuple[tuple[int, ...], ...]
    threads: int
    cache: Path


@dataclass(frozen=True)
class CheckResult:
    """The class numbers that the model gives the items, and what the criterion says by them.

    `value` is what it looks at; None where it cannot tell yet.
    """

    predicted: tuple[int, ...]
    value: float | None
    stop: bool
    seconds: float


@dataclass(frozen=True)
class NoiseRequest:
    """Look for wrong labels among `examples`, by embeddings of the base model `model`."""

    pool: Path
    model: str
    revision: str | None
    labels: tuple[str, ...]
    examples: Examples
    seed: int
    threads: int
    cache: Path


@dataclass(frozen=True)
class Suspect:
    """A text whose label is likely wrong: the probability of its label, and the likeliest one."""

    item: int
    label: str
    suggested: str
    confidence: float


@dataclass(frozen=True)
class NoiseResult:
    """Most likely wrong first; `judged` counts the labels that were looked at."""

    suspects: tuple[Suspect, ...]
    judged: int
    seconds: float


Request: TypeAlias = Ping | TrainRequest | QueryRequest | EvaluateRequest | CheckRequest | NoiseRequest


def classifier_spec(project: ProjectCreated) -> ClassifierSpec:
    return ClassifierSpec(
        name=project.classifier.name,
        parameters=project.classifier.parameters,
        model=project.model.name,
        revision=project.model.revision,
    )


def is_model_lost(kind: str) -> bool:
    """Whether a task failed because its model's folder is missing or damaged."""
    return kind in {"model-missing", "model-damaged"}
