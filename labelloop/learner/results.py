"""Results from a worker's child. They can be pickled and import nothing heavy."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.parts import Shortlist

CARD, CONFIG = "labelloop.json", "config.json"
"""In a model's folder: what labelloop says of it, and what transformers reads."""
ONNX, ONNX_INT8 = "model.onnx", "model_quantized.onnx"
"""What a model's ONNX files are called, as other tools look for them."""
ONNX_PACKAGES = ("onnx", "onnxruntime")


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
class FirstTextsResult:
    """The picked items; that of the largest cluster is first."""

    items: tuple[int, ...]
    seconds: float


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
class PredictionsResult:
    """How many texts of the test set and of the pool are in the file, and the sha256 of its bytes."""

    tested: int
    drawn: int
    sha256: str
    seconds: float


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
class TryResult:
    """It can. `unknown`: the share of tokens that the tokenizer does not know, or None if it cannot tell.

    `without_embedding`: how many tokens the tokenizer has for which the model's weights have no embedding.
    """

    unknown: float | None
    without_embedding: int
    seconds: float


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


@dataclass(frozen=True)
class OnnxFile:
    """A model as ONNX. `same`: of so many compared texts it says the same labels as the model.

    `furthest`: by how much a probability differs at most. `texts_a_second`: on this machine, alone with it.
    `accuracy`: on the test set, if there is one.
    """

    name: str
    size: int
    same: int
    furthest: float
    texts_a_second: float
    accuracy: float | None = None


@dataclass(frozen=True)
class OnnxResult:
    """The files, of which `int8` has weights of 8 bits, and how many texts they were compared on."""

    whole: OnnxFile
    int8: OnnxFile | None
    compared: int
    tested: int
    versions: Mapping[str, str]
