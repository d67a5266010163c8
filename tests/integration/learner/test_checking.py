"""small-text's stopping criteria, asked as if they had seen every model so far."""

from dataclasses import replace

import numpy as np
import pytest

from labelloop.learner.checking import Asked
from labelloop.learner.classifiers.base import Floats
from labelloop.learner.requests import CheckRequest
from labelloop.learner.worker import Worker
from tests.integration.learner.conftest import LABELS, SIZE, Bench


def sure(*classes: int, size: int = 2) -> Floats:
    """Probabilities of a model that is nearly sure of these classes."""
    return np.where(np.eye(size)[list(classes)] == 1, 0.99, 0.01 / (size - 1))


def test_kappa_goes_on_from_the_recorded_classes() -> None:
    parameters = {"window_size": 2, "kappa": 0.9}
    same, other = (0, 1, 0, 1), (1, 1, 0, 0)

    def after(*before: tuple[int, ...]) -> tuple[bool, float | None]:
        return Asked("KappaAverage", parameters, 2).after(before, sure(*same), (0, 1, 2, 3))

    assert after() == (False, None)
    assert after(same) == (False, 1.0)
    assert after(same, same) == (True, 1.0)
    assert after(same, other) == (False, 0.0)
    assert after(other, same, same) == (True, 1.0)


def test_each_criterion_tells_what_it_looks_at() -> None:
    before = [(0, 1, 0, 1)]

    change = Asked("ClassificationChange", {"threshold": 0.3}, 2).after(before, sure(0, 1, 1, 1), range(4))
    delta = Asked("DeltaFScore", {"window_size": 1, "threshold": 0.1}, 2)
    iterations = Asked("MaxIterations", {"max_iterations": 2}, 2).after(before, sure(0, 0, 0, 0), range(4))

    assert change == (True, 0.25)
    assert delta.after(before, sure(0, 1, 0, 1), range(4)) == (True, 0.0)
    assert iterations == (True, 2.0)


def test_a_delta_of_no_texts_of_its_class_tells_nothing() -> None:
    asked = Asked("DeltaFScore", {"window_size": 1}, 2)

    assert asked.after([(0, 0)], sure(0, 0), (0, 1)) == (False, None)


def test_uncertainty_is_of_what_the_model_has_not_learned() -> None:
    unsure = np.array([[0.5, 0.5], [0.99, 0.01]])

    def after(*unlearned: int) -> tuple[bool, float | None]:
        return Asked("OverallUncertainty", {"threshold": 0.1}, 2).after((), unsure, unlearned)

    (calm, little), (stormy, much) = after(1), after(0)
    assert (calm, stormy) == (True, False)
    assert little == pytest.approx(0.0808, abs=1e-4)
    assert much == pytest.approx(1.0)
    assert after() == (False, None)


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
