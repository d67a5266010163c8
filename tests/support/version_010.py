"""The code of 0.1.0, out of the repository's own history, to run beside ours on the same packages."""

import configparser
import io
import os
import subprocess
import sys
import tarfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMIT = "27c34b7c1b29f812490e917be58d83dc5b215578"
"""The commit that kept the home of 0.1.0, which this code had made."""

FOLDERS = ("labelloop", "schemas", "services")


def unpacked_code(folder: Path) -> Path:
    """0.1.0 in a folder for Python's path. The test is skipped where it cannot be had or run."""
    archived = subprocess.run(
        ["git", "archive", COMMIT, *FOLDERS, "pyproject.toml"], cwd=ROOT, capture_output=True, check=False
    )
    if archived.returncode != 0:
        pytest.skip(f"needs the history of the repository, as far back as {COMMIT[:7]}, which is 0.1.0")
    with tarfile.open(fileobj=io.BytesIO(archived.stdout)) as archive:
        archive.extractall(folder, filter="data")
    _declare(folder)
    started = labelloop_010(folder, "--version")
    if started.returncode != 0:
        pytest.skip(f"0.1.0 does not run on the packages of today: {started.stderr.splitlines()[-1:]}")
    return folder


def environment_010(code: Path, **variables: str) -> dict[str, str]:
    """The environment in which Python finds 0.1.0, and not us."""
    return {**os.environ, "PYTHONPATH": str(code), "HF_HUB_OFFLINE": "1", **variables}


def command_010(*arguments: object) -> list[str]:
    """The command line of a command; its environment says that it is 0.1.0's."""
    start = "from labelloop.cli import main; main()"
    return [sys.executable, "-P", "-c", start, *(str(each) for each in arguments)]


def labelloop_010(
    code: Path, *arguments: object, variables: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a command of 0.1.0 to its end."""
    environment = environment_010(code, **(variables or {}))
    return subprocess.run(
        command_010(*arguments), env=environment, cwd=code, capture_output=True, text=True, check=False
    )


def _declare(folder: Path) -> None:
    """Declare its plugins as if it were installed there; else it would find ours."""
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = configparser.ConfigParser(delimiters="=")
    declared.optionxform = str  # type: ignore[assignment,method-assign]
    declared.read_dict(project["entry-points"])
    information = folder / f"labelloop-{project['version']}.dist-info"
    information.mkdir()
    with (information / "entry_points.txt").open("w", encoding="utf-8") as file:
        declared.write(file)
    metadata = f"Metadata-Version: 2.1\nName: labelloop\nVersion: {project['version']}\n"
    (information / "METADATA").write_text(metadata, encoding="utf-8")
