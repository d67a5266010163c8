"""small-text's query strategies by name, checked without loading small-text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labelloop.errors import UserError
from labelloop.learner.named import check_parameter, find, kebab, near

CORE = "small_text.query_strategies"
TORCH = "small_text.integrations.pytorch.query_strategies"
BASE = "base_query_strategy"
DEFAULT = "breaking-ties"

_GRADIENTS = "it differentiates small-text's own PyTorch models"
_MULTI_LABEL = "it is for multi-label tasks"
_HNSW = "small-text ties it to the package hnswlib"


@dataclass(frozen=True)
class Strategy:
    """A query strategy: where small-text keeps it, its parameters with their types, what it needs.

    `given` names constructor arguments that the learner fills in; `unusable` says why it cannot serve at all.
    """

    module: str
    parameters: Mapping[str, type] = field(default_factory=dict)
    given: tuple[str, ...] = ()
    needs_transformer: str | None = None
    unusable: str | None = None


STRATEGIES: Mapping[str, Strategy] = {
    "RandomSampling": Strategy(CORE),
    "BreakingTies": Strategy(CORE),
    "LeastConfidence": Strategy(CORE),
    "PredictionEntropy": Strategy(CORE),
    "BALD": Strategy(CORE, {"dropout_samples": int}, needs_transformer="it samples by dropout"),
    "SubsamplingQueryStrategy": Strategy(CORE, {BASE: str, "subsample_size": int}),
    "ClassBalancer": Strategy(CORE, {BASE: str, "ignored_classes": list, "subsample_size": int}),
    "AnchorSubsampling": Strategy(
        CORE,
        {
            BASE: str,
            "subsample_size": int,
            "num_anchors": int,
            "k": int,
            "normalize": bool,
            "batch_size": int,
        },
        ("vector_index_factory",),
    ),
    "EmbeddingKMeans": Strategy(CORE, {"normalize": bool}),
    "ContrastiveActiveLearning": Strategy(CORE, {"k": int, "normalize": bool, "batch_size": int}),
    "DiscriminativeActiveLearning": Strategy(
        CORE, {"num_iterations": int, "unlabeled_factor": int}, ("classifier_factory", "num_iterations")
    ),
    "GreedyCoreset": Strategy(CORE, {"distance_metric": str, "normalize": bool, "batch_size": int}),
    "LightweightCoreset": Strategy(CORE, {"distance_metric": str, "normalize": bool}, ("batch_size",)),
    "ProbCover": Strategy(CORE, {"k": int, "ball_radius": float}, ("vector_index_factory",)),
    "BADGE": Strategy(TORCH, given=("num_classes",)),
    "DiscriminativeRepresentationLearning": Strategy(
        TORCH,
        {
            "num_iterations": int,
            "selection": str,
            "temperature": float,
            "unlabeled_factor": int,
            "mini_batch_size": int,
        },
        ("device", "num_iterations"),
        needs_transformer="it reads the size of a network",
    ),
    "SEALS": Strategy(CORE, unusable=_HNSW),
    "CategoryVectorInconsistencyAndRanking": Strategy(CORE, unusable=_MULTI_LABEL),
    "LabelCardinalityInconsistency": Strategy(CORE, unusable=_MULTI_LABEL),
    "AdaptiveActiveLearning": Strategy(CORE, unusable=_MULTI_LABEL),
    "ExpectedGradientLength": Strategy(TORCH, unusable=_GRADIENTS),
    "ExpectedGradientLengthMaxWord": Strategy(TORCH, unusable=_GRADIENTS),
    "ExpectedGradientLengthLayer": Strategy(TORCH, unusable=_GRADIENTS),
}


def known_strategies() -> tuple[str, ...]:
    """Names of the strategies that work here, in kebab case."""
    return tuple(kebab(name) for name, strategy in STRATEGIES.items() if strategy.unusable is None)


def check_strategy(name: str, parameters: Mapping[str, Any], classifier: str = "transformer") -> str:
    """The class name of a strategy given in any case; raises `UserError` if it cannot work as asked."""
    found = find("strategy", name, STRATEGIES, known_strategies(), DEFAULT)
    strategy = STRATEGIES[found]
    if strategy.unusable is not None:
        offer = near(name, known_strategies(), DEFAULT)
        raise UserError(f"strategy {found} cannot be used: {strategy.unusable}; take {offer}")
    if strategy.needs_transformer is not None and classifier != "transformer":
        raise UserError(
            f"strategy {found} does not work with the classifier {classifier}: {strategy.needs_transformer}; "
            "use --classifier transformer or another --strategy"
        )
    for parameter, value in parameters.items():
        check_parameter(f"strategy {found}", strategy.parameters, parameter, value)
    if BASE in strategy.parameters:
        check_strategy(base_name(parameters), {}, classifier)
    return found


def base_name(parameters: Mapping[str, Any]) -> str:
    """The strategy that a wrapping one asks, breaking ties unless another is named."""
    return str(parameters.get(BASE, "BreakingTies"))
