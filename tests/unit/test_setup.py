"""What `make` sets up with: the pinned requirements and the script that installs them."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.messages import names

ROOT = Path(__file__).resolve().parents[2]


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    return [Requirement(line) for line in [*project["dependencies"], *extras]]


def pinned() -> dict[str, list[str]]:
    versions: dict[str, list[str]] = {}
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if line and not line.startswith(("#", " ")):
            requirement = Requirement(line)
            (only,) = requirement.specifier
            assert only.operator == "=="
            versions.setdefault(canonicalize_name(requirement.name), []).append(only.version)
    return versions


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_what_the_project_declares_is_pinned_as_it_allows(requirement: Requirement) -> None:
    versions = pinned()[canonicalize_name(requirement.name)]

    assert all(requirement.specifier.contains(version, prereleases=True) for version in versions)


def test_the_pins_name_no_index() -> None:
    assert "://" not in (ROOT / "requirements.txt").read_text()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", "requirements.txt", "scripts"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("python", ["/bin/false", "/no/such/python"])
def test_another_python_gets_one_clear_line_and_changes_nothing(checkout: Path, python: str) -> None:
    done = subprocess.run(
        ["sh", "scripts/setup.sh", "learner"],
        cwd=checkout,
        env={"PATH": "/usr/bin:/bin", "PYTHON": python},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert names(line, "3.11", "3.13", python, "PYTHON")
    assert not (checkout / ".venv").exists()
