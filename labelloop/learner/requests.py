"""Requests to a worker's child. They can be pickled and import nothing heavy.

A pool item is a row number of the pool's snapshot, or over those of a pool that grew: Arrow IPC stream files
with a column `text`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from labelloop.learner.classifier_spec import JSON as JSON
from labelloop.learner.classifier_spec import ClassifierSpec as ClassifierSpec
from labelloop.learner.results import CheckResult as CheckResult
from labelloop.learner.results import EvaluateResult as EvaluateResult
from labelloop.learner.results import FirstTextsResult as FirstTextsResult
from labelloop.learner.results import NoiseResult as NoiseResult
from labelloop.learner.results import OnnxFile as OnnxFile
from labelloop.learner.results import OnnxResult as OnnxResult
from labelloop.learner.results import Pick as Pick
from labelloop.learner.results import PredictionsResult as PredictionsResult
from labelloop.learner.results import QueryResult as QueryResult
from labelloop.learner.results import Suspect as Suspect
from labelloop.learner.results import TrainResult as TrainResult
from labelloop.learner.results import TryResult as TryResult

if TYPE_CHECKING:
    from labelloop.pool.snapshot import Files

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

    Of a large pool the first texts in the order of `order_seed` are looked at. `shown`: how the model's
    folder calls the labels, if not by their names.
    """

    pool: "Files"
    classifier: ClassifierSpec
    labels: tuple[str, ...]
    examples: Examples
    ignored: tuple[int, ...]
    seed: int
    threads: int
    into: Path
    cache: Path
    order_seed: int = 0
    shown: tuple[str, ...] = ()


@dataclass(frozen=True)
class QueryRequest:
    """Pick at most `n` of the pool items that are neither taken, labelled nor ignored.

    `labelled`: what the model has learned. `taken`: other items that may not be picked. `also`: items chosen
    by other means, which are described in the same way as picks. `number`: that of the batch, from the first
    that was not given with its labels. With each more of a large pool is looked at, ordered by `order_seed`.
    """

    pool: "Files"
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
class FirstTextsRequest:
    """Pick `n` pool items before there is a model: the typical ones of different clusters.

    `taken`: items that are labelled or asked already. `clusters`: how many the pool is divided into at least.
    """

    pool: "Files"
    classifier: ClassifierSpec
    taken: tuple[int, ...]
    n: int
    clusters: int
    seed: int
    threads: int
    cache: Path


@dataclass(frozen=True)
class EmbedRequest:
    """Embed the first `texts` of a large pool, in the order of `order_seed`, for the picks to come.

    It is done at the lowest priority, and ends after some seconds: ask again for the others. The result is
    how many are embedded.
    """

    pool: "Files"
    classifier: ClassifierSpec
    texts: int
    seconds: float
    threads: int
    cache: Path
    order_seed: int


@dataclass(frozen=True)
class EvaluateRequest:
    """Evaluate a model on the snapshot `texts_path`, whose column `gold` has a label for each text.

    In a multi-label task it has a list of labels for each. Texts that have only labels which are `left_out`,
    or one that the model does not tell apart, do not count. `scores`: the file (numpy's) with the
    probabilities of those that count. They are read from there if they are there, and else kept there.
    """

    texts_path: Path
    classifier: ClassifierSpec
    labels: tuple[str, ...]
    model_folder: Path
    model_sha256: str
    threads: int
    cache: Path
    left_out: tuple[str, ...] = ()
    scores: Path | None = None


@dataclass(frozen=True)
class PredictionsRequest:
    """Write what a model says of pool items, and of the test set if there is one, to the file `into`."""

    pool: "Files"
    items: tuple[int, ...]
    test: EvaluateRequest | None
    classifier: ClassifierSpec
    labels: tuple[str, ...]
    model: str
    model_folder: Path
    model_sha256: str
    into: Path
    threads: int
    cache: Path
    order_seed: int = 0


@dataclass(frozen=True)
class ScoreRequest:
    """Score all texts of the snapshot `texts`, each chunk into a file in `into`. Files there are kept.

    The answer is how many chunks were scored now.
    """

    texts: "Files"
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
class ServeRequest:
    """Load a model, and score what texts come over the Unix socket at `address`, until it is closed.

    Whoever asks listens there. It is connected to once the model is loaded and has scored a text. Each line
    is JSON: a list of texts, and in answer a list of the probabilities of each, or an object with an `error`.
    The result is how many texts were scored.
    """

    classifier: ClassifierSpec
    labels: tuple[str, ...]
    model_folder: Path
    model_sha256: str
    address: Path
    threads: int


@dataclass(frozen=True)
class CheckRequest:
    """Check a stopping criterion, with predictions of models for `items`, the stopping set.

    `number`: the number of models so far, from 1. `learned`: the items that the model has learned. `before`:
    class numbers that earlier models predicted, for as many models as the criterion needs. The number of a
    multi-label text has bit i set if label i is predicted.
    """

    pool: "Files"
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
class TryRequest:
    """Try whether a classifier can learn from its model, with some texts of the pool."""

    classifier: ClassifierSpec
    labels: tuple[str, ...]
    texts: tuple[str, ...]
    threads: int


@dataclass(frozen=True)
class NoiseRequest:
    """Look for wrong labels among `examples`, with embeddings of the base model `model`."""

    pool: "Files"
    model: str
    revision: str | None
    labels: tuple[str, ...]
    examples: Examples
    seed: int
    threads: int
    cache: Path


@dataclass(frozen=True)
class OnnxRequest:
    """Write a model as ONNX into the folder `into`, and compare it with the model on texts of the pool.

    The first texts in the order of `order_seed` are compared. `int8`: write a smaller one too, and measure
    what that costs, also on `test`, which is as that of an EvaluateRequest.
    """

    pool: "Files"
    classifier: ClassifierSpec
    labels: tuple[str, ...]
    model_folder: Path
    model_sha256: str
    into: Path
    threads: int
    order_seed: int = 0
    int8: bool = False
    test: Path | None = None
    left_out: tuple[str, ...] = ()


Request: TypeAlias = (
    Ping
    | TrainRequest
    | FirstTextsRequest
    | QueryRequest
    | EmbedRequest
    | EvaluateRequest
    | PredictionsRequest
    | ScoreRequest
    | ServeRequest
    | CheckRequest
    | TryRequest
    | NoiseRequest
    | OnnxRequest
)
