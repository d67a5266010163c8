"""What is no backup."""

from collections.abc import Callable
from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.supervisor.backup import LIST, read_list
from tests.support.messages import names, raises_naming


@pytest.mark.parametrize(
    ("made", "facts"),
    [
        (lambda path: None, ("is not there",)),
        (Path.mkdir, (LIST,)),
        (Path.touch, ("directory",)),
        (lambda path: (path / LIST).mkdir(parents=True), ("cannot be read",)),
    ],
)
def test_what_is_no_backup_is_told_in_plain_words(
    tmp_path: Path, made: Callable[[Path], None], facts: tuple[str, ...]
) -> None:
    made(tmp_path / "monday")

    with raises_naming(UserError, tmp_path / "monday", *facts) as raised:
        read_list(tmp_path / "monday")

    assert not names(raised.value, "Errno")
