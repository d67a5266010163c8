"""What a package says of a classifier, a query strategy or a stopping criterion of its own.

A descriptor is light: it is read by the command line and by services that load neither torch nor small-text.
What it names by `load`, a `module:attribute` or a call that imports, is loaded in the learner's worker.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from labelloop.errors import UserError
from labelloop.learner.named import check_parameter
from labelloop.plugins import loaded

Ability = Literal["embeddings", "dropout", "network"]
Load = str | Callable[[], Any]
Check = Callable[[Mapping[str, Any]], object]

WHY: Mapping[Ability, str] = {
    "embeddings": "it compares embeddings",
    "dropout": "it samples by dropout",
    "network": "it reads the size of a network",
}


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """What every kind has: a name, what to load, the parameters with their types.

    `check` raises a UserError for parameters that are of the right types and still cannot be.
    """

    name: str = field(kw_only=False)
    load: Load = field(kw_only=False)
    parameters: Mapping[str, type] = field(default_factory=dict)
    check: Check | None = None

    kind = "plugin"

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    def check_parameters(self, given: Mapping[str, Any]) -> None:
        """Raise a UserError for parameters that it does not take."""
        for parameter, value in given.items():
            check_parameter(str(self), self.parameters, parameter, value)
        if self.check is not None:
            self.check(given)

    def loaded(self) -> Any:
        """What is heavy. Raises UserError where it cannot be imported."""
        return loaded(self.load, str(self))


@dataclass(frozen=True, kw_only=True)
class ClassifierPlugin(Descriptor):
    """A classifier. Loads a factory: `new(setting)` and `load(folder, setting)` give a `LoopClassifier`.

    `offers`: what strategies may ask of it, beyond the probabilities that every classifier gives: embeddings
    (`embed`), samples by dropout (`dropout_sampling` of `predict_proba`), a PyTorch network as its `model`.
    `preload`: its module is imported once, before each task starts in a process forked from that one.
    """

    offers: frozenset[Ability] = frozenset()
    preload: bool = False

    kind = "classifier"


@dataclass(frozen=True, kw_only=True)
class StrategyPlugin(Descriptor):
    """A query strategy. Loads a class of small-text's `QueryStrategy`, which is made with the parameters.

    `needs`: what it asks of a classifier beyond probabilities. `given`: arguments that the learner fills in
    (`num_classes`, `device`, `vector_index_factory`, `classifier_factory`). `defaults`: arguments unless a
    parameter says otherwise. `unusable`: why it cannot work at all.
    """

    needs: frozenset[Ability] = frozenset()
    given: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    unusable: str | None = None

    kind = "strategy"

    def check_classifier(self, classifier: ClassifierPlugin, others: str) -> None:
        """Raise a UserError where the classifier does not offer what it needs; `others` are those that do."""
        for need in sorted(self.needs - classifier.offers):
            raise UserError(
                f"{self} does not work with the {classifier}: {WHY[need]}; "
                f"use --classifier {others} or another --strategy"
            )


@dataclass(frozen=True, kw_only=True)
class StoppingPlugin(Descriptor):
    """A stopping criterion. Loads a class that is made with the number of labels and the parameters.

    Its method `check(context)` gets a `StoppingContext` and returns whether to stop, and the value by which
    it decides (None where it cannot tell yet). `needed`: parameters without a default. `past`: to how many
    earlier models it compares one. `window`: the parameter that says another number. `two_labels`: it is for
    two labels only.
    """

    needed: tuple[str, ...] = ()
    past: int = 0
    window: str | None = None
    two_labels: bool = False

    kind = "stopping criterion"

    def check_parameters(self, given: Mapping[str, Any]) -> None:
        super().check_parameters(given)
        for parameter in self.needed:
            if parameter not in given:
                raise UserError(f"{self} needs a parameter: give --stopping-parameter {parameter}=…")
