"""What a model says of texts, in a file."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labelloop.learner import evaluating, training
from labelloop.learner.requests import (
    EvaluateRequest,
    PredictionsRequest,
    TrainRequest,
    TrainResult,
)
from labelloop.learner.worker import Worker
from labelloop.pool.snapshot import Row, write
from labelloop.store.artifacts import file_digest
from labelloop.store.predictions import read
from tests.integration.learner.conftest import LABELS, SIZE, STARTS, Bench, Work

ITEMS = (3, 17, 18, 40)


@pytest.fixture
def tests(bench: Bench) -> Path:
    """Nine texts, of which one has a label that the model does not know."""
    rows = [Row(f"{STARTS[label]} {number} here", label, number) for number, label in enumerate(LABELS * 3)]
    rows[4] = replace(rows[4], gold="other")
    folder = bench.folder / "test"
    return folder / write(folder, rows).name


def asked(
    bench: Bench, trained_as: TrainRequest, trained: TrainResult, test: Path | None
) -> PredictionsRequest:
    evaluation = replace(
        bench.evaluation(trained_as, trained),
        texts_path=test or bench.pool,
        scores=bench.folder / "tested" / "0.npy",
    )
    return PredictionsRequest(
        pool=bench.pool,
        items=ITEMS,
        test=evaluation if test else None,
        classifier=trained_as.classifier,
        labels=LABELS,
        model="0",
        model_folder=trained.folder,
        model_sha256=trained.sha256,
        into=bench.folder / "said.parquet",
        threads=1,
        cache=bench.folder / "cache",
    )


def evaluation_of(request: PredictionsRequest) -> EvaluateRequest:
    assert request.test is not None
    return request.test


async def test_the_file_has_what_the_model_says_of_both(worker: Worker, bench: Bench, tests: Path) -> None:
    trained_as = replace(bench.training("linear"), examples=bench.examples(*range(30)))
    trained = await worker.run(trained_as)
    request = asked(bench, trained_as, trained, tests)

    evaluated = await worker.run(evaluation_of(request))
    result = await worker.run(request)

    assert (result.tested, result.drawn) == (8, 4)
    assert result.sha256 == file_digest(request.into)
    said = read(request.into)
    assert (said.model, said.labels, said.several) == ("0", LABELS, False)
    assert said.pool.items.tolist() == list(ITEMS)
    assert said.pool.gold is None
    assert said.test.items.tolist() == [0, 1, 2, 3, 5, 6, 7, 8]
    assert said.test.gold is not None
    assert [said.test.names(row) for row in said.test.gold][:2] == [(LABELS[0],), (LABELS[1],)]
    assert said.test.is_right.mean() == pytest.approx(evaluated.accuracy)
    for sayings in (said.test, said.pool):
        assert sayings.predicted.sum(axis=1).tolist() == [1] * len(sayings)
        assert sayings.probabilities.sum(axis=1) == pytest.approx(1, abs=1e-4)
        assert (sayings.probabilities.argmax(axis=1) == sayings.predicted.argmax(axis=1)).all()
    query = replace(bench.query(trained_as, trained, "breaking-ties", n=0), also=ITEMS)
    picks = (await worker.run(query)).also
    assert [(pick.label,) for pick in picks] == [said.pool.names(row) for row in said.pool.predicted]
    assert said.pool.highest == pytest.approx([pick.probability for pick in picks], abs=1e-5)


async def test_the_same_model_says_the_same_in_the_same_bytes(
    worker: Worker, bench: Bench, tests: Path
) -> None:
    trained_as = bench.training("linear")
    request = asked(bench, trained_as, await worker.run(trained_as), tests)

    first = await worker.run(request)
    again = await worker.run(replace(request, into=bench.folder / "again.parquet"))

    assert first.sha256 == again.sha256
    assert (request.into.stat().st_mode & 0o777) == 0o600
    assert {path.name for path in bench.folder.glob("*.parquet")} == {"said.parquet", "again.parquet"}


def counted(bench: Bench) -> TrainRequest:
    """A training of a network whose passes `work` counts."""
    parameters = {"epochs": 2, "min_steps": 1, "frozen_share": 0.5}
    return replace(bench.training(), classifier=replace(bench.spec(), parameters=parameters))


def test_no_text_is_scored_twice(bench: Bench, tests: Path, work: Work) -> None:
    trained_as = counted(bench)
    request = asked(bench, trained_as, training.train(trained_as), tests)
    work.masks.clear()

    evaluating.evaluate(evaluation_of(request))
    evaluated = work.texts
    result = evaluating.record(request)

    assert evaluated == result.tested == 8
    assert work.texts == result.tested + result.drawn
    evaluating.evaluate(evaluation_of(request))
    assert work.texts == result.tested + result.drawn, "nor after a kill between the two"


def test_scores_that_are_damaged_or_of_other_texts_are_not_used(
    bench: Bench, tests: Path, work: Work
) -> None:
    trained_as = counted(bench)
    request = asked(bench, trained_as, training.train(trained_as), tests)
    evaluation = evaluation_of(request)
    whole = evaluating.evaluate(evaluation)
    assert evaluation.scores is not None
    for content in (b"", evaluation.scores.read_bytes()[:-8]):
        evaluation.scores.write_bytes(content)
        work.masks.clear()

        assert evaluating.evaluate(evaluation).confusion == whole.confusion
        assert work.texts == whole.size


async def test_without_a_test_set_there_are_texts_of_the_pool_alone(worker: Worker, bench: Bench) -> None:
    trained_as = bench.training("linear")
    request = replace(asked(bench, trained_as, await worker.run(trained_as), None), items=tuple(range(SIZE)))

    result = await worker.run(request)

    said = read(request.into)
    assert (result.tested, result.drawn) == (len(said.test), len(said.pool)) == (0, SIZE)


async def test_of_several_labels_each_text_has_those_that_count(worker: Worker, bench: Bench) -> None:
    spec = replace(bench.spec("linear"), multi_label=True)
    examples = tuple((item, labels * (item % 2)) for item, labels in bench.examples(*range(30)))
    trained_as = replace(bench.training("linear"), classifier=spec, examples=examples)
    trained = await worker.run(trained_as)
    rows = [Row(f"{STARTS[LABELS[0]]} {number}", LABELS[: number % 3], number) for number in range(6)]
    folder = bench.folder / "test"
    request = asked(bench, trained_as, trained, folder / write(folder, rows).name)

    evaluated = await worker.run(evaluation_of(request))
    result = await worker.run(replace(request, items=tuple(range(SIZE))))

    said = read(request.into)
    assert (said.several, result.tested) == (True, 6)
    assert said.test.gold is not None
    assert [said.test.names(row) for row in said.test.gold][:3] == [(), LABELS[:1], LABELS[:2]]
    assert said.test.is_right.mean() == pytest.approx(evaluated.accuracy)
    assert set(said.pool.predicted.sum(axis=1).tolist()) - {1}, "some have none, or two"
    assert np.isfinite(said.pool.probabilities).all()
