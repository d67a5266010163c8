"""What is kept of a prediction that was stopped."""

from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.projects.interrupted_work import Unfinished, beside
from tests.support.messages import raises_naming

ABOUT = {"model": "3", "sha256": "abc"}


def begun(unfinished: Unfinished) -> None:
    """One chunk is scored."""
    unfinished.begin(ABOUT)
    unfinished.scores.mkdir()
    (unfinished.scores / "0.npy").touch()
    unfinished.rows.touch()


def test_the_same_goes_on_and_anything_else_begins_anew(tmp_path: Path) -> None:
    with beside(tmp_path / "out.csv") as unfinished:
        begun(unfinished)
    with beside(tmp_path / "out.csv") as again:
        again.begin(ABOUT)
        assert (again.scored_chunks(), again.rows.exists()) == (1, True)

        again.begin({**ABOUT, "model": "4"})
        assert (again.scored_chunks(), again.rows.exists(), again.about()["model"]) == (0, False, "4")


def test_a_kill_while_it_begins_anew_leaves_nothing_of_the_old(tmp_path: Path) -> None:
    with beside(tmp_path / "out.csv") as unfinished:
        begun(unfinished)
        (unfinished.folder / "about.json").unlink()

        unfinished.begin(ABOUT)

        assert unfinished.scored_chunks() == 0


def test_only_one_works_at_an_output(tmp_path: Path) -> None:
    with (
        beside(tmp_path / "out.csv"),
        raises_naming(UserError, "another", "out.csv"),
        beside(tmp_path / "out.csv"),
    ):
        pytest.fail("both work at it")


def test_without_a_file_nothing_is_left(tmp_path: Path) -> None:
    with beside(None) as unfinished:
        begun(unfinished)

    assert not unfinished.folder.exists()


def test_a_mistake_leaves_what_was_done_and_nothing_else(tmp_path: Path) -> None:
    with raises_naming(UserError, "wrong"), beside(tmp_path / "new" / "out.csv") as unfinished:
        unfinished.begin(ABOUT)
        raise UserError("wrong")
    assert not (tmp_path / "new").exists()

    with raises_naming(UserError, "wrong"), beside(tmp_path / "out.csv") as unfinished:
        begun(unfinished)
        raise UserError("wrong")
    assert unfinished.scored_chunks() == 1


def test_others_may_not_read_it(tmp_path: Path) -> None:
    with beside(tmp_path / "out.csv") as unfinished:
        unfinished.begin(ABOUT)

        assert unfinished.folder.stat().st_mode & 0o077 == 0
