"""Packages of strangers, which plug in by an entry point."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.deployment import ROOT

STRANGERS = ROOT / "tests" / "strangers"


def install_package(name: str, scratch: Path) -> Path:
    """The folder into which the package is installed, to be put on the path."""
    source, target = scratch / f"{name}-source", scratch / f"{name}-installed"
    shutil.copytree(STRANGERS / name, source)
    pip = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--python", sys.executable, "--target", str(target), str(source)], check=True)
    return target
