"""Gold labels of a pool."""

from pathlib import Path

from labelloop.errors import UserError
from labelloop.oracle.simulated.answers import gold_labels
from labelloop.pool.snapshot import Row, write
from tests.support.messages import raises_naming


def test_items_are_rows_over_all_snapshots(tmp_path: Path) -> None:
    first = write(tmp_path, [Row("one", "a", 0), Row("two", "b", 1)])
    second = write(tmp_path, [Row("three", "c", 0)])

    gold = gold_labels([tmp_path / first.name, tmp_path / second.name])

    assert [gold(item) for item in range(4)] == ["a", "b", "c", None]


def test_a_pool_without_gold_labels_is_told(tmp_path: Path) -> None:
    snapshot = write(tmp_path, [Row("one", None, 0)])

    with raises_naming(UserError, tmp_path / snapshot.name):
        gold_labels([tmp_path / snapshot.name])


def test_a_pool_that_grew_is_asked_for_once_an_item_is_beyond_it(tmp_path: Path) -> None:
    first, second = (write(tmp_path, [Row(f"a {label}", label, 0)]) for label in ("spam", "ham"))
    files = [tmp_path / first.name]
    gold = gold_labels(files[:1], lambda: files)

    assert (gold(0), gold(1)) == ("spam", None)
    files.append(tmp_path / second.name)
    assert (gold(1), gold(2)) == ("ham", None)
