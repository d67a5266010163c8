"""Recorded predictions of models, made up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from labelloop.config.home import open_home
from labelloop.pool.snapshot import Row
from labelloop.pool.snapshot import write as write_pool
from labelloop.store import pool_uri
from labelloop.store.artifacts import file_digest
from labelloop.store.predictions import Sayings, StoredPredictions, write
from schemas.events import LabelsChanged, PredictionsRecorded
from schemas.parts import Snapshot
from tests.support.homes import home_with
from tests.support.states import (
    LABELS,
    PROJECT,
    all_answered,
    project,
    queried,
    recorded_predictions,
    trained,
)

HOSTILE = "=1+1 <script>alert(1)</script>\x1b[2J\u202e\nnext line"
GOLD = {0: "spam", 1: "ham", 2: "news", 3: "spam"}
Said = Mapping[int, tuple[str, float]]


def sayings(said: Said, labels: tuple[str, ...] = LABELS, gold: Mapping[int, str] | None = None) -> Sayings:
    """The label of each text, several joined by +, with its probability. `gold`: the true ones."""

    def marked(names: list[str]) -> Any:
        rows = [[label in name.split("+") for label in labels] for name in names]
        return np.array(rows, np.bool_).reshape(-1, len(labels))

    predicted = marked([name for name, _ in said.values()])
    sure = np.array([probability for _, probability in said.values()], np.float32).reshape(-1, 1)
    return Sayings(
        labels,
        np.array(list(said), np.int32),
        predicted,
        (predicted * sure).astype(np.float32),
        None if gold is None else marked([gold[item] for item in said]),
    )


def predictions(
    model: str, pool: Said, test: Said, gold: Mapping[int, str], labels: tuple[str, ...] = LABELS
) -> StoredPredictions:
    return StoredPredictions(model, False, sayings(test, labels, gold), sayings(pool, labels))


def put(store: Path, said: StoredPredictions, **changes: Any) -> PredictionsRecorded:
    """The event about predictions, whose file is in the store."""
    draft = store / PROJECT / "predictions" / "draft"
    write(draft, said)
    sha256 = file_digest(draft)
    file = draft.rename(draft.with_name(f"{sha256}.parquet"))
    return recorded_predictions(
        said.model,
        uri=file.relative_to(store).as_posix(),
        sha256=sha256,
        tested=len(said.test),
        drawn=len(said.pool),
        **changes,
    )


def snapshot(store: Path, *texts: str) -> Snapshot:
    rows = [Row(text, "spam", number) for number, text in enumerate(texts)]
    info = write_pool(store / PROJECT / "pool", rows)
    return Snapshot(
        uri=pool_uri(PROJECT, info.name), digest=info.digest, size=len(rows), label_column="label"
    )


def home_of_models(path: Path, ham: str) -> Path:
    """Four models: of the first nothing is recorded, nor of the last. `ham`: how that label is called now.

    Text 0 of the pool, and text 2 of the test set, are hostile.
    """
    store = open_home(path).store
    pool = snapshot(store, HOSTILE, *(f"text {number}" for number in range(1, 40)))
    test = snapshot(store, *(HOSTILE if number == 2 else f"question {number}" for number in GOLD))
    before = predictions(
        "1",
        dict.fromkeys(range(40), ("spam", 0.6)),
        {0: ("spam", 0.9), 1: ("spam", 0.5), 2: ("spam", 0.5), 3: ("ham", 0.5)},
        GOLD,
    )
    after = predictions(
        "2",
        {item: ("ham" if item < 12 else "spam", 0.9 - item / 100) for item in range(40)},
        {0: ("spam", 0.9), 1: ("ham", 0.7), 2: ("news", 0.9), 3: ("news", 0.9)},
        GOLD,
    )
    models = [trained(str(number), {"0": 0}) for number in range(4)]
    said = [put(store, each, test_version=test.digest, pool_version=pool.digest) for each in (before, after)]
    called = LabelsChanged(request="1", who="ann", number=1, names=("spam", ham, "news"))
    facts = (project(pool=pool, test=test), queried(), all_answered(), *models, *said, called)
    return home_with(path, *facts)
