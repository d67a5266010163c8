"""Classifiers and their parameters, checked before anything is loaded."""

import pytest

from labelloop.errors import UserError
from labelloop.learner.classifiers.parameters import TransformerParameters
from labelloop.learner.classifiers.registry import check_classifier, known_classifiers
from tests.support.messages import raises_naming


@pytest.mark.parametrize("name", known_classifiers())
def test_a_known_classifier_needs_no_parameters(name: str) -> None:
    check_classifier(name, {})


def test_an_unknown_classifier_is_answered_with_the_one_that_was_meant() -> None:
    with raises_naming(UserError, "'tranformer'", "transformer"):
        check_classifier("tranformer", {})


def test_an_unknown_parameter_is_answered_with_the_one_that_was_meant() -> None:
    with raises_naming(UserError, "transformer", "'epoch'", "epochs"):
        check_classifier("transformer", {"epoch": 3})


@pytest.mark.parametrize(
    ("name", "value"),
    [("epochs", 0), ("epochs", 1.5), ("epochs", True), ("learning_rate", "fast"), ("pooling", "max")],
)
def test_a_value_that_cannot_be_is_refused(name: str, value: object) -> None:
    with raises_naming(UserError, name, repr(value)):
        check_classifier("transformer", {name: value})


def test_what_is_given_overrides_the_defaults() -> None:
    parameters = TransformerParameters.parse({"learning_rate": 1, "pooling": "head"})

    assert parameters == TransformerParameters(learning_rate=1.0, pooling="head")
