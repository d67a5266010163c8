"""Scoring chunk by chunk: what a text gets depends on its chunk alone, and a chunk is scored once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labelloop.learner.requests import SCORED_AT_A_TIME, ScoreRequest
from labelloop.learner.worker import Worker
from labelloop.pool.snapshot import Row, write
from labelloop.store.task_failures import TaskFailed
from tests.integration.learner.conftest import LABELS, STARTS, Bench
from tests.support.messages import raises_naming

SIZE = SCORED_AT_A_TIME + 40


async def scoring(worker: Worker, bench: Bench, classifier: str) -> ScoreRequest:
    """A request to score a chunk and a part of one, of which each third text is of the same class."""
    starts = list(STARTS.values())
    rows = [Row(f"{starts[number % 3]} {number % 7}", None, number) for number in range(SIZE)]
    training = replace(bench.training(classifier), examples=bench.examples(*range(30)))
    trained = await worker.run(training)
    return ScoreRequest(
        texts=bench.folder / write(bench.folder, rows).name,
        classifier=training.classifier,
        labels=LABELS,
        model_folder=trained.folder,
        model_sha256=trained.sha256,
        into=bench.folder / "scores",
        threads=1,
    )


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("classifier", ["transformer", "linear"])
async def test_each_text_gets_its_probabilities(worker: Worker, bench: Bench, classifier: str) -> None:
    request = await scoring(worker, bench, classifier)

    scored = await worker.run(request)

    found = np.concatenate([np.load(request.file_of(chunk)) for chunk in range(2)])
    assert (scored, *found.shape, found.dtype.name) == (2, SIZE, 3, "float32")
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
    if classifier == "linear":
        assert (found.argmax(axis=1) == np.arange(SIZE) % 3).mean() > 0.9


async def test_chunks_that_are_there_are_kept_and_the_others_come_out_the_same(
    worker: Worker, bench: Bench
) -> None:
    request = await scoring(worker, bench, "transformer")
    await worker.run(request)
    first = content(request.into)
    request.file_of(1).unlink()
    request.file_of(0).write_bytes(b"kept")

    scored = await worker.run(request)

    assert scored == 1
    assert content(request.into) == {**first, "0.npy": b"kept"}


async def test_a_damaged_model_scores_nothing(worker: Worker, bench: Bench) -> None:
    request = await scoring(worker, bench, "linear")

    with raises_naming(TaskFailed, "model-damaged"):
        await worker.run(replace(request, model_sha256="0" * 64))

    assert not request.into.exists()
