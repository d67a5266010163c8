"""Descriptors with which a package declares a classifier, a query strategy or a stopping criterion.

A descriptor is cheap to import: the command line and services read it without torch and small-text. `load`
(`module:attribute` or a function that imports) is loaded only in the learner's worker.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from labelloop.errors import UserError
from labelloop.plugins import loaded

if TYPE_CHECKING:
    from schemas.parts import Task

Ability = Literal["embeddings", "dropout", "network", "gradients"]
Load = str | Callable[[], Any]
Check = Callable[[Mapping[str, Any]], object]

# By their names in events, which a descriptor does not load.
ONE_LABEL: "frozenset[Task]" = frozenset({"single-label"})
MANY_LABELS: "frozenset[Task]" = frozenset({"multi-label"})
SHORTLIST = "shortlist"
WHY: Mapping[Ability, str] = {
    "embeddings": "it compares embeddings",
    "dropout": "it samples by dropout",
    "network": "it reads the size of a network",
    "gradients": "it differentiates a network",
}
IN_WORDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a word",
    list: "a list",
}


def check_parameter(owner: str, kinds: Mapping[str, type], parameter: str, value: Any) -> None:
    """Check that the owner has the parameter and that the value has its type."""
    if parameter not in kinds:
        like = get_close_matches(parameter, kinds, n=1, cutoff=0.7)
        meant = f"did you mean {like[0]}? It" if like else "it"
        raise UserError(f"{owner} has no parameter {parameter!r}; {meant} has: {', '.join(kinds) or 'none'}")
    kind = kinds[parameter]
    accepted = (int, float) if kind is float else (kind,)
    if not isinstance(value, accepted) or (kind is not bool and isinstance(value, bool)):
        raise UserError(
            f"parameter {parameter} of {owner} is {value!r}; give {IN_WORDS.get(kind, kind.__name__)}"
        )


@dataclass(frozen=True, kw_only=True)
class Descriptor:
    """The base of all descriptors: name, what to load, and parameters with their types.

    `check` raises UserError for parameters that have the right types but invalid values. `tasks`: those that
    it serves, single-label, multi-label or both.
    """

    name: str = field(kw_only=False)
    load: Load = field(kw_only=False)
    parameters: Mapping[str, type] = field(default_factory=dict)
    check: Check | None = None
    tasks: "frozenset[Task]" = ONE_LABEL

    kind = "plugin"

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def accepted(self) -> Mapping[str, type]:
        """The parameters that it takes, with their types."""
        return self.parameters

    def check_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Raises UserError for parameters that it does not take."""
        for parameter, value in parameters.items():
            check_parameter(str(self), self.accepted, parameter, value)
        if self.check is not None:
            self.check(self.own(parameters))

    def check_task(self, task: "Task", others: str) -> None:
        """Raises UserError if it does not serve the task. `others` are plugins that do."""
        if task not in self.tasks:
            raise UserError(
                f"{self} cannot be used: it is for {' and '.join(sorted(self.tasks))} tasks, "
                f"and this one is {task}; use {others}"
            )

    def own(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Of parameters, those that the plugin itself gets."""
        return parameters

    def loaded(self) -> Any:
        """The loaded plugin. Raises UserError if it cannot be imported."""
        return loaded(self.load, str(self))


@dataclass(frozen=True, kw_only=True)
class ClassifierPlugin(Descriptor):
    """A classifier. Loads a factory: `new(setting)` and `load(folder, setting)` return a `LoopClassifier`.

    `offers`: what strategies can use besides the probabilities: embeddings (`embed`), dropout samples
    (`dropout_sampling` of `predict_proba`), a PyTorch network (`model`), or the gradients of one from
    transformers (also `tokenizer` and `max_length`). `preload`: import its module once in the process from
    which all tasks are forked. `recipe`: parameters that a new project records unless it is given others;
    what an older project does not say keeps the meaning that it had. `refused`: parameters of other
    classifiers that it cannot have, with the reason.
    """

    offers: frozenset[Ability] = frozenset()
    preload: bool = False
    recipe: Mapping[str, Any] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    kind = "classifier"

    def check_parameters(self, given: Mapping[str, Any]) -> None:
        for parameter in given.keys() & self.refused.keys():
            raise UserError(f"{self} takes no {parameter}: {self.refused[parameter]}; leave it out")
        super().check_parameters(given)


@dataclass(frozen=True, kw_only=True)
class StrategyPlugin(Descriptor):
    """A query strategy. Loads a subclass of small-text's `QueryStrategy`, created with the parameters.

    `needs`: what it needs from a classifier besides probabilities. `given`: arguments that the learner fills
    in (`num_classes`, `device`, `vector_index_factory`, `classifier_factory`, `pool_embeddings`). `defaults`:
    arguments that parameters may override. `recipe`: parameters that a new project records if nobody named
    its strategy and its classifier is a network. `unusable`: why it cannot be used at all. Each takes the
    parameter `shortlist`: how many texts of a large pool the model scores.
    """

    needs: frozenset[Ability] = frozenset()
    given: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    unusable: str | None = None

    kind = "strategy"

    @property
    def accepted(self) -> Mapping[str, type]:
        return {**self.parameters, SHORTLIST: int}

    def check_parameters(self, parameters: Mapping[str, Any]) -> None:
        super().check_parameters(parameters)
        if parameters.get(SHORTLIST, 1) < 1:
            raise UserError(f"parameter {SHORTLIST} of {self} is {parameters[SHORTLIST]}; give 1 or more")

    def own(self, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return {parameter: value for parameter, value in parameters.items() if parameter != SHORTLIST}

    def check_classifier(self, classifier: ClassifierPlugin, others: str) -> None:
        """Raises UserError if the classifier lacks what it needs. `others` are classifiers that work."""
        for need in sorted(self.needs - classifier.offers):
            raise UserError(
                f"{self} does not work with the {classifier}: {WHY[need]}; "
                f"use --classifier {others} or another --strategy"
            )


@dataclass(frozen=True, kw_only=True)
class StoppingPlugin(Descriptor):
    """A stopping criterion. Loads a class that is created with the number of labels and the parameters.

    Its method `check(context)` gets a `StoppingContext` and returns whether to stop, and its value (None if
    there are too few models yet). `needed`: parameters without a default. `past`: how many earlier models it
    compares with. `window`: the parameter that sets that number. `two_labels`: it works only for two labels.
    `threshold`: the parameter with which its value is compared, and the default, if there is one.
    """

    needed: tuple[str, ...] = ()
    past: int = 0
    window: str | None = None
    two_labels: bool = False
    threshold: tuple[str, float | None] | None = None

    kind = "stopping criterion"

    def check_parameters(self, parameters: Mapping[str, Any]) -> None:
        super().check_parameters(parameters)
        for parameter in self.needed:
            if parameter not in parameters:
                raise UserError(f"{self} needs a parameter: give --stopping-parameter {parameter}=…")
