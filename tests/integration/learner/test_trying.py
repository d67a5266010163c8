"""A model is tried before people label for it."""

import json
from pathlib import Path

import pytest

from labelloop.learner.requests import ClassifierSpec, TryRequest
from labelloop.learner.worker import Worker
from labelloop.store.task_failures import TaskFailed
from tests.integration.learner.conftest import LABELS, Bench
from tests.support.messages import raises_naming
from tests.support.tiny_bert import tiny_bert, without_last_embeddings

TEXTS = ("who is the man", "where is the city", "how many book")


def request(base: Path, classifier: str = "transformer", texts: tuple[str, ...] = TEXTS) -> TryRequest:
    return TryRequest(ClassifierSpec(classifier, {}, str(base), None), LABELS, texts, 1)


@pytest.mark.parametrize("classifier", ["transformer", "linear"])
@pytest.mark.parametrize("texts", [TEXTS, TEXTS[:1]])
async def test_a_model_that_works_is_tried_on_few_texts(
    worker: Worker, bench: Bench, classifier: str, texts: tuple[str, ...]
) -> None:
    assert (await worker.run(request(bench.model, classifier, texts))).unknown == 0.0


async def test_the_share_of_unknown_tokens_is_told(worker: Worker, bench: Bench) -> None:
    tried = await worker.run(request(bench.model, texts=("who is the man", "who is the wombat")))

    assert tried.unknown == 1 / 8


async def test_a_model_that_reads_nothing_of_the_texts_is_refused(worker: Worker, bench: Bench) -> None:
    with raises_naming(TaskFailed, "bad-input", "100%", bench.model):
        await worker.run(request(bench.model, texts=("кто этот человек", "где этот город")))


async def test_tokens_without_an_embedding_are_counted(worker: Worker, tmp_path: Path) -> None:
    whole = tiny_bert(tmp_path / "whole")
    small = without_last_embeddings(tiny_bert(tmp_path / "small"), 3)

    counted = [(await worker.run(request(base))).without_embedding for base in (whole, small)]

    assert counted == [0, 3]


@pytest.mark.parametrize(
    "changed", [{"hidden_size": 32}, {"num_hidden_layers": 3}], ids=lambda each: next(iter(each))
)
@pytest.mark.parametrize(
    ("classifier", "averages"), [("transformer", False), ("transformer", True), ("linear", True)]
)
async def test_weights_that_do_not_fit_are_told(
    worker: Worker, tmp_path: Path, classifier: str, averages: bool, changed: dict[str, int]
) -> None:
    base = tiny_bert(tmp_path / "misfit", averages)
    config = json.loads((base / "config.json").read_text())
    (base / "config.json").write_text(json.dumps({**config, **changed}))

    with raises_naming(TaskFailed, "bad-input", "the weights of misfit", "config.json"):
        await worker.run(request(base, classifier))
