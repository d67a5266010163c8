"""Training: repeatable, stored whole, and the same to `transformers.pipeline` as to the loop."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from transformers import pipeline

from labelloop.learner.requests import TrainRequest, TrainResult
from labelloop.learner.worker import Worker
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store.artifacts import verify
from labelloop.store.task_failures import TaskFailed
from tests.integration.learner.conftest import LABELS, SIZE, Bench
from tests.support.matrices import cells
from tests.support.messages import raises_naming
from tests.support.tiny_bert import tiny_bert

CLASSIFIERS = ("transformer", "linear")


@pytest.mark.parametrize("classifier", CLASSIFIERS)
async def test_the_same_request_gives_the_same_bytes(worker: Worker, bench: Bench, classifier: str) -> None:
    request = bench.training(classifier)

    first = await worker.run(request)
    second = await worker.run(replace(request, into=bench.folder / "again", examples=request.examples[::-1]))

    assert first.sha256 == second.sha256
    assert first.folder != second.folder
    verify(second.folder, first.sha256)


@pytest.mark.parametrize("change", ["seed", "examples"])
async def test_another_seed_or_example_gives_another_model(worker: Worker, bench: Bench, change: str) -> None:
    request = bench.training()
    other = (
        replace(request, seed=8)
        if change == "seed"
        else replace(request, examples=bench.examples(*range(13)))
    )

    assert (await worker.run(request)).sha256 != (await worker.run(other)).sha256


async def test_ignored_items_are_not_learned(worker: Worker, bench: Bench) -> None:
    without = replace(bench.training("linear"), examples=bench.examples(*range(9)), ignored=(9, 10, 11))

    ignoring = await worker.run(replace(without, examples=bench.examples(*range(12))))

    card = json.loads((ignoring.folder / "labelloop.json").read_text())
    assert card["examples"] == 9
    assert ignoring.sha256 == (await worker.run(without)).sha256


@pytest.mark.parametrize("averages", cells(True, rest=[False]))
@pytest.mark.parametrize("classifier", CLASSIFIERS)
async def test_a_pipeline_says_what_the_loop_saw(
    worker: Worker, bench: Bench, tmp_path: Path, classifier: str, averages: bool
) -> None:
    model = bench.model if averages else tiny_bert(tmp_path / "own-head", averages=False)
    request = replace(
        bench.training(classifier), classifier=replace(bench.spec(classifier), model=str(model))
    )
    trained = await worker.run(request)

    seen = await probabilities(worker, bench, request, trained)

    texts = OpenSnapshot.open(bench.pool).texts(list(seen))
    said: Any = pipeline("text-classification", str(trained.folder), top_k=1)(texts)
    assert [answer["label"] for [answer] in said] == [label for label, _ in seen.values()]
    scores = [answer["score"] for [answer] in said]
    np.testing.assert_allclose(scores, [share for _, share in seen.values()], atol=1e-5)


async def probabilities(
    worker: Worker, bench: Bench, request: TrainRequest, trained: TrainResult
) -> dict[int, tuple[str, float]]:
    asked = replace(bench.query(request, trained, "breaking-ties"), also=tuple(range(SIZE)))
    return {pick.item: (pick.label, pick.probability) for pick in (await worker.run(asked)).also}


async def test_a_model_folder_tells_what_it_is_and_not_where_it_was_made(
    worker: Worker, bench: Bench
) -> None:
    trained = await worker.run(bench.training())

    config = json.loads((trained.folder / "config.json").read_text())
    assert config["id2label"] == {str(number): label for number, label in enumerate(LABELS)}
    assert {path.suffix for path in trained.folder.iterdir()} == {".json", ".safetensors"}
    for path in trained.folder.glob("*.json"):
        assert str(bench.folder) not in path.read_text()
        assert str(bench.model) not in path.read_text()


async def test_a_model_folder_calls_the_labels_as_people_do(worker: Worker, bench: Bench) -> None:
    shown = tuple(f"{label} <now>" for label in LABELS)
    request = bench.training()

    renamed, plain = await worker.run(replace(request, shown=shown)), await worker.run(request)

    config = json.loads((renamed.folder / "config.json").read_text())
    assert config["id2label"] == {str(number): label for number, label in enumerate(shown)}
    weights = [(each.folder / "model.safetensors").read_bytes() for each in (renamed, plain)]
    assert weights[0] == weights[1]
    seen = [await probabilities(worker, bench, request, each) for each in (renamed, plain)]
    assert seen[0] == seen[1], "the loop speaks of labels by their names"


async def test_a_label_that_the_project_does_not_know_is_refused(worker: Worker, bench: Bench) -> None:
    request = replace(bench.training(), examples=((0, ("HUM",)), (1, ("ANIMAL",))))

    with raises_naming(TaskFailed, "'ANIMAL'"):
        await worker.run(request)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
async def test_a_model_whose_weights_are_of_another_family_is_refused(
    worker: Worker, bench: Bench, tmp_path: Path, classifier: str
) -> None:
    folder = tiny_bert(tmp_path / "other")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "electra"}))
    spec = replace(bench.spec(classifier), model=str(folder))
    request = replace(bench.training(classifier), classifier=spec)

    with raises_naming(TaskFailed, "bad-input", "other", "config.json", "--model"):
        await worker.run(request)
