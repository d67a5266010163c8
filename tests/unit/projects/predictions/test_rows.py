"""What a model says of texts, as rows."""

from pathlib import Path

import numpy as np

from labelloop.pool.snapshot import OpenSnapshot, Row, write
from labelloop.projects.predictions.rows import Predictions, SeveralLabels, best_labels
from tests.support.states import trained

LABELS = ("money", "travel", "food")


def test_of_several_labels_those_count_that_reach_their_threshold(tmp_path: Path) -> None:
    texts = OpenSnapshot.open(
        tmp_path
        / write(tmp_path, [Row(text, None, row) for row, text in enumerate(["a", "b", " ", "d"])]).name
    )
    scores = np.array([[0.3, 0.9, 0.45], [0.2, 0.4, 0.1], [0.9, 0.9, 0.9], [0.9, 0.9, 0.9]], np.float32)

    def file_of(chunk: int) -> Path:
        np.save(tmp_path / f"{chunk}.npy", scores)
        return tmp_path / f"{chunk}.npy"

    predictions = Predictions(
        texts=texts,
        best_labels=best_labels(texts, file_of, None, [3]),
        labels=LABELS,
        model=trained("0", {"0": 0}),
        is_calibrated=False,
        own=(),
        is_pool=True,
        several=SeveralLabels((0.3, 0.5, 0.5), file_of),
    )

    table = predictions.table(None)
    rows = [row for part in table.parts for row in part]

    assert [(row["item"], row["labels"], row["probabilities"]) for row in rows] == [
        (0, ["travel", "money"], [0.9, 0.3]),
        (1, [], []),
        (2, None, None),
    ]
    assert set(rows[0]) == set(table.columns)
    assert "label" not in table.columns
