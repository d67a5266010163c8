"""Self-training: a model learns on from the pool, while labels are few."""

from dataclasses import replace
from pathlib import Path

import pytest

from labelloop.learner.classifiers import self_training
from labelloop.learner.requests import TrainRequest
from labelloop.learner.training import train
from labelloop.learner.worker import Worker
from tests.integration.learner.conftest import SIZE, Bench
from tests.support.tiny_bert import tiny_bert


def taught(bench: Bench, model: Path | None = None, **parameters: float | str) -> TrainRequest:
    """A training on twelve labels, so long that it knows several classes, with self-training."""
    spec = bench.spec()
    lasts = {"min_steps": 80, "learning_rate": 1e-3, "head_learning_rate": 1e-2}
    recipe = {**spec.parameters, **lasts, "self_training": 1.0, **parameters}
    return replace(
        bench.training(), classifier=replace(spec, parameters=recipe, model=str(model or bench.model))
    )


@pytest.mark.parametrize("averages", [True, False])
async def test_it_learns_from_texts_that_nobody_labelled(
    worker: Worker, bench: Bench, tmp_path: Path, averages: bool
) -> None:
    model = None if averages else tiny_bert(tmp_path / "own-head", averages=False)

    without = await worker.run(taught(bench, model, self_training=0.0))
    trained = await worker.run(taught(bench, model))

    assert trained.sha256 != without.sha256
    assert 0 < trained.metrics["pseudo_labels"] <= SIZE - 12
    assert "pseudo_labels" not in without.metrics


async def test_the_same_request_gives_the_same_bytes_with_the_cache_full_and_empty(
    worker: Worker, bench: Bench
) -> None:
    request = taught(bench, frozen_share=0.5)

    first = await worker.run(request)
    full = await worker.run(replace(request, into=bench.folder / "full"))
    empty = await worker.run(
        replace(request, into=bench.folder / "empty", cache=bench.folder / "another cache")
    )

    assert first.sha256 == full.sha256 == empty.sha256


async def test_a_head_that_begins_as_a_regression_gives_the_same_bytes_each_time(
    worker: Worker, bench: Bench
) -> None:
    request = taught(bench, frozen_share=0.5, head_start="regression")

    trained = await worker.run(request)
    again = await worker.run(
        replace(request, into=bench.folder / "again", cache=bench.folder / "another cache")
    )
    at_random = await worker.run(taught(bench, frozen_share=0.5))

    assert trained.sha256 == again.sha256
    assert trained.sha256 != at_random.sha256


async def test_ignored_texts_are_no_pseudo_labels(worker: Worker, bench: Bench) -> None:
    request = taught(bench)

    only = replace(request, ignored=tuple(range(13, SIZE)))

    assert (await worker.run(only)).metrics["pseudo_labels"] <= 1


async def test_a_pool_without_further_texts_is_no_error(worker: Worker, bench: Bench) -> None:
    request = taught(bench)

    trained = await worker.run(replace(request, ignored=tuple(range(12, SIZE))))

    assert trained.metrics["pseudo_labels"] == 0


@pytest.mark.parametrize(("most", "learns_on"), [(4, True), (3, False)])
def test_with_many_labels_a_class_it_learns_from_labels_alone(
    bench: Bench, most: int, learns_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_training, "MOST_LABELS", most)

    trained = train(taught(bench))

    assert ("pseudo_labels" in trained.metrics) == learns_on
