"""small-text's stopping criteria, asked as if they had seen every model so far."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from labelloop.learner.classifiers.base import Floats
from labelloop.learner.requests import CheckRequest
from labelloop.learner.stopping.criteria import StoppingContext, Verdict
from labelloop.learner.stopping.registry import CRITERIA, past
from labelloop.learner.worker import Worker
from tests.integration.learner.conftest import LABELS, SIZE, Bench


def sure(*classes: int, size: int = 2) -> Floats:
    """Probabilities of a model that is nearly sure of these classes."""
    return np.where(np.eye(size)[list(classes)] == 1, 0.99, 0.01 / (size - 1))


def after(
    name: str, parameters: dict[str, Any], before: Sequence[tuple[int, ...]], *classes: int, number: int = 9
) -> Verdict:
    return said(name, parameters, before, sure(*classes), range(len(classes)), number)


def said(
    name: str,
    parameters: dict[str, Any],
    before: Sequence[tuple[int, ...]],
    probabilities: Floats,
    unlearned: Sequence[int],
    number: int,
) -> Verdict:
    """What a criterion for two classes says after the model of these probabilities."""
    context = StoppingContext(number, list(map(np.array, before)), probabilities, unlearned)
    verdict: Verdict = CRITERIA.get(name).loaded()(2, **parameters).check(context)
    return verdict


def test_kappa_goes_on_from_the_recorded_classes() -> None:
    parameters = {"window_size": 2, "kappa": 0.9}
    same, other = (0, 1, 0, 1), (1, 1, 0, 0)

    def kappa(*before: tuple[int, ...]) -> Verdict:
        return after("KappaAverage", parameters, before, *same)

    assert kappa() == (False, None)
    assert kappa(same) == (False, None), "it cannot tell before its window is full"
    assert kappa(same, same) == (True, 1.0)
    assert kappa(same, other) == (False, 0.0)
    assert kappa(other, same, same) == (True, 1.0)


@pytest.mark.parametrize("name", ["KappaAverage", "DeltaFScore"])
def test_what_came_before_the_window_makes_no_difference(name: str) -> None:
    generator = np.random.default_rng(0)
    before = [tuple(generator.integers(0, 2, 12).tolist()) for _ in range(9)]
    now = generator.integers(0, 2, 12).tolist()

    assert after(name, {}, before, *now) == after(name, {}, before[-past(CRITERIA.get(name), {}) :], *now)
    assert after(name, {}, before[-2:], *now) == (False, None)


def test_each_criterion_tells_what_it_looks_at() -> None:
    before = [(0, 1, 0, 1)]

    delta = {"window_size": 1, "threshold": 0.1}
    assert after("ClassificationChange", {"threshold": 0.3}, before, 0, 1, 1, 1) == (True, 0.25)
    assert after("DeltaFScore", delta, before, 0, 1, 0, 1) == (True, 0.0)


def test_iterations_are_counted_by_models() -> None:
    assert after("MaxIterations", {"max_iterations": 2}, (), 0, 0, number=1) == (False, 1)
    assert after("MaxIterations", {"max_iterations": 2}, (), 0, 0, number=2) == (True, 2)
    assert after("MaxIterations", {"max_iterations": 2}, (), 0, 0, number=3) == (True, 3)


def test_a_delta_of_no_texts_of_its_class_tells_nothing() -> None:
    assert after("DeltaFScore", {"window_size": 1}, [(0, 0)], 0, 0) == (False, None)


def test_uncertainty_is_of_what_the_model_has_not_learned() -> None:
    unsure = np.array([[0.5, 0.5], [0.99, 0.01]])

    def uncertainty(*unlearned: int) -> Verdict:
        return said("OverallUncertainty", {"threshold": 0.1}, (), unsure, unlearned, 1)

    (calm, little), (stormy, much) = uncertainty(1), uncertainty(0)
    assert (calm, stormy) == (True, False)
    assert little == pytest.approx(0.0808, abs=1e-4)
    assert much == pytest.approx(1.0)
    assert uncertainty() == (False, None)


async def test_a_model_is_asked_and_its_classes_are_the_next_check_s_past(
    worker: Worker, bench: Bench
) -> None:
    training = bench.training("linear")
    trained = await worker.run(training)
    request = CheckRequest(
        pool=bench.pool,
        classifier=training.classifier,
        labels=LABELS,
        model_folder=trained.folder,
        model_sha256=trained.sha256,
        criterion="ClassificationChange",
        parameters={},
        number=1,
        items=tuple(range(20, SIZE)),
        learned=(),
        before=(),
        threads=1,
        cache=bench.folder / "cache",
    )

    first = await worker.run(request)
    again = await worker.run(replace(request, before=(first.predicted,)))

    assert (first.stop, first.value) == (False, None)
    assert (again.stop, again.value, again.predicted) == (True, 0.0, first.predicted)
    assert set(first.predicted) <= set(range(len(LABELS)))
    assert len(first.predicted) == SIZE - 20
