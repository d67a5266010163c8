"""Classifiers by name: check their parameters without loading them, and create them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from labelloop.learner.descriptors import ClassifierPlugin
from labelloop.learner.requests import ClassifierSpec
from labelloop.plugins import Plugins

if TYPE_CHECKING:
    from labelloop.learner.classifiers.base import LoopClassifier

CLASSIFIERS = Plugins("labelloop.classifiers", ClassifierPlugin, "classifier")


@dataclass(frozen=True)
class Setting:
    """The setting of a classifier: its specification, number of classes, seed, and texts.

    `texts` is the snapshot of the texts. A classifier may store features in `cache` under its digest.
    """

    spec: ClassifierSpec
    num_classes: int
    seed: int
    texts: Path
    cache: Path


class Factory(Protocol):
    """Creates classifiers of one kind."""

    def new(self, setting: Setting) -> "LoopClassifier":
        """A classifier to fit, from the base model of its specification."""

    def load(self, folder: Path, setting: Setting) -> "LoopClassifier":
        """A fitted classifier from a folder that a classifier of this kind saved."""


def known_classifiers() -> tuple[str, ...]:
    """Names of all classifiers."""
    return tuple(CLASSIFIERS.all())


def check_classifier(name: str, parameters: Mapping[str, Any]) -> None:
    """Raises `UserError` for an unknown classifier or parameter. Loads nothing heavy."""
    CLASSIFIERS.get(name).check_parameters(parameters)


def factory(name: str) -> Factory:
    """The factory of a classifier; raises `UserError` for an unknown name."""
    make: Factory = CLASSIFIERS.get(name).loaded()
    return make
