"""Requests to and results from a worker's child. They can be pickled and import nothing heavy.

A pool item is a row number of the pool's snapshot, an Arrow IPC stream file with a column `text`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from labelloop.learner.classifier_spec import JSON as JSON
from labelloop.learner.classifier_spec import ClassifierSpec as ClassifierSpec
from schemas.parts import Shortlist

Examples: TypeAlias = tuple[tuple[int, tuple[str, ...]], ...]
"""Pool items with their labels. A multi-label text without labels is one that none of them fits."""
SCORED_AT_A_TIME = 1024
"""Texts of a chunk, in their order."""


@dataclass(frozen=True)
class Ping:
    """Ask a child whether it runs. It answers with the versions of its packages."""


@dataclass(frozen=True)
class TrainRequest:
    """Train on `examples` (pool item and its labels); items in `ignored` are never learned.

    Of a large pool the first texts in the order of `order_seed` are looked at.
    """

    pool: Path
    classifier: ClassifierSpec
    labels: tuple[str, ...]
    examples: Examples
    ignored: tuple[int, ...]
    seed: int
    threads: int
    into: Path
    cache: Path
    order_seed: int = 0


@dataclass(frozen=True)
class TrainResult:
    """A trained model in `folder`, which is `into / sha256`. `seconds` is wall-clock time."""

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

    `labelled`: what the model has learned. `taken`: other items that may not be picked. `also`: items chosen
    by other means, which are described in the same way as picks. `number`: that of the batch, from the first
    that was not given with its labels. With each more of a large pool is looked at, ordered by `order_seed`.
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
    number: int = 0
    order_seed: int = 0


@dataclass(frozen=True)
class Pick:
    """A picked pool item with the strategy's score, if any, and the most probable label.

    `labels`: in a multi-label task those that the model predicts, most probable first, maybe none.
    """

    item: int
    score: float | None
    label: str
    probability: float
    labels: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class QueryResult:
    """Picks, best first if the strategy ranks them. `shortlist` None: it could choose among all texts."""

    picks: tuple[Pick, ...]
    seconds: float
    device: str
    also: tuple[Pick, ...] = ()
    shortlist: Shortlist | None = None


@dataclass(frozen=True)
class FirstTextsRequest:
    """Pick `n` pool items before there is a model: the typical ones of different clusters.

    `taken`: items that are labelled or asked already. `clusters`: how many the pool is divided into at least.
    """

    pool: Path
    classifier: ClassifierSpec
    taken: tuple[int, ...]
    n: int
    clusters: int
    seed: int
    threads: int
    cache: Path


@dataclass(frozen=True)
class FirstTextsResult:
    """The picked items; that of the largest cluster is first."""

    items: tuple[int, ...]
    seconds: float


@dataclass(frozen=True)
class EmbedRequest:
    """Embed the first `texts` of a large pool, in the order of `order_seed`, for the picks to come.

    It is done at the lowest priority, and ends after some seconds: ask again for the others. The result is
    how many are embedded.
    """

    pool: Path
    classifier: ClassifierSpec
    texts: int
    seconds: float
    threads: int
    cache: Path
    order_seed: int


@dataclass(frozen=True)
class EvaluateRequest:
    """Evaluate a model on the snapshot `texts_path`, whose column `gold` has a label for each text.

    In a multi-label task it has a list of labels for each.
    """

    texts_path: Path
    classifier: ClassifierSpec
    labels: tuple[str, ...]
    model_folder: Path
    model_sha256: str
    threads: int
    cache: Path


@dataclass(frozen=True)
class EvaluateResult:
    """Shares from 0 to 1. `per_class` has precision, recall, f1 and support of every label.

    `confusion` counts texts: rows are gold labels, columns are predicted labels, in the order of the labels.
    In a multi-label task a text is right if all of its labels are, `confusion` is empty, and there is
    `micro_f1`.
    """

    accuracy: float
    macro_f1: float
    per_class: Mapping[str, Mapping[str, float]]
    confusion: list[list[int]]
    size: int
    seconds: float
    micro_f1: float | None = None


@dataclass(frozen=True)
class ScoreRequest:
    """Score all texts of the snapshot `texts`, each chunk into a file in `into`. Files there are kept.

    The answer is how many chunks were scored now.
    """

    texts: Path
    classifier: ClassifierSpec
    labels: tuple[str, ...]
    model_folder: Path
    model_sha256: str
    into: Path
    threads: int

    def file_of(self, chunk: int) -> Path:
        """The file of a chunk: numpy's, with probabilities of shape (texts, classes).

        Those of a multi-label text do not add up to 1. `thresholds.read` tells from where on a label counts.
        """
        return self.into / f"{chunk}.npy"


@dataclass(frozen=True)
class CheckRequest:
    """Check a stopping criterion, with predictions of models for `items`, the stopping set.

    `number`: the number of models so far, from 1. `learned`: the items that the model has learned. `before`:
    class numbers that earlier models predicted, for as many models as the criterion needs. The number of a
    multi-label text has bit i set if label i is predicted.
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
    order_seed: int = 0


@dataclass(frozen=True)
class CheckResult:
    """The numbers that the model predicts for the items, as in `before`, and the criterion's result.

    `value` is None if there are too few models yet.
    """

    predicted: tuple[int, ...]
    value: float | None
    stop: bool
    seconds: float


@dataclass(frozen=True)
class TryRequest:
    """Try whether a classifier can learn from its model, with some texts of the pool."""

    classifier: ClassifierSpec
    labels: tuple[str, ...]
    texts: tuple[str, ...]
    threads: int


@dataclass(frozen=True)
class TryResult:
    """It can. `unknown`: the share of tokens that the tokenizer does not know, or None if it cannot tell.

    `without_embedding`: how many tokens the tokenizer has for which the model's weights have no embedding.
    """

    unknown: float | None
    without_embedding: int
    seconds: float


@dataclass(frozen=True)
class NoiseRequest:
    """Look for wrong labels among `examples`, with embeddings of the base model `model`."""

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
    """A text whose label may be wrong: the probability of its label, and the label that fits best."""

    item: int
    label: str
    suggested: str
    confidence: float


@dataclass(frozen=True)
class NoiseResult:
    """The suspects, least fitting label first. `judged` is the number of labels that were checked."""

    suspects: tuple[Suspect, ...]
    judged: int
    seconds: float


Request: TypeAlias = (
    Ping
    | TrainRequest
    | FirstTextsRequest
    | QueryRequest
    | EmbedRequest
    | EvaluateRequest
    | ScoreRequest
    | CheckRequest
    | TryRequest
    | NoiseRequest
)
