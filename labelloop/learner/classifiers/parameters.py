"""Our classifiers, declared in pyproject.toml: their parameters, checked without heavy libraries."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from typing import Any, ClassVar, Self

from labelloop.errors import UserError
from labelloop.learner.descriptors import MANY_LABELS, ONE_LABEL, ClassifierPlugin


@dataclass(frozen=True)
class Parameters:
    """Parameters of one classifier. Each is a positive number, a share or one of several values."""

    classifier: ClassVar[str]
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    shares: ClassVar[frozenset[str]] = frozenset()

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
            expected = "a number from 0 to 1"
            fits = _is_number(value, float) and 0 <= value <= 1
        else:
            expected = "a whole number above 0" if kind is int else "a number above 0"
            fits = _is_number(value, kind) and value > 0
        if not fits:
            raise UserError(f"parameter {name} of classifier {cls.classifier} is {value!r}; give {expected}")


def _is_number(value: Any, kind: Any) -> bool:
    numeric = (int,) if kind is int else (int, float)
    return isinstance(value, numeric) and not isinstance(value, bool)


@dataclass(frozen=True)
class TransformerParameters(Parameters):
    """Fine-tuning: AdamW, linear warm-up and decay, for `epochs`, or longer until `min_steps` are done.

    The word embeddings are frozen, and from below `frozen_share` of the layers. While labels are few, the
    model learns on from its own labels for other texts of the pool, which together weigh `self_training` of
    what people's labels weigh (not in multi-label projects). A default is what a parameter means in a project
    that does not record it.
    """

    classifier: ClassVar[str] = "transformer"
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {"pooling": ("auto", "mean", "head")}
    shares: ClassVar[frozenset[str]] = frozenset({"frozen_share", "self_training"})

    learning_rate: float = 1e-4
    head_learning_rate: float = 1e-3
    epochs: int = 10
    min_steps: int = 80
    batch_size: int = 16
    max_length: int = 128
    pooling: str = "auto"
    frozen_share: float = 0.0
    self_training: float = 0.0


transformer = ClassifierPlugin(
    TransformerParameters.classifier,
    "labelloop.learner.classifiers.transformer:factory",
    parameters=TransformerParameters.types(),
    check=TransformerParameters.parse,
    recipe=asdict(TransformerParameters(frozen_share=0.5, self_training=1.0)),
    offers=frozenset({"embeddings", "dropout", "network"}),
    preload=True,
    tasks=ONE_LABEL | MANY_LABELS,
)


@dataclass(frozen=True)
class LinearParameters(Parameters):
    """Logistic regression on frozen embeddings; `c` is the inverse of its L2 penalty."""

    classifier: ClassVar[str] = "linear"

    c: float = 1.0
    max_length: int = 128


linear = ClassifierPlugin(
    LinearParameters.classifier,
    "labelloop.learner.classifiers.linear:factory",
    parameters=LinearParameters.types(),
    check=LinearParameters.parse,
    recipe=asdict(LinearParameters()),
    offers=frozenset({"embeddings"}),
    preload=True,
    tasks=ONE_LABEL | MANY_LABELS,
)
