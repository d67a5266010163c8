"""The picture of rooms and arrows in docs/architecture.md is what the imports are."""

import ast
import re
from collections import Counter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGES = ("labelloop", "schemas", "services")
# What users import, which loads every name from its room when it is first asked for.
DOOR = "labelloop"


def floors() -> list[set[str]]:
    """The rooms of the picture, the top floor first."""
    picture = re.search(r"```rooms\n(.*?)```", PAGE, re.DOTALL)
    assert picture, "the page has no picture of rooms"
    return [set(line.split(" | ")) for line in picture[1].splitlines()]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Every import, also those within functions, less those that only type checkers make."""
    return grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)


def room_of(module: str, rooms: set[str]) -> str | None:
    """The room that a module lies in."""
    return next((room for room in rooms if module == room or module.startswith(f"{room}.")), None)


def test_every_module_lies_in_a_room_of_the_picture(graph: grimp.ImportGraph) -> None:
    rooms = set.union(*floors())

    homeless = [module for module in graph.modules if room_of(module, rooms) is None]

    assert sorted(homeless) == [DOOR, "services"]


def test_every_room_of_the_picture_is_there(graph: grimp.ImportGraph) -> None:
    assert set.union(*floors()) <= graph.modules


def test_every_arrow_points_down(graph: grimp.ImportGraph) -> None:
    height = {room: number for number, floor in enumerate(reversed(floors())) for room in floor}

    wrong = [
        f"{importer} imports {imported}"
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if (source := room_of(importer, set(height))) and (target := room_of(imported, set(height)))
        if source != target and height[source] <= height[target]
    ]

    assert not wrong


def test_no_module_imports_itself_in_a_circle() -> None:
    """Circles count only among imports at a module's top: those are what can fail."""
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    order: dict[str, None] = {}

    def visit(module: str, way: tuple[str, ...]) -> None:
        assert module not in way, f"a circle: {' -> '.join((*way, module))}"
        if module not in order:
            for imported in _imported_at_the_top(modules[module], set(modules)) - {module}:
                visit(imported, (*way, module))
            order[module] = None

    for module in modules:
        visit(module, ())


def _imported_at_the_top(path: Path, modules: set[str]) -> set[str]:
    imported = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            imported |= names & modules or {node.module}
        elif isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
    return imported & modules


def test_every_path_of_the_page_is_there() -> None:
    paths = [
        path
        for path in re.findall(r"`((?:labelloop|services|schemas|tests)/[\w/.]*)`", PAGE)
        if not (ROOT / path).exists()
    ]

    assert not paths


def test_a_class_has_a_name_of_its_own() -> None:
    named = Counter(
        node.name
        for room in ("schemas", "services", "labelloop")
        for path in (ROOT / room).rglob("*.py")
        for node in ast.parse(path.read_bytes()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )

    assert [name for name, count in named.items() if count > 1] == []
