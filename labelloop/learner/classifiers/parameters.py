"""Our classifiers, declared in pyproject.toml: their parameters, checked without heavy libraries."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from typing import Any, ClassVar, Self

from labelloop.errors import UserError
from labelloop.learner.descriptors import MANY_LABELS, ONE_LABEL, ClassifierPlugin

BALANCED = "balanced"
CLASS_WEIGHTS: Mapping[str, tuple[str, ...]] = {"class_weights": ("none", BALANCED)}
HELD_OUT = ("validation_share", "patience")
MOST_HELD_OUT = 0.5
SELDOM = ("class_weights", *HELD_OUT)
"""Parameters that a new project records only if it is given them, so that an older labelloop goes on."""


@dataclass(frozen=True)
class Parameters:
    """Parameters of one classifier. Each is a positive number, a share or one of several values.

    `counts` may also be 0.
    """

    classifier: ClassVar[str]
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    shares: ClassVar[frozenset[str]] = frozenset()
    counts: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def types(cls) -> dict[str, type]:
        """The parameters by name, each with its type."""
        return {field.name: field.type for field in fields(cls) if isinstance(field.type, type)}

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Self:
        """The defaults with the given values. Raises `UserError` for an unknown name or an invalid value."""
        kinds: dict[str, Any] = {field.name: field.type for field in fields(cls)}
        for name, value in values.items():
            if name not in kinds:
                near = get_close_matches(name, kinds, n=1) or sorted(kinds)
                raise UserError(
                    f"classifier {cls.classifier} has no parameter {name!r}; did you mean {', '.join(near)}?"
                )
            cls._check(name, kinds[name], value)
        return cls(**{name: kinds[name](value) for name, value in values.items()})

    @classmethod
    def _check(cls, name: str, kind: Any, value: Any) -> None:
        if kind is str:
            expected = "one of " + ", ".join(cls.choices[name])
            fits = value in cls.choices[name]
        elif name in cls.shares:
            most = MOST_HELD_OUT if name == "validation_share" else 1
            expected = f"a number from 0 to {most}"
            fits = _is_number(value, float) and 0 <= value <= most
        elif name in cls.counts:
            expected = "a whole number from 0"
            fits = _is_number(value, kind) and value >= 0
        else:
            expected = "a whole number above 0" if kind is int else "a number above 0"
            fits = _is_number(value, kind) and value > 0
        if not fits:
            raise UserError(f"parameter {name} of classifier {cls.classifier} is {value!r}; give {expected}")


def recorded(parameters: Parameters) -> dict[str, Any]:
    """What a new project records of these, unless it is given others."""
    return {name: value for name, value in asdict(parameters).items() if name not in SELDOM}


def _is_number(value: Any, kind: Any) -> bool:
    numeric = (int,) if kind is int else (int, float)
    return isinstance(value, numeric) and not isinstance(value, bool)


@dataclass(frozen=True)
class TransformerParameters(Parameters):
    """Fine-tuning: AdamW, linear warm-up and decay, for `epochs`, or longer until `min_steps` are done.

    The word embeddings are frozen, and from below `frozen_share` of the layers. While labels are few, the
    model learns on from its own labels for other texts of the pool, which together weigh `self_training` of
    what people's labels weigh (not in multi-label projects). `head_start`: the last layer begins at random or
    as a `regression` on what the base model makes of the texts; `auto` takes the second for many classes.

    `class_weights`: with `balanced`, the texts of each class weigh the same together. `validation_share` of
    the labelled texts are held out: the training stops after `patience` epochs in which they get no better,
    and keeps the weights with which they are best.

    A default is what a parameter means in a project that does not record it.
    """

    classifier: ClassVar[str] = "transformer"
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "pooling": ("auto", "mean", "head"),
        "head_start": ("auto", "random", "regression"),
        **CLASS_WEIGHTS,
    }
    shares: ClassVar[frozenset[str]] = frozenset({"frozen_share", "self_training", "validation_share"})

    learning_rate: float = 1e-4
    head_learning_rate: float = 1e-3
    epochs: int = 10
    min_steps: int = 80
    batch_size: int = 16
    max_length: int = 128
    pooling: str = "auto"
    frozen_share: float = 0.0
    self_training: float = 0.0
    head_start: str = "random"
    class_weights: str = "none"
    validation_share: float = 0.0
    patience: int = 5


transformer = ClassifierPlugin(
    TransformerParameters.classifier,
    "labelloop.learner.classifiers.transformer:factory",
    parameters=TransformerParameters.types(),
    check=TransformerParameters.parse,
    recipe=recorded(TransformerParameters(frozen_share=0.5, self_training=1.0, head_start="auto")),
    offers=frozenset({"embeddings", "dropout", "network", "gradients"}),
    preload=True,
    tasks=ONE_LABEL | MANY_LABELS,
)


@dataclass(frozen=True)
class LinearParameters(Parameters):
    """Logistic regression on frozen embeddings; `c` is the inverse of its L2 penalty.

    `class_weights` are as those of a transformer.
    """

    classifier: ClassVar[str] = "linear"
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = CLASS_WEIGHTS

    c: float = 1.0
    max_length: int = 128
    class_weights: str = "none"


linear = ClassifierPlugin(
    LinearParameters.classifier,
    "labelloop.learner.classifiers.linear:factory",
    parameters=LinearParameters.types(),
    check=LinearParameters.parse,
    recipe=recorded(LinearParameters()),
    offers=frozenset({"embeddings"}),
    preload=True,
    tasks=ONE_LABEL | MANY_LABELS,
    refused=dict.fromkeys(
        HELD_OUT, "its regression is solved, not trained in epochs, so nothing of it stops early"
    ),
)


@dataclass(frozen=True)
class SmallTextParameters(Parameters):
    """Those of small-text's TransformerBasedClassification, with its names and defaults.

    It holds `validation_set_size` of the texts out by itself, and keeps the last weights. With a
    `validation_share`, `class_weights` and `patience` it trains as a transformer with these does.
    """

    classifier: ClassVar[str] = "small-text-transformer"
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = CLASS_WEIGHTS
    shares: ClassVar[frozenset[str]] = frozenset({"validation_share"})

    num_epochs: int = 10
    lr: float = 2e-5
    train_batch_size: int = 12
    validation_set_size: float = 0.1
    validations_per_epoch: int = 1
    max_length: int = 512
    class_weights: str = "none"
    validation_share: float = 0.0
    patience: int = 5

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Self:
        parameters = super().parse(given)
        if parameters.validation_set_size >= 1:
            raise UserError(
                f"parameter validation_set_size of classifier {cls.classifier} is "
                f"{parameters.validation_set_size}; give a number between 0 and 1"
            )
        return parameters


small_text_transformer = ClassifierPlugin(
    SmallTextParameters.classifier,
    "labelloop.learner.classifiers.small_text_transformer:factory",
    parameters=SmallTextParameters.types(),
    check=SmallTextParameters.parse,
    recipe=recorded(SmallTextParameters()),
    offers=frozenset({"embeddings", "dropout", "network", "gradients"}),
    preload=True,
    tasks=ONE_LABEL | MANY_LABELS,
)


@dataclass(frozen=True)
class SetFitParameters(Parameters):
    """Those of small-text's SetFitClassification, with its names and defaults.

    `num_iterations` 0: pairs of texts are drawn by the `sampling_strategy`. `class_weights` are those of the
    head, a logistic regression.
    """

    classifier: ClassVar[str] = "setfit"
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "sampling_strategy": ("oversampling", "undersampling", "unique"),
        **CLASS_WEIGHTS,
    }
    counts: ClassVar[frozenset[str]] = frozenset({"num_iterations"})

    num_epochs: int = 1
    num_iterations: int = 0
    sampling_strategy: str = "oversampling"
    body_learning_rate: float = 2e-5
    train_batch_size: int = 16
    max_length: int = 512
    class_weights: str = "none"


setfit = ClassifierPlugin(
    SetFitParameters.classifier,
    "labelloop.learner.classifiers.setfit:factory",
    parameters=SetFitParameters.types(),
    check=SetFitParameters.parse,
    recipe=recorded(SetFitParameters()),
    offers=frozenset({"embeddings"}),
    refused=dict.fromkeys(
        HELD_OUT, "small-text trains it for a number of epochs, of which one is usual, and stops none early"
    ),
)
