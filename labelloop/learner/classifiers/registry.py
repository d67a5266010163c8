"""Classifiers by name: check their parameters without loading them, and create them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, runtime_checkable

from labelloop.errors import UserError
from labelloop.learner import thresholds
from labelloop.learner.classifier_spec import SINGLE_LABEL
from labelloop.learner.descriptors import ClassifierPlugin
from labelloop.learner.requests import ClassifierSpec, QueryRequest, TrainRequest
from labelloop.plugins import Plugins
from schemas.parts import Task

if TYPE_CHECKING:
    from labelloop.learner.classifiers.base import LoopClassifier
    from labelloop.learner.classifiers.hidden_states import LowerLayers
    from labelloop.pool.snapshot import Files

CLASSIFIERS = Plugins("labelloop.classifiers", ClassifierPlugin, "classifier")


@dataclass(frozen=True)
class Setting:
    """The setting of a classifier: its specification, number of classes, seed, and texts.

    `texts` are the snapshots of the texts. A classifier may store features in `cache` under their digests.
    Where a part of the texts will do, it is the first in the random order of `order_seed`.
    """

    spec: ClassifierSpec
    num_classes: int
    seed: int
    texts: "Files"
    cache: Path
    order_seed: int = 0

    @classmethod
    def of(cls, request: TrainRequest | QueryRequest) -> Self:
        """That of a training or a pick."""
        return cls(
            spec=request.classifier,
            num_classes=len(request.labels),
            seed=request.seed,
            texts=request.pool,
            cache=request.cache,
            order_seed=request.order_seed,
        )


class Factory(Protocol):
    """Creates classifiers of one kind."""

    def new(self, setting: Setting) -> "LoopClassifier":
        """A classifier to fit, from the base model of its specification."""

    def load(self, folder: Path, setting: Setting) -> "LoopClassifier":
        """A fitted classifier from a folder that a classifier of this kind saved."""


@runtime_checkable
class KeepsStates(Protocol):
    """A factory whose classifiers keep what frozen layers make of texts."""

    def half_layers(self, setting: Setting, max_length: int) -> "LowerLayers | None":
        """Half of the layers, with so many tokens, if it keeps what these make of texts."""


def known_classifiers() -> tuple[str, ...]:
    """Names of all classifiers."""
    return tuple(CLASSIFIERS.all())


def check_classifier(name: str, parameters: Mapping[str, Any], task: Task = SINGLE_LABEL) -> None:
    """Raises `UserError` for an unknown classifier or parameter, or one that is not for the task.

    Loads nothing heavy.
    """
    classifier = CLASSIFIERS.get(name)
    able = [other for other, each in CLASSIFIERS.all().items() if task in each.tasks]
    classifier.check_task(task, f"--classifier {' or '.join(able)}")
    classifier.check_parameters(parameters)
    if task != SINGLE_LABEL and parameters.get("class_weights") == "balanced":
        raise UserError(
            "class weights are of texts by their one class, and here a text may have several labels, each "
            "with a threshold of its own: leave out --class-weights"
        )


def factory(name: str) -> Factory:
    """The factory of a classifier; raises `UserError` for an unknown name."""
    make: Factory = CLASSIFIERS.get(name).loaded()
    return make


def load(folder: Path, setting: Setting, labels: Sequence[str]) -> "LoopClassifier":
    """A fitted classifier from a folder, for these labels. Raises `UserError` for an unknown name."""
    classifier = factory(setting.spec.name).load(folder, setting)
    if setting.spec.multi_label:
        classifier.thresholds = thresholds.read(folder, labels)
    return classifier
