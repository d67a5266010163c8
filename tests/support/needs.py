"""What a test needs from its machine; absent, the test is skipped, or fails where LABELLOOP_REQUIRE=1."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]


def needs_shared(*parts: str) -> Path:
    """The path of shared data, by parts below its folder (LABELLOOP_SHARED or ../shared); skips when absent."""
    path = Path(os.environ.get("LABELLOOP_SHARED", ROOT.parent / "shared")).joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs {path} (LABELLOOP_SHARED names the folder of shared data)")
    return path


def needs_chromium() -> Path:
    """The system's Chromium (or LABELLOOP_CHROMIUM)."""
    named = os.environ.get("LABELLOOP_CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    for name in names:
        if found := shutil.which(name):
            return Path(found)
    missing(f"needs {' or '.join(names)} on PATH: install Debian's chromium, or set LABELLOOP_CHROMIUM")


def missing(reason: str) -> NoReturn:
    """Skip the running test with this reason, or fail it where LABELLOOP_REQUIRE=1."""
    if os.environ.get("LABELLOOP_REQUIRE") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
