"""Classifiers by name: what they accept, known without loading them, and where they are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from labelloop.errors import UserError
from labelloop.learner.classifiers.parameters import LinearParameters, Parameters, TransformerParameters
from labelloop.learner.requests import ClassifierSpec

if TYPE_CHECKING:
    from labelloop.learner.classifiers.base import LoopClassifier


@dataclass(frozen=True)
class Setting:
    """What a classifier is made for: its specification, number of classes, seed, and the texts that it meets.

    `texts` is the snapshot that holds them, under whose digest a classifier may keep features in `cache`.
    """

    spec: ClassifierSpec
    num_classes: int
    seed: int
    texts: Path
    cache: Path


class Factory(Protocol):
    """Makes classifiers of one kind."""

    def new(self, setting: Setting) -> "LoopClassifier":
        """A classifier to fit, from the base model of its specification."""

    def load(self, folder: Path, setting: Setting) -> "LoopClassifier":
        """A fitted classifier from a folder that one of its kind saved."""


@dataclass(frozen=True)
class Kind:
    """A kind of classifier: its parameters and the `module:name` of its factory."""

    parameters: type[Parameters]
    factory: str


KINDS: Mapping[str, Kind] = {
    "transformer": Kind(TransformerParameters, "labelloop.learner.classifiers.transformer:factory"),
    "linear": Kind(LinearParameters, "labelloop.learner.classifiers.linear:factory"),
}


def known_classifiers() -> tuple[str, ...]:
    """Names of all classifiers."""
    return tuple(KINDS)


def check_classifier(name: str, parameters: Mapping[str, Any]) -> None:
    """Raise `UserError` for an unknown classifier or parameter; loads nothing heavy."""
    _kind(name).parameters.parse(parameters)


def factory(name: str) -> Factory:
    """The factory of a classifier; raises `UserError` for an unknown name."""
    module, attribute = _kind(name).factory.split(":")
    found: Factory = getattr(import_module(module), attribute)
    return found


def _kind(name: str) -> Kind:
    if name not in KINDS:
        near = get_close_matches(name, KINDS, n=1) or KINDS
        raise UserError(f"there is no classifier {name!r}; did you mean {' or '.join(near)}?")
    return KINDS[name]
