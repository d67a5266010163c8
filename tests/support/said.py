"""Recorded predictions of models, made up."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from labelloop.store.artifacts import file_digest
from labelloop.store.predictions import Predictions, Sayings, write
from schemas.events import PredictionsRecorded
from tests.support.states import LABELS, PROJECT, recorded_predictions

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
) -> Predictions:
    return Predictions(model, False, sayings(test, labels, gold), sayings(pool, labels))


def put(store: Path, said: Predictions, **changes: Any) -> PredictionsRecorded:
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
