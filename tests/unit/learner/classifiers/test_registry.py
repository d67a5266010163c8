"""Classifiers and their parameters, checked before anything is loaded."""

import pytest

from labelloop.errors import UserError
from labelloop.learner.classifiers.parameters import TransformerParameters
from labelloop.learner.classifiers.registry import CLASSIFIERS, check_classifier, known_classifiers
from schemas.parts import MULTI_LABEL
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


@pytest.mark.parametrize("name", ["transformer", "linear", "small-text-transformer", "setfit"])
def test_class_weights_are_for_each_classifier_where_a_text_has_one_class(name: str) -> None:
    check_classifier(name, {"class_weights": "balanced"})
    with raises_naming(UserError, "class_weights", "'even'", "balanced"):
        check_classifier(name, {"class_weights": "even"})


@pytest.mark.parametrize("name", ["transformer", "linear", "small-text-transformer"])
def test_class_weights_are_refused_where_a_text_may_have_several(name: str) -> None:
    check_classifier(name, {"class_weights": "none"}, MULTI_LABEL)
    with raises_naming(UserError, "--class-weights"):
        check_classifier(name, {"class_weights": "balanced"}, MULTI_LABEL)


@pytest.mark.parametrize("name", ["linear", "setfit"])
@pytest.mark.parametrize("parameter", ["validation_share", "patience"])
def test_what_does_not_stop_early_takes_no_share_with_the_reason(name: str, parameter: str) -> None:
    with raises_naming(UserError, name, parameter, CLASSIFIERS.get(name).refused[parameter]):
        check_classifier(name, {parameter: 0.1})


@pytest.mark.parametrize("value", [-0.1, 0.6, 1])
def test_more_than_half_is_never_held_out(value: object) -> None:
    with raises_naming(UserError, "validation_share", repr(value), "from 0 to 0.5"):
        check_classifier("transformer", {"validation_share": value})


def test_setfit_is_for_one_label_a_text() -> None:
    with raises_naming(UserError, "setfit", "multi-label", "--classifier"):
        check_classifier("setfit", {}, MULTI_LABEL)


@pytest.mark.parametrize(("name", "value"), [("num_iterations", -1), ("sampling_strategy", "all")])
def test_a_value_that_setfit_cannot_have_is_refused(name: str, value: object) -> None:
    check_classifier("setfit", {"num_iterations": 0})
    with raises_naming(UserError, name, repr(value)):
        check_classifier("setfit", {name: value})


def test_small_text_s_own_share_is_less_than_all() -> None:
    with raises_naming(UserError, "validation_set_size", 1.0):
        check_classifier("small-text-transformer", {"validation_set_size": 1})
