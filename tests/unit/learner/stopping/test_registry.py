"""Stopping criteria by name: found in any case, refused early with a reason."""

import inspect
from typing import Any

import pytest
import small_text  # type: ignore[import-untyped]

from labelloop.errors import UserError
from labelloop.learner.descriptors import StoppingPlugin
from labelloop.learner.stopping.bundled import BUNDLED, threshold_in_force
from labelloop.learner.stopping.registry import (
    CRITERIA,
    FOR_NEW,
    check_classes,
    check_stopping,
    known_criteria,
    past,
)
from labelloop.plugins import plain
from tests.support.messages import raises_naming


@pytest.mark.parametrize("name", ["KappaAverage", "kappa-average", "kappa_average", "kappaaverage"])
def test_a_criterion_is_found_in_any_case(name: str) -> None:
    found = check_stopping(name, {"kappa": 1.0, "window_size": 2})

    assert found is not None
    assert found.name == "KappaAverage"


@pytest.mark.parametrize("name", known_criteria())
def test_every_name_that_is_offered_works(name: str) -> None:
    needed: dict[str, Any] = {"max_iterations": 3} if name == "max-iterations" else {}

    found = check_stopping(name, needed)

    assert found is not None
    assert plain(found.name) == plain(name)


@pytest.mark.parametrize("criterion", BUNDLED, ids=lambda each: each.name)
def test_a_threshold_that_is_told_is_the_one_that_holds(criterion: StoppingPlugin) -> None:
    assert criterion.threshold is not None
    parameter, default = criterion.threshold
    theirs = inspect.signature(getattr(small_text, criterion.name)).parameters[parameter].default

    assert default == (None if theirs is inspect.Parameter.empty else theirs)
    assert threshold_in_force(criterion.name, {}) == default
    assert threshold_in_force(criterion.name, {parameter: 0.5}) == 0.5
    assert threshold_in_force("another", {}) is None


def test_none_is_no_criterion_and_has_no_parameters() -> None:
    assert check_stopping("none", {}) is None
    with raises_naming(UserError, "--stopping none", "--stopping-parameter"):
        check_stopping("none", {"kappa": 0.9})


@pytest.mark.parametrize(
    ("name", "parameters", "facts"),
    [
        ("kappa", {}, ("'kappa'", "kappa-average")),
        ("kappa-average", {"threshold": 0.1}, ("'threshold'", "window_size", "kappa")),
        ("kappa-average", {"kappa": "high"}, ("kappa", "'high'")),
        ("kappa-average", {"kappa": 1.5}, ("kappa", "1.5", "0 to 1")),
        ("kappa-average", {"window_size": 0}, ("window_size", "0", "1")),
        ("overall-uncertainty", {"threshold": 1}, ("threshold", "1", "0 to 1")),
        ("max-iterations", {}, ("--stopping-parameter max_iterations=",)),
    ],
)
def test_what_cannot_work_is_refused(name: str, parameters: dict[str, Any], facts: tuple[str, ...]) -> None:
    with raises_naming(UserError, *facts):
        check_stopping(name, parameters)


def test_a_criterion_for_two_classes_is_refused_for_more() -> None:
    check_classes("delta-f-score", {}, 2)
    with raises_naming(UserError, "DeltaFScore", "3", "--stopping"):
        check_classes("delta-f-score", {}, 3)
    check_classes("none", {}, 3)


def test_a_criterion_for_one_label_a_text_is_refused_for_many() -> None:
    with raises_naming(UserError, "KappaAverage", "single-label", "classification-change"):
        check_classes("kappa-average", {}, 3, "multi-label")
    check_classes("kappa-average", {}, 3)


@pytest.mark.parametrize("task", ["single-label", "multi-label"])
def test_what_a_new_project_uses_is_for_its_task(task: str) -> None:
    choice = FOR_NEW[task]

    check_classes(choice.name, choice.parameters, 60, task)


def test_more_labels_than_a_number_has_bits_are_refused() -> None:
    with raises_naming(UserError, "60", "61", "--stopping none"):
        check_classes("classification-change", {}, 61, "multi-label")
    check_classes("classification-change", {}, 61)
    check_classes("none", {}, 61, "multi-label")


def test_there_is_every_criterion_that_small_text_has() -> None:
    from small_text import stopping_criteria

    others = {"StoppingCriterion", "check_window_based_predictions"}
    assert {criterion.name for criterion in CRITERIA.all().values()} == set(
        stopping_criteria.__all__
    ) - others


@pytest.mark.parametrize(
    ("name", "parameters", "models"),
    [
        ("KappaAverage", {}, 3),
        ("KappaAverage", {"window_size": 5}, 5),
        ("DeltaFScore", {}, 3),
        ("ClassificationChange", {}, 1),
        ("OverallUncertainty", {}, 0),
        ("MaxIterations", {"max_iterations": 9}, 0),
    ],
)
def test_a_criterion_looks_at_the_last_models_only(
    name: str, parameters: dict[str, Any], models: int
) -> None:
    assert past(CRITERIA.get(name), parameters) == models
