"""Plugins by name: only what is installed or listed, and a line for whatever is wrong."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from labelloop.errors import UserError
from labelloop.plugins import Plugins, declared, loaded
from tests.support.packages import install

GROUP = "labelloop.dishes"
MODULE = """
from tests.unit.test_plugins import Dish
soup = Dish("soup", hot=True)
salad = Dish("FruitSalad", hot=False)
other = Dish("stew", hot=True)
number = 7
"""


@dataclass(frozen=True)
class Dish:
    """A descriptor."""

    name: str
    hot: bool


PLUGINS = Plugins(GROUP, Dish, "dish", ours=False)


@pytest.fixture(autouse=True)
def kitchen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with two dishes is installed."""
    (tmp_path / "kitchen.py").write_text(MODULE)
    install(tmp_path, "kitchen", GROUP, {"soup": "kitchen:soup", "fruit-salad": "kitchen:salad"})
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("LABELLOOP_PLUGINS", raising=False)


@pytest.mark.parametrize("name", ["fruit-salad", "FruitSalad", "fruit_salad", "FRUITSALAD"])
def test_an_installed_one_is_found_in_any_case(name: str) -> None:
    assert PLUGINS.get(name) == Dish("FruitSalad", hot=False)


def test_all_that_are_installed_are_listed() -> None:
    assert PLUGINS.names() == ("fruit-salad", "soup")
    assert [dish.hot for dish in PLUGINS.all().values()] == [False, True]
    assert PLUGINS.faults() == []


def test_one_that_is_installed_later_is_found(tmp_path: Path) -> None:
    before = PLUGINS.names()

    install(tmp_path, "later", GROUP, {"stew": "kitchen:other"})

    assert {*PLUGINS.names()} == {*before, "stew"}


def test_what_is_installed_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    PLUGINS.names()
    monkeypatch.setattr("importlib.metadata.PathDistribution.read_text", None)

    assert PLUGINS.names() == ("fruit-salad", "soup")


@pytest.mark.parametrize(
    "listed", ["kitchen:other", "kitchen:soup, kitchen:other", "kitchen:soup kitchen:other"]
)
def test_a_listed_one_is_found_by_the_name_that_it_gives_itself(
    listed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELLOOP_PLUGINS", listed)

    assert PLUGINS.get("stew").hot
    assert PLUGINS.get("soup").hot, "it may be listed and installed"


def test_a_listed_module_may_lie_in_the_folder_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    (here / "larder.py").write_text(MODULE.replace("stew", "bread"))
    monkeypatch.chdir(here)
    monkeypatch.setenv("LABELLOOP_PLUGINS", "larder:other")

    assert PLUGINS.get("bread").name == "bread"


def test_the_one_that_was_meant_is_told() -> None:
    with pytest.raises(UserError, match=r"no dish 'sopu'; did you mean soup"):
        PLUGINS.get("sopu")


@pytest.mark.parametrize(
    "name", ["sentinel:open", "sentinel", "../sentinel", "sentinel.open", "builtins:eval", "", "x" * 10**6]
)
def test_a_name_is_never_imported(name: str, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    (tmp_path / "sentinel.py").write_text(f"from pathlib import Path\nPath({str(touched)!r}).touch()\n")

    with pytest.raises(UserError, match=r"there is no dish .* or list it in LABELLOOP_PLUGINS") as told:
        PLUGINS.get(name)

    assert not touched.exists()
    assert len(str(told.value)) < 400


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nowhere_at_all:soup", "hash, which pantry declares, cannot be imported: ModuleNotFoundError"),
        ("kitchen:nothing", "the module kitchen has no nothing"),
        ("kitchen:number", "kitchen:number, which pantry declares as the dish hash, is not a Dish"),
        ("kitchen:soup", "declares the dish hash, and kitchen:soup calls itself soup"),
    ],
)
def test_a_broken_one_names_its_package_and_stops_no_other(target: str, message: str, tmp_path: Path) -> None:
    install(tmp_path, "pantry", GROUP, {"hash": target})

    with pytest.raises(UserError, match=message):
        PLUGINS.get("hash")
    assert list(PLUGINS.all()) == ["fruit-salad", "soup"]
    (fault,) = PLUGINS.faults()
    assert "pantry" in fault


@pytest.mark.parametrize("listed", ["nowhere_at_all:soup", "os.system"])
def test_a_broken_entry_of_the_list_is_told_where_a_name_is_missing(
    listed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABELLOOP_PLUGINS", listed)

    assert PLUGINS.get("soup").hot
    with pytest.raises(UserError, match=f"no dish 'stew'.*{listed}.*|LABELLOOP_PLUGINS lists"):
        PLUGINS.get("stew")
    assert len(PLUGINS.faults()) == 1


def test_two_packages_with_one_name_are_a_conflict_of_that_name_only(tmp_path: Path) -> None:
    install(tmp_path, "pantry", GROUP, {"soup": "kitchen:other"})

    with pytest.raises(UserError, match=r"kitchen and pantry both declare soup in labelloop.dishes"):
        PLUGINS.get("soup")
    assert not PLUGINS.get("fruit-salad").hot


def test_an_installation_without_our_own_is_told() -> None:
    with pytest.raises(UserError, match="its installation is older than its code"):
        Plugins(GROUP, Dish, "dish").get("stew")


def test_what_is_heavy_is_loaded_when_asked_for() -> None:
    assert loaded("kitchen:soup", "soup") is loaded(lambda: PLUGINS.get("soup"), "soup")
    with pytest.raises(UserError, match="soup cannot be imported: ZeroDivisionError"):
        loaded(lambda: 1 / 0, "soup")


def test_who_declares_what_is_known_without_importing_it(tmp_path: Path) -> None:
    install(tmp_path, "pantry", GROUP, {"hash": "nowhere_at_all:hash"})

    assert {each.name: each.by for each in declared(GROUP)} == {
        "fruit-salad": "kitchen",
        "hash": "pantry",
        "soup": "kitchen",
    }
