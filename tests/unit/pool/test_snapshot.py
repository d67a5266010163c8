"""Pool snapshots: immutable, named by their bytes, checked when opened."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labelloop.errors import UserError
from labelloop.pool.snapshot import ROWS_PER_BATCH, OpenSnapshot, Row, write
from tests.support.messages import raises_naming

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def rows(*texts: str, gold: str | None = None) -> list[Row]:
    return [Row(text, gold, number) for number, text in enumerate(texts)]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pairs=st.lists(st.tuples(TEXTS, TEXTS)))
def test_what_is_written_is_read(tmp_path: Path, pairs: list[tuple[str, str]]) -> None:
    written = [Row(text, gold, number * 2) for number, (text, gold) in enumerate(pairs)]

    info = write(tmp_path, written)
    snapshot = OpenSnapshot.open(tmp_path / info.name, info.digest)

    backwards = list(reversed(range(len(pairs))))
    assert len(snapshot) == len(pairs)
    assert snapshot.all_texts() == [text for text, _ in pairs]
    assert snapshot.texts(backwards) == [pairs[item][0] for item in backwards]
    assert snapshot.source_rows(backwards) == [item * 2 for item in backwards]
    if pairs:
        assert snapshot.gold(backwards) == [pairs[item][1] for item in backwards]


def test_a_pool_of_many_record_batches_keeps_its_order(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(3 * ROWS_PER_BATCH + 1)]

    info = write(tmp_path, rows(*texts))

    snapshot = OpenSnapshot.open(tmp_path / info.name, info.digest)
    assert snapshot.all_texts() == texts
    assert snapshot.texts([3 * ROWS_PER_BATCH, 0, ROWS_PER_BATCH]) == [
        texts[-1],
        texts[0],
        texts[ROWS_PER_BATCH],
    ]


def test_columns_that_are_kept_are_read_by_item(tmp_path: Path) -> None:
    many = ROWS_PER_BATCH + 2
    kept: dict[str, list[str | None]] = {"id": [f"{number}" for number in range(many)], "text": [None] * many}

    info = write(tmp_path, rows(*(f"text {number}" for number in range(many))), kept)

    snapshot = OpenSnapshot.open(tmp_path / info.name)
    assert snapshot.kept_columns == ("id", "text")
    assert snapshot.kept_values([many - 1, 0]) == {"id": [f"{many - 1}", "0"], "text": [None, None]}
    assert snapshot.texts([0]) == ["text 0"]
    assert OpenSnapshot.open(tmp_path / write(tmp_path, rows("a")).name).kept_values([0]) == {}


def test_equal_rows_give_one_file(tmp_path: Path) -> None:
    first = write(tmp_path, rows("a", "b"))
    second = write(tmp_path, iter(rows("a", "b")))

    assert first == second
    assert [path.name for path in tmp_path.iterdir()] == [first.name]
    assert first.name == f"{first.digest}.arrow"
    assert first.size == (tmp_path / first.name).stat().st_size


def test_other_rows_give_another_file(tmp_path: Path) -> None:
    names = {write(tmp_path, rows("a", "b")).name, write(tmp_path, rows("b", "a")).name}
    names.add(write(tmp_path, rows("a", "b", gold="x")).name)

    assert len(names) == 3


def test_without_labels_there_is_no_gold(tmp_path: Path) -> None:
    snapshot = OpenSnapshot.open(tmp_path / write(tmp_path, rows("a")).name)

    assert not snapshot.has_gold
    assert snapshot.gold([0]) is None


def test_partly_labelled_rows_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    with raises_naming(ValueError, "gold"):
        write(tmp_path, [Row("a", "x", 0), Row("b", None, 1)])

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("item", [-1, 2])
def test_an_item_that_is_not_there_is_an_error(tmp_path: Path, item: int) -> None:
    snapshot = OpenSnapshot.open(tmp_path / write(tmp_path, rows("a", "b")).name)

    with pytest.raises(IndexError):
        snapshot.texts([item])


def test_a_missing_snapshot_is_said_in_one_line(tmp_path: Path) -> None:
    with raises_naming(UserError, tmp_path / "gone.arrow"):
        OpenSnapshot.open(tmp_path / "gone.arrow")


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    info = write(tmp_path, rows("a", "b"))
    path = tmp_path / info.name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    with raises_naming(UserError, path, "sha256"):
        OpenSnapshot.open(path, info.digest)


@pytest.mark.parametrize("content", [b"", b"no arrow file at all", b"\xff\xff\xff\xff\x10"])
def test_what_is_no_snapshot_is_said_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pool.arrow"
    path.write_bytes(content)

    with raises_naming(UserError, path):
        OpenSnapshot.open(path)


def test_writing_again_repairs_a_damaged_file(tmp_path: Path) -> None:
    info = write(tmp_path, rows("a"))
    (tmp_path / info.name).write_bytes(b"")

    write(tmp_path, rows("a"))

    assert OpenSnapshot.open(tmp_path / info.name, info.digest).all_texts() == ["a"]


def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")

    with raises_naming(UserError, in_the_way / "pools", "--home"):
        write(in_the_way / "pools", rows("a"))


def test_reading_a_snapshot_needs_neither_pandas_nor_datasets_nor_torch() -> None:
    code = "import sys, labelloop.pool.snapshot; print(*{'pandas', 'datasets', 'torch'} & set(sys.modules))"

    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert output.split() == []


def test_lists_of_gold_are_read_as_they_were_written(tmp_path: Path) -> None:
    golds = [("a", "b"), (), ("größer ✓",)]

    info = write(tmp_path, [Row(f"text {row}", gold, row) for row, gold in enumerate(golds)])

    assert OpenSnapshot.open(tmp_path / info.name).gold([2, 1, 0]) == golds[::-1]


def test_gold_of_two_kinds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one kind"):
        write(tmp_path, [Row("one", "a", 0), Row("two", ("a",), 1)])
