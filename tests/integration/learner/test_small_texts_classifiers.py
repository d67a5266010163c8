"""small-text's classifiers in the loop; class weights and texts that are held out, of each classifier."""

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_text import (  # type: ignore[import-untyped]
    TransformerBasedClassification,
    TransformerModelArguments,
    TransformersDataset,
)
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from labelloop.learner import labels
from labelloop.learner.classifiers import setfit as setfit_module
from labelloop.learner.classifiers.registry import Setting, load
from labelloop.learner.classifiers.setfit import Pooling
from labelloop.learner.requests import ClassifierSpec, TrainRequest, TrainResult
from labelloop.learner.training import train
from labelloop.learner.worker import Worker
from labelloop.pool.snapshot import OpenSnapshot
from labelloop.store.task_failures import TaskFailed
from tests.integration.learner.conftest import LABELS, SIZE, Bench
from tests.support.messages import raises_naming
from tests.support.needs import missing

QUICK: Mapping[str, Mapping[str, Any]] = {
    "small-text-transformer": {"num_epochs": 2, "lr": 1e-3},
    "setfit": {"num_iterations": 1},
    "transformer": {"epochs": 6, "min_steps": 1, "batch_size": 4},
    "linear": {},
}
LIBRARY = ("small-text-transformer", "setfit")


