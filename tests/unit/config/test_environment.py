"""Who reads the environment, and which part of it."""

import ast
import os
from pathlib import Path

import pytest

from labelloop.config import environment
from labelloop.config.environment import Variables

ROOT = Path(__file__).resolve().parents[3]
READS = {"labelloop/config/environment.py"}
SETS = {
    # What torch and the processes that are forked for it take from there.
    "labelloop/learner/runtime.py",
    "labelloop/learner/child.py",
    # Argilla reads its settings there, and they are not those of the user's shell.
    "labelloop/oracle/server/environment.py",
}


def test_it_is_read_in_one_place() -> None:
    files = [file for room in ("labelloop", "services", "schemas") for file in (ROOT / room).rglob("*.py")]

    assert {file.relative_to(ROOT).as_posix() for file in files if _names_it(file)} == READS | SETS


def test_a_part_has_its_names_and_prefixes_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    part = Variables("ONE", "PART_")
    monkeypatch.setenv("ONE", "1")
    monkeypatch.setenv("ONE_MORE", "2")
    monkeypatch.setenv("PART_A", "a")
    monkeypatch.setenv("PART", "b")

    assert dict(part) == {"ONE": "1", "PART_A": "a"}
    assert len(part) == 2
    assert part.get("ONE_MORE") is None
    assert "PART" not in part


def test_a_part_is_as_the_environment_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABELLOOP_KAFKA_PARTITIONS", raising=False)
    assert "LABELLOOP_KAFKA_PARTITIONS" not in environment.KAFKA

    monkeypatch.setenv("LABELLOOP_KAFKA_PARTITIONS", "3")

    assert environment.KAFKA["LABELLOOP_KAFKA_PARTITIONS"] == "3"


def test_a_child_has_it_all_with_the_additions_in_front(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME", "old")

    assert environment.of_child({"SOME": "new"}) == {**os.environ, "SOME": "new"}


def _names_it(file: Path) -> bool:
    tree = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return any(_is_environment(node) for node in tree)


def _is_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == "os"
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and node.attr in ("environ", "environb", "getenv", "putenv")
    )
