"""Simulated annotators: their answers, from the gold labels of a pool."""

from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.oracle.simulated import Answer, GoldAnswers
from labelloop.oracle.simulated.annotator import gold_labels
from labelloop.pool.snapshot import Row, write
from tests.support.messages import raises_naming

LABELS = ("a", "b", "c")
ITEMS = range(5000)


def gold(item: int) -> str:
    return LABELS[item % 3]


def test_without_errors_the_gold_label_is_answered() -> None:
    answers = GoldAnswers(gold, LABELS)

    assert all(answers(item, "ann") == Answer("submitted", (gold(item),)) for item in ITEMS)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_share_of_errors_is_wrong_with_every_other_label(share: float) -> None:
    answers = GoldAnswers(gold, LABELS, error=share)

    wrong = [
        (item, answers(item, "ann").labels[0])
        for item in ITEMS
        if answers(item, "ann").labels != (gold(item),)
    ]

    assert len(wrong) / len(ITEMS) == pytest.approx(share, abs=0.03)
    assert {(gold(item), label) for item, label in wrong} == {
        (x, y) for x in LABELS for y in LABELS if x != y
    }


def test_the_share_of_discards_is_discarded() -> None:
    answers = GoldAnswers(gold, LABELS, discard=0.2)

    discarded = [item for item in ITEMS if answers(item, "ann") == Answer("discarded")]

    assert len(discarded) / len(ITEMS) == pytest.approx(0.2, abs=0.03)


def test_an_answer_depends_on_neither_the_annotator_nor_the_time() -> None:
    first = GoldAnswers(gold, LABELS, error=0.3, discard=0.1, seed=4)
    second = GoldAnswers(gold, LABELS, error=0.3, discard=0.1, seed=4)

    forwards = {item: first(item, "ann") for item in ITEMS}
    backwards = {item: second(item, "bob") for item in reversed(ITEMS)}

    assert forwards == backwards


def test_another_seed_errs_elsewhere() -> None:
    answers = [GoldAnswers(gold, LABELS, error=0.3, seed=seed) for seed in (1, 2)]

    assert any(answers[0](item, "ann") != answers[1](item, "ann") for item in ITEMS)


def test_personal_errors_are_independent() -> None:
    answers = GoldAnswers(gold, LABELS, error=0.2, personal=True)

    wrong = {
        name: {item for item in ITEMS if answers(item, name).labels != (gold(item),)}
        for name in ("ann", "bob")
    }

    assert len(wrong["ann"] & wrong["bob"]) / len(ITEMS) == pytest.approx(0.04, abs=0.02)


def test_a_text_without_gold_label_is_discarded() -> None:
    answers = GoldAnswers(lambda item: None, LABELS)

    assert answers(7, "ann") == Answer("discarded")


def several(item: int) -> tuple[str, ...]:
    return LABELS[: item % 4]


def test_of_several_gold_labels_all_are_answered_and_a_wrong_answer_differs_by_one() -> None:
    right, wrong = GoldAnswers(several, LABELS), GoldAnswers(several, LABELS, error=1.0)

    assert all(right(item, "ann") == Answer("submitted", several(item)) for item in ITEMS)
    differing = [{*wrong(item, "ann").labels} ^ {*several(item)} for item in ITEMS]
    assert all(len(labels) == 1 for labels in differing)
    assert set().union(*differing) == set(LABELS)


def test_a_label_that_is_none_any_more_is_not_answered() -> None:
    assert GoldAnswers(gold, LABELS[1:])(0, "ann") == Answer("discarded")
    assert GoldAnswers(lambda _: LABELS, LABELS[1:])(0, "ann") == Answer("submitted", LABELS[1:])


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
