"""What another machine makes of a copy of a model's folder is what this one makes."""

import pickle
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copyfile, rmtree
from typing import Any

import numpy as np
import pytest
from small_text import TextDataset  # type: ignore[import-untyped]

from labelloop.learner import cluster, scoring
from labelloop.learner.classifiers import hidden_states, linear, transformer
from labelloop.learner.classifiers.registry import Setting, factory
from labelloop.learner.engine import Remote
from labelloop.learner.pool_embeddings import PoolEmbeddings
from labelloop.learner.requests import ClassifierSpec, ScoreRequest
from labelloop.learner.training import train
from labelloop.pool.snapshot import OpenSnapshot
from tests.integration.learner.conftest import LABELS, SIZE, Bench

FAST = {"epochs": 2, "min_steps": 1}
computed_there: list[int] = []


class AnotherMachine:
    """Gets what is pickled, and a folder that is gone after the first chunk."""

    def __init__(self, address: str) -> None:
        self.address = address

    def map(self, function: Any, chunks: Iterable[Any], remote: Remote[Any, Any] | None) -> Iterator[Any]:
        if remote is None:
            yield from map(function, chunks)
            return
        folder = Path(tempfile.mkdtemp())
        for name in cluster.files_to_send(remote.folder):
            (folder / name).parent.mkdir(exist_ok=True)
            copyfile(remote.folder / name, folder / name)
        there = again(remote.load)(folder)
        for chunk in chunks:
            computed_there.append(len(chunk))
            yield again(there(again(chunk)))
            rmtree(folder, ignore_errors=True)


def again(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


@pytest.fixture(autouse=True)
def chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (hidden_states, linear):
        monkeypatch.setattr(module, "CHUNK", 8)
    monkeypatch.setattr(transformer, "SCORED", 8)
    computed_there.clear()


@pytest.mark.parametrize(
    ("classifier", "parameters", "largest"),
    [
        ("transformer", {**FAST, "frozen_share": 0.5}, hidden_states.LARGEST),
        ("transformer", {**FAST, "frozen_share": 0.5}, 0),
        ("transformer", {**FAST, "frozen_share": 0.0}, hidden_states.LARGEST),
        ("transformer", {**FAST, "frozen_share": 0.0, "pooling": "head"}, hidden_states.LARGEST),
        ("linear", {}, hidden_states.LARGEST),
    ],
)
def test_files_and_probabilities_are_the_same(
    bench: Bench,
    classifier: str,
    parameters: dict[str, Any],
    largest: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    # Given a trained model, and what this machine makes of the pool
    monkeypatch.setattr(hidden_states, "LARGEST", largest)
    spec = ClassifierSpec(classifier, parameters, str(bench.model), None)
    texts = OpenSnapshot.open(bench.pool).texts(range(SIZE))
    data = TextDataset(texts, np.arange(SIZE) % len(LABELS), target_labels=np.arange(len(LABELS)))
    made_by = factory(classifier)
    model = tmp_path / "model"
    model.mkdir()
    made_by.new(setting := Setting(spec, len(LABELS), 7, bench.pool, tmp_path / "training")).fit(
        data[np.arange(12)]
    ).save(model)

    def computed(cache: Path) -> tuple[Any, dict[str, bytes]]:
        own = Setting(spec, setting.num_classes, setting.seed, bench.pool, cache)
        _, embeddings = PoolEmbeddings(bench.pool, spec, 0, cache).first(SIZE)
        probabilities = made_by.load(model, own).predict_proba(data)
        files = {file.name: file.read_bytes() for file in cache.rglob("*") if file.is_file()}
        return (embeddings.tobytes(), probabilities.tobytes()), files

    here = computed(tmp_path / "here")
    assert not computed_there

    # When a cluster computes it
    monkeypatch.setattr(cluster, "Cluster", AnotherMachine)
    monkeypatch.setenv("LABELLOOP_ENGINE", "ray://node:10001")
    there = computed(tmp_path / "there")

    # Then each byte is the same
    assert there == here
    assert sum(computed_there) >= SIZE


@pytest.mark.parametrize("classifier", ["transformer", "linear"])
def test_predictions_are_the_same(bench: Bench, classifier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    training = bench.training(classifier)
    trained = train(training)
    request = ScoreRequest(
        texts=bench.pool,
        classifier=training.classifier,
        labels=LABELS,
        model_folder=trained.folder,
        model_sha256=trained.sha256,
        into=bench.folder / "here",
        threads=1,
    )
    monkeypatch.setattr(scoring, "SCORED_AT_A_TIME", 25)
    scoring.score(request)
    computed_there.clear()

    monkeypatch.setattr(cluster, "Cluster", AnotherMachine)
    monkeypatch.setenv("LABELLOOP_ENGINE", "ray://node:10001")
    scoring.score(replace(request, into=bench.folder / "there"))

    files = [file.read_bytes() for file in sorted((bench.folder / "here").iterdir())]
    assert [file.read_bytes() for file in sorted((bench.folder / "there").iterdir())] == files
    assert computed_there[-3:] == [25, 25, 10]