@pytest.fixture(params=LIBRARY)
def classifier(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    if name == "setfit":
        needs_setfit()
    return name


def needs_setfit() -> None:
    if any(find_spec(package) is None for package in setfit_module.NEEDED):
        missing("needs the extra setfit: pip install -e '.[setfit]'")


def training(bench: Bench, classifier: str, **parameters: Any) -> TrainRequest:
    spec = ClassifierSpec(classifier, {**QUICK[classifier], **parameters}, str(bench.model), None)
    return replace(bench.training(), classifier=spec)


def probabilities(request: TrainRequest, folder: Path) -> Any:
    classifier = load(folder, Setting.of(request), LABELS)
    texts = OpenSnapshot.open(request.pool).texts(range(SIZE))
    return classifier.predict_proba(labels.unlabelled(texts, len(LABELS)))


def given(request: TrainRequest, **parameters: Any) -> TrainRequest:
    """The same training with further parameters."""
    classifier = request.classifier
    return replace(
        request, classifier=replace(classifier, parameters={**classifier.parameters, **parameters})
    )


async def twice(worker: Worker, request: TrainRequest) -> list[TrainResult]:
    """Trained at two places."""
    return [await worker.run(replace(request, into=request.into / into)) for into in ("a", "b")]


def few(bench: Bench, *counts: int) -> Any:
    """Labelled texts, so many of each class."""
    return bench.examples(
        *(3 * place + label for label, count in enumerate(counts) for place in range(count))
    )


async def test_the_same_request_gives_the_same_model_byte_for_byte(
    worker: Worker, bench: Bench, classifier: str
) -> None:
    request = training(bench, classifier)

    first, second = await twice(worker, request)

    assert first.sha256 == second.sha256
    other = await worker.run(replace(request, seed=8))
    assert other.sha256 != first.sha256


async def test_a_model_predicts_as_when_it_was_trained_and_picks(
    worker: Worker, bench: Bench, classifier: str
) -> None:
    request = training(bench, classifier)
    trained = await worker.run(request)

    result = await worker.run(bench.query(request, trained, "breaking-ties"))

    picked = [pick.item for pick in result.picks]
    assert len({*picked}) == 5
    scores = probabilities(request, trained.folder)
    assert scores.shape == (SIZE, len(LABELS))
    assert scores.sum(axis=1) == pytest.approx(1)
    assert [pick.probability for pick in result.picks] == pytest.approx(scores[picked].max(axis=1), abs=1e-4)
    evaluated = await worker.run(bench.evaluation(request, trained))
    assert evaluated.size == SIZE


async def test_a_folder_holds_nothing_that_can_execute_code(
    worker: Worker, bench: Bench, classifier: str
) -> None:
    trained = await worker.run(training(bench, classifier))

    kinds = {path.suffix for path in trained.folder.iterdir()}

    assert kinds <= {".safetensors", ".json", ".txt"}


async def test_a_class_without_labels_is_not_predicted(worker: Worker, bench: Bench, classifier: str) -> None:
    if classifier == "small-text-transformer":
        pytest.skip("the library gives each class an output")
    request = replace(training(bench, classifier), examples=bench.examples(0, 1, 3, 4, 6, 7))

    trained = await worker.run(request)

    assert probabilities(request, trained.folder)[:, 2].max() < 1e-6


async def test_small_text_s_own_transformer_is_the_library_s(worker: Worker, bench: Bench) -> None:
    """Trained by the library's own calls. Other padding would draw other random numbers for the dropout."""
    request = training(bench, "small-text-transformer")
    examples = sorted(request.examples)
    texts = OpenSnapshot.open(bench.pool).texts([item for item, _ in examples])
    y = np.array([LABELS.index(label) for _, (label,) in examples])
    torch.manual_seed(request.seed)
    np.random.seed(request.seed)
    library = TransformerBasedClassification(
        TransformerModelArguments(str(bench.model)), len(LABELS), num_epochs=2, lr=1e-3, device="cpu"
    )
    tokenizer = AutoTokenizer.from_pretrained(bench.model)
    longest = max(len(ids) for ids in tokenizer(texts)["input_ids"])

    def padded(some: list[str], targets: Any) -> TransformersDataset:
        return TransformersDataset.from_arrays(
            some, targets, tokenizer, target_labels=np.arange(len(LABELS)), max_length=longest
        )

    library.fit(padded(texts, y))

    trained = await worker.run(request)

    pool = OpenSnapshot.open(bench.pool).texts(range(SIZE))
    expected = library.predict_proba(padded(pool, np.zeros(SIZE, dtype=int)))
    assert probabilities(request, trained.folder) == pytest.approx(expected, abs=1e-4)
    AutoModelForSequenceClassification.from_pretrained(trained.folder)
    assert json.loads((trained.folder / "config.json").read_bytes())["id2label"]["0"] == LABELS[0]


@pytest.mark.parametrize("name", QUICK)
async def test_class_weights_make_a_rare_class_more_probable(worker: Worker, bench: Bench, name: str) -> None:
    if name == "setfit":
        needs_setfit()
    request = replace(training(bench, name), examples=few(bench, 9, 9, 2))

    plain = await worker.run(request)
    off = await worker.run(given(request, class_weights="none"))
    weighted = await worker.run(given(request, class_weights="balanced"))

    rare, even, same = (probabilities(request, each.folder)[:, 2].mean() for each in (plain, weighted, off))
    assert same == rare
    assert even > rare


@pytest.mark.parametrize("name", ["transformer", "small-text-transformer"])
async def test_held_out_texts_stop_a_training(worker: Worker, bench: Bench, name: str) -> None:
    """The labels are random, so that there is nothing to learn of texts for others."""
    draw = random.Random(0)
    examples = tuple((item, (draw.choice(LABELS),)) for item in range(SIZE // 2))
    most = {"transformer": {"epochs": 100}, "small-text-transformer": {"num_epochs": 100}}[name]
    request = training(bench, name, **most, validation_share=0.25, patience=2)
    request = replace(request, examples=examples)

    first, second = await twice(worker, request)

    assert first.sha256 == second.sha256
    assert first.metrics["held_out"] == 8
    assert first.metrics["epochs"] < 100
    assert first.metrics["validation_loss"] > 0


@pytest.mark.parametrize("name", ["transformer", "small-text-transformer"])
async def test_nothing_is_held_out_of_too_few_texts(worker: Worker, bench: Bench, name: str) -> None:
    request = replace(training(bench, name), examples=few(bench, 1, 1, 1))

    trained = await worker.run(given(request, validation_share=0.5))

    assert trained.metrics["held_out"] == 0


async def test_small_text_s_own_transformer_learns_several_labels(worker: Worker, bench: Bench) -> None:
    request = training(bench, "small-text-transformer", validation_share=0.2)
    examples = tuple(
        (item, tuple(dict.fromkeys((LABELS[item % 3], LABELS[0]))) if item % 4 else ()) for item in range(20)
    )
    several = replace(request, classifier=replace(request.classifier, multi_label=True), examples=examples)

    trained = await worker.run(several)

    assert trained.metrics["held_out"] == 4
    picks = await worker.run(bench.query(several, trained, "distinct-labels"))
    assert len(picks.picks) == 5


async def test_of_two_labels_small_text_s_own_learns_one_a_text_only(worker: Worker, bench: Bench) -> None:
    request = training(bench, "small-text-transformer")
    one = replace(request, labels=LABELS[:2], examples=bench.examples(0, 1, 3, 4, 6, 7))
    several = replace(one, classifier=replace(one.classifier, multi_label=True))

    assert (await worker.run(one)).sha256
    with raises_naming(TaskFailed, "small-text-transformer", "--classifier transformer"):
        await worker.run(several)


def test_without_the_package_setfit_tells_what_to_install(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setfit_module, "find_spec", lambda name: None)

    with raises_naming(Exception, "setfit", "pip install", "'labelloop[setfit]'"):
        train(training(bench, "setfit"))


@pytest.mark.parametrize(
    ("modules", "pooling", "named"),
    [
        (["Transformer", "Pooling", "Dense"], {"pooling_mode_mean_tokens": True}, "Dense"),
        (["Transformer", "Pooling"], {"pooling_mode": "lasttoken"}, "mean"),
        (["os.system"], {}, "system"),
    ],
)
def test_an_embedder_of_which_not_all_can_be_kept_is_refused(
    tmp_path: Path, modules: list[str], pooling: Mapping[str, Any], named: str
) -> None:
    listed = [{"type": f"some.{name}", "path": name} for name in modules]
    (tmp_path / "modules.json").write_text(json.dumps(listed))
    (tmp_path / "Pooling").mkdir()
    (tmp_path / "Pooling" / "config.json").write_text(json.dumps(pooling))

    with raises_naming(Exception, named, "--model"):
        Pooling.of(tmp_path)


def test_how_an_embedder_pools_is_read(tmp_path: Path) -> None:
    listed = [{"type": f"some.{name}", "path": name} for name in ("Transformer", "Pooling", "Normalize")]
    (tmp_path / "modules.json").write_text(json.dumps(listed))
    (tmp_path / "Pooling").mkdir()
    (tmp_path / "Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')

    assert Pooling.of(tmp_path) == Pooling("cls", normalizes=True)
    assert Pooling.of(tmp_path / "elsewhere") == Pooling("mean", normalizes=False)
