"""What a model says of texts, as it lies in the store: a Parquet file without any text."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from labelloop import atomic

ENDING = ".parquet"
TEST, POOL = "test", "pool"
ABOUT = b"labelloop"
Booleans = npt.NDArray[np.bool_]
Probabilities = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Sayings:
    """What a model says of some texts, a row for each, with a column for each of `labels`.

    `items`: the numbers of the texts in the test set, or in the pool. `gold`: the true labels; None for texts
    of the pool. A text of a single-label task has one label in each row.
    """

    labels: tuple[str, ...]
    items: npt.NDArray[np.int32]
    predicted: Booleans
    probabilities: Probabilities
    gold: Booleans | None = None

    def __len__(self) -> int:
        return len(self.items)

    def names(self, row: Sequence[bool] | Booleans) -> tuple[str, ...]:
        """The labels that a row marks."""
        return tuple(label for label, marked in zip(self.labels, row, strict=True) if marked)

    @property
    def is_right(self) -> Booleans:
        """Of each text of the test set, whether all of its labels are right."""
        assert self.gold is not None
        right: Booleans = (self.predicted == self.gold).all(axis=1)
        return right

    @property
    def highest(self) -> Probabilities:
        """The probability of each text's likeliest label."""
        highest: Probabilities = self.probabilities.max(axis=1, initial=0.0)
        return highest


@dataclass(frozen=True, eq=False)
class StoredPredictions:
    """What a model says of the test set, if there is one, and of texts of the pool."""

    model: str
    several: bool
    test: Sayings
    pool: Sayings

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that the model tells apart, in their order."""
        return self.pool.labels


def write(file: Path, predictions: StoredPredictions) -> None:
    """Write them. The same predictions give the same bytes (with one version of pyarrow)."""
    kind = pa.list_(pa.string()) if predictions.several else pa.string()
    about = {"model": predictions.model, "labels": predictions.labels, "several": predictions.several}
    schema = pa.schema(
        [
            pa.field("set", pa.string(), nullable=False),
            pa.field("item", pa.int32(), nullable=False),
            pa.field("gold", kind),
            pa.field("predicted", kind, nullable=False),
            pa.field("probabilities", pa.list_(pa.float32(), len(predictions.labels)), nullable=False),
        ],
        metadata={ABOUT: json.dumps(about).encode()},
    )
    test, pool = predictions.test, predictions.pool
    assert test.gold is not None
    values = np.concatenate([test.probabilities, pool.probabilities]).astype(np.float32)
    columns = [
        pa.array([TEST] * len(test) + [POOL] * len(pool)),
        pa.array(np.concatenate([test.items, pool.items]).astype(np.int32)),
        pa.array([*_cells(test, test.gold, predictions.several), *[None] * len(pool)], kind),
        pa.array(
            [
                *_cells(test, test.predicted, predictions.several),
                *_cells(pool, pool.predicted, predictions.several),
            ],
            kind,
        ),
        pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), len(predictions.labels)),
    ]
    with atomic.beside(file) as draft:
        with atomic.create(draft, atomic.THIS_USER) as writing:
            pq.write_table(pa.Table.from_arrays(columns, schema=schema), writing, compression="zstd")
        atomic.place(draft, file)


def read(file: Path) -> StoredPredictions:
    """Read them. Raises OSError or ValueError if the file is no such file."""
    with file.open("rb") as content:
        table = pq.read_table(content)
    about = json.loads((table.schema.metadata or {})[ABOUT])
    labels, several = tuple(map(str, about["labels"])), bool(about["several"])
    is_test = np.array([each == TEST for each in table.column("set").to_pylist()], np.bool_)
    sets = []
    for rows in (is_test, ~is_test):
        part = table.filter(pa.array(rows))
        flat = part.column("probabilities").combine_chunks().flatten().to_numpy(zero_copy_only=False)
        sets.append(
            Sayings(
                labels,
                part.column("item").to_numpy().astype(np.int32),
                _marked(part.column("predicted").to_pylist(), labels),
                flat.reshape(-1, len(labels)).astype(np.float32),
                _marked(part.column("gold").to_pylist(), labels) if rows is is_test else None,
            )
        )
    return StoredPredictions(str(about["model"]), several, *sets)


def _cells(sayings: Sayings, marked: Booleans, several: bool) -> Iterator[Any]:
    for row in marked:
        names = sayings.names(row)
        yield list(names) if several else names[0]


def _marked(cells: Sequence[Any], labels: Sequence[str]) -> Booleans:
    places = {label: place for place, label in enumerate(labels)}
    marked = np.zeros((len(cells), len(labels)), np.bool_)
    for row, cell in enumerate(cells):
        for label in [cell] if isinstance(cell, str) else cell:
            marked[row, places[label]] = True
    return marked
