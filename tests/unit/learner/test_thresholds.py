"""Thresholds of labels, as a model's folder keeps them."""

from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.learner import thresholds
from tests.support.messages import raises_naming

LABELS = ("heating", "größe: 1", "x")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    thresholds.write(tmp_path, LABELS, (0.25, 0.5, 0.75))

    assert thresholds.read(tmp_path, LABELS) == (0.25, 0.5, 0.75)
    assert thresholds.read(tmp_path, ("warmth", *LABELS[1:])) == (0.25, 0.5, 0.75), (
        "it may be called otherwise"
    )


def test_a_folder_that_says_nothing_has_the_usual_ones(tmp_path: Path) -> None:
    assert thresholds.read(tmp_path, LABELS) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "null", '{"heating": 0.5}', '{"x": 1, "heating": 0.5, "größe: 1": 2}', "\x00", '{"x": NaN}'],
)
def test_thresholds_of_other_labels_or_damaged_ones_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / thresholds.FILE).write_text(content)

    with raises_naming(UserError, thresholds.FILE, "restore"):
        thresholds.read(tmp_path, LABELS)
