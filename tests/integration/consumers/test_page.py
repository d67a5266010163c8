"""docs/consumers.md as it stands: what is to be saved is saved, what is to be typed is run."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.consumers.conftest import a_loop
from tests.support.deployment import ROOT

PAGE = ROOT / "docs" / "consumers.md"
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SAVED = re.compile(r"Save this as `([\w.]+)`:\s*\Z")
BIN = Path(sys.executable).parent
# What is installed goes into a folder beside, by the packages that are here.
PIP = f"""#!/bin/sh
[ "$1" = install ] && exec {sys.executable} -m uv pip install --quiet --no-deps --no-build-isolation \\
    --python {sys.executable} --target "$INSTALLED" "$2"
"""


@dataclass(frozen=True)
class Step:
    """A block of the page, the file that it is to be saved as, and what the page shows after it."""

    kind: str
    content: str
    file: str | None
    shown: str | None


def steps() -> list[Step]:
    page = PAGE.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(page))
    found = []
    for block, after in zip(blocks, [*blocks[1:], None], strict=True):
        if block[1]:
            saved = SAVED.search(page[: block.start()])
            shown = after[2] if after is not None and not after[1] else None
            found.append(Step(block[1], block[2], saved[1] if saved else None, shown))
    return found


@pytest.fixture
def newcomer(tmp_path: Path) -> dict[str, str]:
    """The environment of someone with a checkout, a log and an empty folder to install into."""
    a_loop(tmp_path / ".labelloop")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pip").write_text(PIP)
    (tmp_path / "bin" / "pip").chmod(0o755)
    installed = tmp_path / "installed"
    known = {name: value for name, value in os.environ.items() if not name.startswith("LABELLOOP_")}
    return {
        **known,
        "PATH": f"{tmp_path}/bin:{BIN}:{os.environ['PATH']}",
        "PYTHONPATH": f"{installed}:{ROOT}",
        "INSTALLED": str(installed),
    }


@pytest.mark.all_cells
def test_a_newcomer_comes_to_a_running_consumer(tmp_path: Path, newcomer: dict[str, str]) -> None:
    for step in steps():
        if step.file is not None:
            (tmp_path / step.file).write_text(step.content)
            continue
        command = ["sh", "-e"] if step.kind == "sh" else [sys.executable, "-"]
        done = subprocess.run(
            command,
            input=step.content,
            cwd=tmp_path,
            env=newcomer,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, (step.content, done.stdout, done.stderr)
        if step.shown is not None:
            assert done.stdout == step.shown, step.content

    assert {step.kind for step in steps()} == {"sh", "python"}
