"""small-text's query strategies by name, checked without loading small-text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from labelloop.errors import UserError

CORE = "small_text.query_strategies"
TORCH = "small_text.integrations.pytorch.query_strategies"
BASE = "base_query_strategy"

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
    found = _find(name)
    strategy = STRATEGIES[found]
    if strategy.unusable is not None:
        raise UserError(f"strategy {found} cannot be used: {strategy.unusable}; take {_offer(name)}")
    if strategy.needs_transformer is not None and classifier != "transformer":
        raise UserError(
            f"strategy {found} does not work with the classifier {classifier}: {strategy.needs_transformer}; "
            "use --classifier transformer or another --strategy"
        )
    for parameter, value in parameters.items():
        _check_parameter(found, strategy, parameter, value)
    if BASE in strategy.parameters:
        check_strategy(base_name(parameters), {}, classifier)
    return found


def base_name(parameters: Mapping[str, Any]) -> str:
    """The strategy that a wrapping one asks, breaking ties unless another is named."""
    return str(parameters.get(BASE, "BreakingTies"))


def kebab(name: str) -> str:
    """`BreakingTies` as `breaking-ties`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def _find(name: str) -> str:
    plain = {known.lower(): known for known in STRATEGIES}
    key = re.sub(r"[-_ ]", "", name).lower()
    if key not in plain:
        raise UserError(f"there is no strategy {name!r}; did you mean {_offer(name)}?")
    return plain[key]


def _offer(name: str) -> str:
    return " or ".join(
        get_close_matches(kebab(name), known_strategies(), n=3, cutoff=0.5) or ["breaking-ties"]
    )


def _check_parameter(found: str, strategy: Strategy, parameter: str, value: Any) -> None:
    if parameter not in strategy.parameters:
        offer = ", ".join(strategy.parameters) or "none"
        raise UserError(f"strategy {found} has no parameter {parameter!r}; it has: {offer}")
    kind = strategy.parameters[parameter]
    accepted = (int, float) if kind is float else (kind,)
    if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
        raise UserError(f"parameter {parameter} of strategy {found} is {value!r}; give a {kind.__name__}")
