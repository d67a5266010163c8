"""Measuring a model on labelled texts."""

from dataclasses import replace

import numpy as np
import pytest

from labelloop.learner.worker import Worker
from labelloop.pool.snapshot import Row, write
from labelloop.store.task_failures import TaskFailed
from tests.integration.learner.conftest import LABELS, SIZE, Bench
from tests.support.messages import raises_naming


async def test_every_figure_follows_from_the_confusion(worker: Worker, bench: Bench) -> None:
    training = bench.training("linear")
    trained = await worker.run(training)

    result = await worker.run(bench.evaluation(training, trained))

    confusion = np.array(result.confusion)
    recalls = confusion.diagonal() / confusion.sum(axis=1)
    assert result.size == confusion.sum() == SIZE
    assert confusion.sum(axis=1).tolist() == [SIZE / len(LABELS)] * len(LABELS)
    assert result.accuracy == pytest.approx(confusion.trace() / SIZE)
    assert [result.per_class[label]["recall"] for label in LABELS] == pytest.approx(list(recalls))
    assert result.macro_f1 == pytest.approx(np.mean([result.per_class[label]["f1"] for label in LABELS]))


async def test_a_model_that_learned_the_classes_is_right(worker: Worker, bench: Bench) -> None:
    training = replace(bench.training("linear"), examples=bench.examples(*range(30)))
    trained = await worker.run(training)

    assert (await worker.run(bench.evaluation(training, trained))).accuracy > 0.9


async def test_a_test_set_without_labels_is_refused(worker: Worker, bench: Bench) -> None:
    training = bench.training("linear")
    trained = await worker.run(training)
    unlabelled = bench.folder / write(bench.folder, [Row("who is the man", None, 0)]).name

    with raises_naming(TaskFailed, "bad-input", "test set"):
        await worker.run(replace(bench.evaluation(training, trained), texts_path=unlabelled))


async def test_texts_of_a_retired_label_and_of_one_that_the_model_does_not_know_do_not_count(
    worker: Worker, bench: Bench
) -> None:
    training = replace(bench.training("linear"), examples=bench.examples(*range(30)))
    evaluation = bench.evaluation(training, await worker.run(training))
    rows = [Row(f"who is the man {number}", label, number) for number, label in enumerate((*LABELS, "new"))]
    texts = bench.folder / write(bench.folder, rows).name

    result = await worker.run(replace(evaluation, texts_path=texts, left_out=LABELS[:1]))

    assert result.size == len(LABELS) - 1
    assert result.per_class[LABELS[0]]["support"] == 0
