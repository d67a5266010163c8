"""What a test needs from its machine; absent, the test is skipped, or fails where LABELLOOP_REQUIRE=1."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]


def missing(reason: str) -> NoReturn:
    """Skip the running test with this reason, or fail it where LABELLOOP_REQUIRE=1."""
    if os.environ.get("LABELLOOP_REQUIRE") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def needs_shared(*parts: str) -> Path:
    """The path of shared data, by its parts below LABELLOOP_SHARED or ../shared; absent, only ever skips."""
    path = Path(os.environ.get("LABELLOOP_SHARED") or ROOT.parent / "shared").joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs {path}: LABELLOOP_SHARED names the folder of shared data")
    return path


def needs_chromium() -> Path:
    """The system's Chromium: LABELLOOP_CHROMIUM or the first that is on PATH."""
    named = os.environ.get("LABELLOOP_CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        missing(f"needs {' or '.join(names)} on PATH: install Debian's chromium, or set LABELLOOP_CHROMIUM")
    return Path(found)
