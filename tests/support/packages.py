"""Packages that are installed as far as their entry points go."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

ACME = Path(__file__).resolve().parents[1] / "packages" / "acme"


def install(folder: Path, package: str, group: str, points: Mapping[str, str]) -> None:
    """Let a folder on the path have a package with these entry points; its modules lie there already."""
    metadata = folder / f"{package.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    section = "".join(f"{name} = {target}\n" for name, target in points.items())
    with (metadata / "entry_points.txt").open("a") as file:
        file.write(f"[{group}]\n{section}")


def install_project(folder: Path, project: Path) -> None:
    """Install what a pyproject.toml declares; the folder that it lies in is to be on the path too."""
    declared = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    for group, points in declared["entry-points"].items():
        install(folder, declared["name"], group, points)
