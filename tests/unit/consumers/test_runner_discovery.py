"""A consumer by its name, and what is wrong with one that cannot run."""

import sys
from pathlib import Path

import pytest

from labelloop.consumers.runner import ENTRY_POINTS, find, group_of, installed, make
from labelloop.errors import UserError
from labelloop.store import FolderStore
from schemas.events import BatchAnnotated
from tests.support.messages import raises_naming
from tests.support.packages import install
from tests.support.plugged import Noting

MODULE = """
from labelloop import BatchAnnotated, Consumer

class Writes(Consumer):
    def __init__(self, folder, depth=1):
        if depth == 0:
            raise ValueError("no depth")
        self.folder, self.depth = folder, depth
    def handle(self, event, state): ...

class Reads(Writes):
    def __init__(self, store):
        self.store = store

class Idle(Consumer):
    pass

class One(Writes):
    events = BatchAnnotated

class Strange(Writes):
    events = ("BatchAnnotated",)

class Other:
    pass
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules in the folder that the command is given in."""
    (tmp_path / "plugged_in.py").write_text(MODULE)
    (tmp_path / "plugged_wrong.py").write_text("import nowhere_at_all")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))


def an_entry_point(folder: Path) -> None:
    """A package is installed that has a consumer."""
    install(folder, "plugged", ENTRY_POINTS, {"writes": "plugged_in:Writes"})


def test_an_installed_one_is_found_by_its_name(tmp_path: Path) -> None:
    an_entry_point(tmp_path)

    assert installed()["writes"].target == "plugged_in:Writes"
    assert find("writes") is find("plugged_in:Writes")


@pytest.mark.parametrize(
    ("named", "facts"),
    [
        ("nope", ("module:Class",)),
        ("nowhere_at_all:Writes", ("ModuleNotFoundError",)),
        ("plugged_wrong:Writes", ("ModuleNotFoundError", "'nowhere_at_all'")),
        ("plugged_in:Nope", ("plugged_in", "Nope")),
        ("plugged_in:Other", ("labelloop.Consumer",)),
        ("plugged_in:One", (repr(BatchAnnotated), "(BatchAnnotated,)")),
        ("plugged_in:Strange", ("('BatchAnnotated',)", "(BatchAnnotated,)")),
        ("plugged_in:Idle", ("handle(self, event, state)",)),
    ],
)
def test_one_that_cannot_run_is_told_in_a_line(named: str, facts: tuple[str, ...]) -> None:
    with raises_naming(UserError, named, *facts):
        find(named)


def test_it_is_made_with_what_is_set() -> None:
    made = make("writes", find("plugged_in:Writes"), {"folder": "out", "depth": 2}, None)

    assert vars(made) == {"folder": "out", "depth": 2}


def test_it_is_given_the_store_if_it_asks_for_it(tmp_path: Path) -> None:
    kind = find("plugged_in:Reads")

    assert isinstance(vars(make("reads", kind, {}, str(tmp_path)))["store"], FolderStore)
    with raises_naming(UserError, "reads", "--store", "LABELLOOP_STORE"):
        make("reads", kind, {}, None)


@pytest.mark.parametrize(
    ("options", "facts"),
    [
        ({}, ("folder, depth", "--set NAME=VALUE", "'folder'")),
        ({"folder": "out", "size": 1}, ("folder, depth", "--set NAME=VALUE", "'size'")),
        ({"folder": "out", "depth": 0}, ("ValueError: no depth",)),
    ],
)
def test_options_that_do_not_fit_are_told(options: dict[str, object], facts: tuple[str, ...]) -> None:
    with raises_naming(UserError, "writes", *facts):
        make("writes", find("plugged_in:Writes"), options, None)


def test_its_group_is_its_own_and_another_for_one_project_unless_told() -> None:
    assert group_of(Noting, None, None) == "Noting"
    assert group_of(Noting, None, "mail-5e1f") == "Noting.mail-5e1f"
    assert group_of(Noting, "team", "mail-5e1f") == "team"


@pytest.mark.parametrize("group", ["trainer", "a/b", "a b", ""])
def test_a_group_that_cannot_be_is_told(group: str) -> None:
    name = group or "ü"
    kind = type("Kind", (Noting,), {"name": name})

    with raises_naming(UserError, name):
        group_of(kind, None, None)


@pytest.mark.parametrize(("named", "is_searched"), [("writes", False), ("plugged_in:Writes", True)])
def test_the_folder_here_is_searched_for_a_class_that_is_named_only(
    named: str, is_searched: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_entry_point(tmp_path)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    find(named)

    assert (str(here) in sys.path) == is_searched
