"""The folder that holds all state."""

import json
import os
from pathlib import Path

import pytest

from labelloop.config.home import DEMO, USER, clear, existing_home, find_home, leaving_none_empty, open_home
from labelloop.errors import UserError
from tests.support.messages import raises_naming
from tests.support.users import nobody


def test_a_home_is_made_once_and_found_again(tmp_path: Path) -> None:
    made = open_home(tmp_path / "home")

    assert find_home(tmp_path / "home") == made == open_home(tmp_path / "home")
    assert made.kind == USER
    assert json.loads((made.path / "home.json").read_text()) == {"format": 1, "kind": "user"}


def test_a_folder_with_other_things_in_it_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    with raises_naming(UserError, tmp_path, "--home"):
        open_home(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_empty_folder_becomes_a_home(tmp_path: Path) -> None:
    assert open_home(tmp_path).path == tmp_path


def test_a_new_home_is_private_and_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o775)

    private = open_home(tmp_path / "above" / "private").path
    open_home(shared)

    assert private.stat().st_mode & 0o777 == 0o700
    assert (private / "home.json").stat().st_mode & 0o777 == 0o600
    assert shared.stat().st_mode & 0o777 == 0o775
    assert (shared / "home.json").stat().st_mode & 0o777 == 0o644


def test_the_private_home_of_another_user_is_told(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home").path
    if os.geteuid() != 0:
        home.chmod(0)

    with nobody(home), raises_naming(UserError, home, "--home"):
        existing_home(home)
    home.chmod(0o700)


def test_a_home_of_a_newer_version_says_to_upgrade(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text('{"format": 2, "kind": "user"}')

    with raises_naming(UserError, tmp_path, "upgrade labelloop"):
        find_home(tmp_path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "x", "kind": "user"}'])
def test_a_damaged_mark_is_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "home.json").write_text(content)

    with raises_naming(UserError, tmp_path, "home.json"):
        find_home(tmp_path)


def test_a_missing_home_is_told(tmp_path: Path) -> None:
    with raises_naming(UserError, tmp_path / "nowhere", "labelloop init", "--home"):
        existing_home(tmp_path / "nowhere")


def test_a_demo_does_not_take_the_home_of_people(tmp_path: Path) -> None:
    open_home(tmp_path / "home")

    with raises_naming(UserError, tmp_path / "home", DEMO, "--home"):
        open_home(tmp_path / "home", DEMO)


def test_a_demo_clears_what_an_earlier_one_left_but_its_mark_and_lock(tmp_path: Path) -> None:
    home = open_home(tmp_path / "demo", DEMO)
    home.run.mkdir()
    (home.run / "lock").touch()
    (home.run / "trainer.status").touch()
    home.log.touch()
    (home.store / "questions-1").mkdir(parents=True)

    clear(home)

    left = sorted(str(path.relative_to(home.path)) for path in home.path.rglob("*"))
    assert left == ["home.json", "run", "run/lock"]


def test_the_home_of_people_is_never_cleared(tmp_path: Path) -> None:
    home = open_home(tmp_path / "home")
    home.log.touch()

    with raises_naming(UserError, home.path, "--home"):
        clear(home)
    assert home.log.exists()


def test_clearing_does_not_follow_a_link_out_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "kept").touch()
    home = open_home(tmp_path / "demo", DEMO)
    (home.path / "store").symlink_to(tmp_path / "elsewhere")

    clear(home)

    assert (tmp_path / "elsewhere" / "kept").exists()


def refused(path: Path, *made: str, is_locked: bool = False) -> None:
    """A command that makes these files in the home, and fails."""
    with leaving_none_empty(path, is_locked):
        for name in made:
            file = open_home(path).path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        open_home(path).store.mkdir(exist_ok=True)
        raise UserError("no such file")


def test_a_home_in_which_nothing_was_made_goes_with_the_folders_for_it(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        refused(tmp_path / "a" / "home")
    with pytest.raises(UserError):
        refused(tmp_path / "b" / "home", "run/lock", "dashboard.token", is_locked=True)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("made", ["log.sqlite", "run/lock", "store/mail/pool/x.arrow"])
def test_a_home_in_which_something_was_made_stays(tmp_path: Path, made: str) -> None:
    with pytest.raises(UserError):
        refused(tmp_path / "home", made)

    assert (tmp_path / "home" / made).exists()


def test_an_empty_home_that_was_there_stays(tmp_path: Path) -> None:
    home, folder = open_home(tmp_path / "home"), tmp_path / "empty"
    folder.mkdir()

    for path in (home.path, folder):
        with pytest.raises(UserError):
            refused(path)

    assert find_home(home.path) == home
    assert list(folder.iterdir()) == []
