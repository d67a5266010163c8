"""The file with what a model says of texts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from labelloop.store.predictions import Sayings, StoredPredictions, read, write

LABELS = ("spam", "ham", "", "=cmd", "größe ✓", "a\x1b[2Jb")


def sayings(items: int, *, several: bool = False, tested: bool = False) -> Sayings:
    """Of several labels text 0 has none, text 1 the first, text 2 the first two."""
    size = len(LABELS)
    marked = np.array(
        [
            [place < item % size if several else place == item % size for place in range(size)]
            for item in range(items)
        ],
        np.bool_,
    ).reshape(-1, size)
    return Sayings(
        LABELS,
        np.arange(items, dtype=np.int32) * 3,
        marked,
        np.linspace(0, 1, items * size, dtype=np.float32).reshape(-1, size),
        np.roll(marked, 1, axis=0) if tested else None,
    )


def predictions(tested: int, drawn: int, several: bool = False) -> StoredPredictions:
    return StoredPredictions(
        "final-1",
        several,
        sayings(tested, several=several, tested=True),
        sayings(drawn, several=several),
    )


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(("tested", "drawn"), [(5, 9), (0, 9), (5, 0), (0, 0)])
def test_what_is_read_is_what_was_written(tmp_path: Path, tested: int, drawn: int, several: bool) -> None:
    given = predictions(tested, drawn, several)
    write(tmp_path / "a.parquet", given)

    found = read(tmp_path / "a.parquet")

    assert (found.model, found.several, found.labels) == ("final-1", several, LABELS)
    for said, was in ((found.test, given.test), (found.pool, given.pool)):
        assert said.items.tolist() == was.items.tolist()
        assert (said.predicted == was.predicted).all()
        assert (said.probabilities == was.probabilities).all()
    assert found.pool.gold is None
    assert found.test.gold is not None
    assert given.test.gold is not None
    assert (found.test.gold == given.test.gold).all()


def test_equal_predictions_give_equal_bytes_and_replace_what_is_there(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", predictions(5, 9))
    write(tmp_path / "b.parquet", predictions(1, 1))
    write(tmp_path / "b.parquet", predictions(5, 9))

    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"a.parquet", "b.parquet"}


def test_others_read_a_plain_table_with_a_label_in_each_cell(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", predictions(2, 1))

    rows = pq.read_table(tmp_path / "a.parquet").to_pylist()

    assert [(row["set"], row["item"], row["gold"], row["predicted"]) for row in rows] == [
        ("test", 0, "ham", "spam"),
        ("test", 3, "spam", "ham"),
        ("pool", 0, None, "spam"),
    ]
    assert {len(row["probabilities"]) for row in rows} == {len(LABELS)}


@pytest.mark.parametrize("content", [b"", b"PAR1", b"text"])
def test_what_is_no_such_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)

    with pytest.raises((OSError, ValueError)):
        read(tmp_path / "a.parquet")


def test_a_text_is_right_if_all_of_its_labels_are() -> None:
    test = sayings(4, several=True, tested=True)

    assert test.is_right.tolist() == [False] * 4
    assert replace(test, gold=test.predicted).is_right.all()
